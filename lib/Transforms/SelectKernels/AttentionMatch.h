//===- AttentionMatch.h - tile operations of an item ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Recognises the loop over keys that decomposition makes, with nothing between
// its operations but what kernels can do.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONMATCH_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONMATCH_H

#include "SelectKernels/BlockScales.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {

/// The operations of one work item's attention.
struct AttentionMatch {
  LoadQueryOp query;
  InitOp init;
  scf::ForOp loop;
  /// The keys of a run, or null.
  LoadKeyOp key;
  /// Dense keys, or null.
  LoadDenseOp denseKey;
  /// What puts bf16 channels behind those of `key`, or null.
  AppendRopeOp rope;
  QkOp qk;
  /// Null if scores are not modified.
  ModifyOp modify;
  /// Values, likewise: in a run if the keys are.
  LoadValueOp value;
  LoadDenseOp denseValue;
  FinishOp finish;

  /// Factors that differ by key (of scores and of probabilities) and by channel
  /// (of the query and of the result); null where there is none.
  LoadScaleOp keyFactor;
  LoadScaleOp probFactor;
  LoadScaleOp queryFactor;
  LoadScaleOp outFactor;
  /// Scales of the rows of the query and of the result, likewise.
  LoadRowScaleOp queryScale;
  LoadRowScaleOp outScale;
  /// Factors that differ by both, of the elements of keys and of values in a
  /// run; null where there are none.
  LoadScaleOp keyElementFactor;
  LoadScaleOp valueElementFactor;
  /// What is subtracted from their codes before, likewise.
  LoadScaleOp keyZeroPoints;
  LoadScaleOp valueZeroPoints;

  /// Of queries and probabilities.
  Type getProductType() { return query.getTile().getType().getElementType(); }
  /// What is loaded.
  RankedTensorType getKeyTile() { return getTile(key, denseKey); }
  RankedTensorType getValueTile() { return getTile(value, denseValue); }
  /// Whether elements are changed one by one, each by numbers of its own,
  /// unless a kernel does it.
  bool changesKeys() const { return keyElementFactor || keyZeroPoints; }
  bool changesValues() const { return valueElementFactor || valueZeroPoints; }
  /// Whether the values are the first channels of the keys in a run.
  bool isLatent() {
    KeyRunOp run = getRun();
    return run && run.getKeyCache().getType().isLatent();
  }
  /// Whether pages are whole granules, as what is packed for a step is.
  bool hasWholeGranules() {
    KeyRunOp run = getRun();
    return !run ||
           run.getKeyCache().getType().getPageTokens() % FP8ATTN_GRANULE == 0;
  }

  /// Returns what decides on the rows of the work items of a ragged batch, or
  /// null.
  ItemRowsOp getItemRows() {
    auto item = query.getItem().getDefiningOp<WorkItemOp>();
    return item && item.getRows() ? item.getRows().getDefiningOp<ItemRowsOp>()
                                  : nullptr;
  }
  /// Returns the kernels that multiply keys, and values, by the factors of
  /// their elements; of none, and without zero points, anything.
  std::pair<BlockKernels, BlockKernels> findBlockKernels();
  /// Returns why no kernel takes codes, their scales and the channels of
  /// `rope`, or "".
  std::string findMixedObstacle();

private:
  /// Returns what finds the run, or null if keys are dense.
  KeyRunOp getRun() {
    return key ? key.getRun().getDefiningOp<KeyRunOp>() : KeyRunOp();
  }
  template <typename LoadRunOp>
  static RankedTensorType getTile(LoadRunOp run, LoadDenseOp dense) {
    Value tile = dense ? dense.getTile() : run.getTile();
    return cast<RankedTensorType>(tile.getType());
  }
};

/// Matches upwards from `finish`. On failure emits an error that names the
/// operation that is in the way.
FailureOr<AttentionMatch> matchAttention(FinishOp finish);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONMATCH_H
