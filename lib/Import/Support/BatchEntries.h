//===- BatchEntries.h - batch entries with keys of their own ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention is of as many keys for each batch entry. Where front ends have
// lengths, there is an attention for each entry, of its part of the keys.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_BATCHENTRIES_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_BATCHENTRIES_H

#include "AttentionImport.h"

namespace mlir::fp8attn {

/// Builds the number of the keys of a batch entry, an index that is not more
/// than there are.
using KeyCounter = llvm::function_ref<Value(OpBuilder &, Value entry)>;

/// Builds attention of the first keys of each batch entry, without copies of
/// them, and returns its result [batch, heads, queries, channels]. `isCausal`
/// and windows end at the last of these keys if there is a past. If it cannot
/// be meant exactly, returns failure, and says why in `why`.
FailureOr<Value> buildAttentionOfEntries(OpBuilder &builder, Location loc,
                                         const AttentionImport &import,
                                         KeyCounter countKeys,
                                         std::string &why);

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
