//===- Inputs.h - random inputs for an entry point --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes the arguments that the operations of an entry point need, with the kind
// of data that a model has: outlier channels, an attention sink, scales that
// use the range of FP8.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTS_H

#include "Arguments.h"
#include "Batch.h"

namespace mlir::fp8attn {

/// Returns the operations of an entry point that inputs are made for and the
/// reference runs: those of the model level, and copies. Reports one that is
/// neither these nor something of which they are made: constants, allocations
/// and views.
FailureOr<std::vector<Operation *>> getModelOps(func::FuncOp function);

/// Makes the arguments of `function`, whose operations are `ops`.
FailureOr<Arguments> makeInputs(func::FuncOp function,
                                ArrayRef<Operation *> ops, const Batch &batch,
                                uint64_t seed);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_INPUTS_H
