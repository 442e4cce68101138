//===- BatchEntries.h - parts of tensors by batch entry ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where front ends have lengths, what is added to a past stands elsewhere for
// each batch entry.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_BATCHENTRIES_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_BATCHENTRIES_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Calls `build` with each batch entry and the tensor that the call before
/// returned, of which `first` is the first; returns the last. There is no loop
/// for one entry.
FailureOr<Value> buildForEntries(
    OpBuilder &builder, Location loc, OpFoldResult numEntries, Value first,
    llvm::function_ref<FailureOr<Value>(Value entry, Value written)> build);

/// Returns the part of a tensor of four dimensions that is of one batch entry,
/// of `count` in the dimension `dimension` from `from` on.
Value takeOfEntry(OpBuilder &builder, Location loc, Value tensor, Value entry,
                  int64_t dimension, OpFoldResult from, OpFoldResult count);

/// Returns the tensor with such a part written. In place only if that is the
/// part that was taken, of the very same values.
Value writeOfEntry(OpBuilder &builder, Location loc, Value part, Value tensor,
                   Value entry, int64_t dimension, OpFoldResult from,
                   OpFoldResult count);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_BATCHENTRIES_H
