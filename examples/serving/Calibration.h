//===- Calibration.h - what scales of heads are made from -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_CALIBRATION_H
#define FP8ATTN_EXAMPLES_SERVING_CALIBRATION_H

#include "Model.h"

#include <span>

namespace serving {

/// Sets keyMost and valueMost of all layers to the largest magnitudes of each
/// head over a text of 1 to kMaxPositions tokens.
void calibrate(Model &model, std::span<const Token> text);

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_CALIBRATION_H
