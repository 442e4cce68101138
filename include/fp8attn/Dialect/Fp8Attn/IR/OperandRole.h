//===- OperandRole.h - what an operand is for -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What operations of the model level say of each of their operands.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_OPERANDROLE_H
#define FP8ATTN_DIALECT_FP8ATTN_IR_OPERANDROLE_H

#include "mlir/IR/Operation.h"

namespace mlir {
class PatternRewriter;
} // namespace mlir

namespace mlir::fp8attn {

/// What an operation does with the elements of an operand.
enum class Access {
  /// Reads any of them, and writes none.
  Read,
  /// Writes them all, and reads none.
  Overwrite,
  /// Writes some, and leaves the others as they are.
  Update,
};

/// The types that an operand may have.
struct TypeRule {
  /// As texts list them: "bf16, f16 or f32".
  llvm::StringRef elements;
  /// Dimensions that a memref or tensor may have; none for a cache or number.
  llvm::ArrayRef<int64_t> ranks;
};

/// An operand of an operation of the model level.
struct OperandRole {
  /// Its name in messages and in the headers of entry points.
  llvm::StringRef name;
  OpOperand *operand;
  TypeRule types;
  Access access;
  /// Whether kernels need an innermost stride of 1, if it is a memref.
  bool isContiguous;

  Value get() const { return operand->get(); }
  bool isWritten() const { return access != Access::Read; }
};

namespace detail {
/// Checks that the operands of an operation of the model level are all memrefs
/// or all tensors, but for caches, and its results.
LogicalResult verifyForm(Operation *op);
} // namespace detail

} // namespace mlir::fp8attn

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_OPERANDROLE_H
