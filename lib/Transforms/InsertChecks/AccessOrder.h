//===- AccessOrder.h - what is written before what is read ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which memory must be apart so that checks may stand at the begin of a
// function: what checks read, and what is written before its operation. A list
// in order of time says it for all pairs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_ACCESSORDER_H
#define FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_ACCESSORDER_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// Writes and reads of a function, in order.
class AccessOrder {
public:
  /// Adds memory that may be written from now on, once.
  void addWrite(Value memory, StringRef name);

  /// Adds memory that is read after all that was added as written.
  void addRead(Value memory, StringRef name);

  /// Makes the check that no memory that is read is written before; null if
  /// checks of `others` have compared all pairs.
  CheckLaterReadsOp emit(OpBuilder &builder, Location loc,
                         ArrayRef<Operation *> others) const;

private:
  struct Access {
    /// Null if it is also read later: what is written before this is before
    /// that.
    Value memory;
    std::string name;
    bool isWrite;
  };
  SmallVector<Access> accesses;
  /// Where the last read of memory is.
  DenseMap<Value, size_t> lastReads;
  size_t lastWrite = 0;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_ACCESSORDER_H
