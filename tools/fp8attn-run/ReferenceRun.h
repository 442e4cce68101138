//===- ReferenceRun.h - what a run should have computed ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Interprets the operations of an entry point with the reference.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_REFERENCERUN_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_REFERENCERUN_H

#include "Arguments.h"
#include "fp8attn/Reference/Compare.h"

namespace mlir::fp8attn {

/// The verdict on one argument that was written.
struct Check {
  std::string argument;
  reference::Comparison comparison;
};

/// Computes what `ops` should have made of `inputs`, which are changed, and
/// compares with what they made, `results`. Reports an operation of which it
/// cannot be told.
FailureOr<std::vector<Check>> checkResults(ArrayRef<Operation *> ops,
                                           Arguments &inputs,
                                           const Arguments &results);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_REFERENCERUN_H
