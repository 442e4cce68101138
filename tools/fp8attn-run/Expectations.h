//===- Expectations.h - what memory should hold -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Follows results of the reference, and by how much those of a run may differ,
// through copies, and compares at the end.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_EXPECTATIONS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_EXPECTATIONS_H

#include "ReferenceRun.h"

#include <limits>
#include <map>

namespace mlir::fp8attn {

/// Returns the elements of a memref; of FP8 the codes, which say more than the
/// values.
std::vector<double> getElements(const Argument &argument);

class Expectations {
public:
  /// `memory` is what the reference computes with, `results` what a run of
  /// `ops` has left.
  Expectations(ArrayRef<Operation *> ops, Arguments &memory,
               const Arguments &results)
      : ops(ops), memory(memory), results(results) {}

  /// Prepares `memory` for the reference of `op`: what is read of results that
  /// are not exact is what the run has computed. Reports results that the run
  /// does not keep.
  LogicalResult prepareReads(Operation *op);

  /// Notes what an operation should have written, with the error that is
  /// allowed for each element and the relative L2 error for all.
  void
  write(Value value, ArrayRef<double> expected, ArrayRef<double> allowed,
        double allowedRelativeL2 = std::numeric_limits<double>::infinity());
  /// Notes that an operation should have written exactly what `memory` holds.
  void writeExactly(Value value);
  /// Copies in `memory`, and what is noted of the elements.
  void copy(memref::CopyOp op);

  /// Compares what is the caller's.
  std::vector<Check> compare() const;

private:
  struct Element {
    double expected, allowed;
  };
  struct Written {
    Value value;
    double allowedRelativeL2;
  };
  /// Returns the elements of the memory of a value, as they should be.
  std::vector<Element> &getStored(Value value);
  /// Returns whether some element of `value` in the run may differ from the one
  /// in `memory`.
  bool isInexact(Value value);
  bool isOverwritten(Operation *reader, Value value) const;
  LogicalResult prepareRead(Operation *op, Value value);

  ArrayRef<Operation *> ops;
  Arguments &memory;
  const Arguments &results;
  /// By place, of memory that something was written to or copied from.
  std::map<size_t, std::vector<Element>> stored;
  std::vector<Written> written;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_EXPECTATIONS_H
