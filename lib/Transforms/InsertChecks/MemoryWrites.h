//===- MemoryWrites.h - what a function has written -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which memory may have been written before some point of a function, as far as
// it is the caller's. A view of an argument counts as the whole of it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_MEMORYWRITES_H
#define FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_MEMORYWRITES_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::fp8attn {

/// Returns the argument of the function, or the memory that the function has
/// allocated, that `memory` is a view of; null if that is not known.
Value getMemoryRoot(Value memory);

/// What may have been written.
class MemoryWrites {
public:
  /// Adds memory with its role in what writes it, which may be empty.
  void add(Value memory, StringRef role);

  /// Adds the effects of an operation, without those of its regions.
  void addEffectsOf(Operation *op);

  /// Adds memory that may be anybody's.
  void addUnknown() { unknown = true; }

  /// Returns whether memory may have been written that is not among the
  /// arguments.
  bool isUnknown() const { return unknown; }

  /// Returns the arguments of the function that may have been written, with
  /// names for messages.
  const llvm::MapVector<BlockArgument, std::string> &getArguments() const {
    return arguments;
  }

private:
  llvm::MapVector<BlockArgument, std::string> arguments;
  bool unknown = false;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_INSERTCHECKS_MEMORYWRITES_H
