//===- Description.h - what an operation computes ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Describes operations for the report, so that a check that passes says what
// was checked.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_DESCRIPTION_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_DESCRIPTION_H

#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::fp8attn {

/// Returns a line on an operation of the model level, such as "attention:
/// causal, softmax_scale 0.125 (1 / sqrt(64)), softcap 30".
std::string describeOperation(Operation *op);

/// Returns the type of the keys that the first attention of some operations is
/// over, such as "e4m3" or "f16"; nothing if there is none.
std::string describeKeyType(ArrayRef<Operation *> ops);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_DESCRIPTION_H
