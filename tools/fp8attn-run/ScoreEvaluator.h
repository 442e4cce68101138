//===- ScoreEvaluator.h - what modifies scores, in double -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Softcap, ALiBi, the mask and the score region of an attention as a function
// for the reference: floating-point values are doubles.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_SCOREEVALUATOR_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_SCOREEVALUATOR_H

#include "Arguments.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Attention.h"

namespace mlir::fp8attn {

/// Returns what `op` does to scores, null if it does nothing. Operation and
/// arguments must outlive the function.
std::function<double(double, const reference::ScorePlace &)>
makeScoreFunction(AttentionInterface op, const Arguments &inputs);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_SCOREEVALUATOR_H
