//===- TensorCasts.h - static sizes for tensors -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How operations of the model level take casts of their operands.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_TENSORCASTS_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_TENSORCASTS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::fp8attn::detail {

/// Adds a pattern that lets an operation of the model level, of that name, use
/// the source of a tensor.cast that knows more sizes.
void addTensorCastFolding(RewritePatternSet &patterns, llvm::StringRef name);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_TENSORCASTS_H
