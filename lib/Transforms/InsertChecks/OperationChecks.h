//===- OperationChecks.h - the checks of each operation ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What fp8attn-insert-checks knows of the operations of the model level.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_OPERATIONCHECKS_H
#define FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_OPERATIONCHECKS_H

#include "InsertChecks/RuntimeChecks.h"

namespace mlir::fp8attn {

/// Returns whether `op` is an operation of the model level.
bool isModelOp(Operation *op);

/// Returns the operands that an operation of the model level writes, with their
/// roles.
SmallVector<NamedOperand> getWrittenOperands(Operation *op);

/// Emits the checks of an operation of the model level right before it.
void emitOperationChecks(Operation *op);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_OPERATIONCHECKS_H
