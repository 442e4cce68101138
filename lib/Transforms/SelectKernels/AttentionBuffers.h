//===- AttentionBuffers.h - scratch of a work item --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the kernels of attention hand to each other, in the formats of
// Runtime/kernels.h, and its parts for the rows of one call.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONBUFFERS_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONBUFFERS_H

#include "SelectKernels/AttentionMatch.h"
#include "SelectKernels/KernelSelection.h"
#include "Support/Scratch.h"

namespace mlir::fp8attn {

/// Memory of max and sum, f32 [rows], and acc, tiles of f32 [rows, channels].
struct SoftmaxState {
  Value max, sum, acc;
};

/// Rows that one call of the kernels takes, and their parts of the buffers.
struct RowBlock {
  /// The first one among the rows of the work item; null for 0.
  Value firstRow;
  Value rows;
  Value queryTiles, rowScale, rowBegin, rowLimit;
  /// What softmax multiplies scores by: rowScale, or what is left of it behind
  /// a score region.
  Value softmaxScale;
  SoftmaxState state;
};

/// Returns `rows` rows of a block from `firstRow` on, which begins a row tile.
RowBlock sliceRows(OpBuilder &builder, Location loc, const RowBlock &all,
                   Value firstRow, Value rows);

/// Returns the most rows of a work item that a candidate takes: one block, but
/// where keys and values are decoded, or multiplied, once for several.
int64_t getMostRows(AttentionMatch &match, const AttentionCandidate &candidate);

/// The sizes of a work item, and views of its scratch. Views are null until the
/// scratch that they were reserved in is built, and this must not move before.
struct AttentionBuffers {
  AttentionBuffers(AttentionMatch &match, const AttentionCandidate &candidate);

  /// Reserves what all kernels share; for separate kernels, also what they hand
  /// to each other.
  void reserveRows(const AttentionMatch &match,
                   const AttentionCandidate &candidate,
                   ScratchBuilder &scratch);

  /// Reserves factors for the keys of a step and for channels, and sinks, where
  /// there are some.
  void reserveFactors(const AttentionMatch &match, ScratchBuilder &scratch);

  /// Most rows of the item.
  int64_t itemRows;
  /// Head sizes, and rounded up to whole tiles.
  int64_t keyDim, valueDim, paddedKeyDim, paddedValueDim;
  /// Of queries and probabilities.
  Type productType;
  /// The latter, and log2 of what probabilities are multiplied by, as operands;
  /// up to the caller.
  Value keyChannels, valueChannels, probExponent;
  /// All rows of the item; `rows` is up to the caller, and so is `softmaxScale`
  /// without a score region.
  RowBlock all;
  /// Bytes for a kernel's own use.
  Value kernelScratch;
  /// Of the keys of a part that is not the first of the item.
  SoftmaxState partState;
  /// Tiles of one block of rows.
  Value scores, probs;
  /// A factor for each key of the step, or for each channel.
  Value keyFactors, probFactors, queryFactors, outFactors;
  /// The sinks as f32, if they are of another type.
  Value sinks;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONBUFFERS_H
