//===- Draft.h - operations that may not stay -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An importer builds first and asks the verifier then: what is refused must
// leave nothing behind.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_DRAFT_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_DRAFT_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

namespace mlir::fp8attn {

/// Erases what was built through a builder in its lifetime, unless it is kept.
class Draft : public OpBuilder::Listener {
public:
  explicit Draft(OpBuilder &builder)
      : builder(builder), previous(builder.getListener()),
        block(builder.getInsertionBlock()) {
    builder.setListener(this);
  }
  ~Draft() override {
    builder.setListener(previous);
    for (Operation *op : llvm::reverse(operations))
      op->erase();
  }

  /// Lets what was built so far stay.
  void keep() { operations.clear(); }

  // What is in a region goes with the operation that has it.
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    if (op->getBlock() == block)
      operations.push_back(op);
  }

private:
  OpBuilder &builder;
  OpBuilder::Listener *previous;
  Block *block;
  SmallVector<Operation *> operations;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_DRAFT_H
