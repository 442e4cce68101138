//===- OperandTypes.h - types of operands of the model level ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first check of an operation: all others rely on its operands' types.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_OPERANDTYPES_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_OPERANDTYPES_H

#include "mlir/IR/Operation.h"

namespace mlir::fp8attn::detail {

/// What a TypeRule calls a cache.
inline constexpr llvm::StringLiteral kAnyCache = "!fp8attn.cache";

/// Checks the types of the operands of an operation of the model level, one by
/// one.
LogicalResult verifyTypes(Operation *op);

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_OPERANDTYPES_H
