//===- KernelSelection.h - choosing rows of the table -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is asked of the table, the candidates with what each costs or why it was
// dropped, and the choice.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELSELECTION_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELSELECTION_H

#include "SelectKernels/BlockScales.h"
#include "SelectKernels/CostModel.h"

namespace mlir::fp8attn {

/// Channels of a tile of queries and keys, and of one of values and
/// accumulators (Runtime/kernels.h).
inline constexpr int64_t kKeyTileChannels = 32;
inline constexpr int64_t kValueTileChannels = 16;

/// The attention of one work item, as far as it matters for the choice.
struct AttentionProblem {
  /// Most rows of one call: more are taken block by block.
  int64_t maxRows;
  /// What a typical item looks like.
  ItemShape shape;
  /// Of queries and probabilities.
  Type productType;
  /// As kernels read them.
  Type keyType;
  Type valueType;
  /// The best ISA that may be used.
  Isa isa;
  /// Whether items may have as many rows as a kernel takes.
  bool canHaveMoreRows = false;
  /// Whether a score region stands between scores and softmax.
  bool modifiesScores = false;
  /// Whether scores or probabilities have a factor for each key.
  bool hasFactorsByKey = false;
  /// Whether keys and values are dense: a step of them is packed at a time.
  bool isDense = false;
  /// Whether keys or values have scales by key and channel, or zero points:
  /// kernels multiply by them, or they are dequantised, a step at a time, to
  /// bf16.
  bool scalesKeyElements = false;
  bool scalesValueElements = false;
  BlockKernels keyBlocks;
  BlockKernels valueBlocks;
  /// Whether keys have bf16 channels behind their codes, and why prefill_mixed
  /// cannot take them; empty if it can.
  bool isMixed = false;
  std::string mixedObstacle;
  /// Whether the values are the first channels of the keys.
  bool isLatent = false;
  /// Whether pages are whole granules.
  bool hasWholeGranules = true;
};

/// What the user wishes.
struct SelectionWishes {
  /// Names of rows, or ISAs for all of theirs, to use wherever they can be.
  ArrayRef<std::string> forced;
  /// Whether few rows may take kernels of another ISA than many: the bits of a
  /// result then depend on the chunks in which a prompt comes.
  bool mixIsas = false;
};

/// Returns what work items of that many rows are for: "decode" or "prefill".
StringRef getPhase(int64_t rows);

/// A way to compute it: one fused row, or a row for the scores and one for the
/// weighted values.
struct AttentionCandidate {
  /// Of attend or prefill, or the same of blocks or of mixed tokens.
  const KernelRow *attend = nullptr;
  const KernelRow *qk = nullptr;
  const KernelRow *pv = nullptr;
  /// Channels of a key and its value that no kernel multiplies by their scales:
  /// that is done one by one before.
  int64_t multipliedChannels = 0;
  Prediction prediction;
  /// Why it cannot be used; empty if it can.
  std::string dropped;

  std::string getName() const;
  /// Returns why it lost against `chosen`.
  std::string whyNot(const AttentionCandidate &chosen) const;
  /// Whether items have as many rows as the kernel takes.
  bool isPrefill() const {
    return attend && (attend->op == "prefill" || isMixed());
  }
  /// Whether a kernel takes codes, their scales and bf16 channels.
  bool isMixed() const { return attend && attend->op == "prefill_mixed"; }
  /// Whether kernels multiply both, keys, or values, by scales of blocks of
  /// channels.
  bool scalesBlocks() const {
    return attend && (attend->op == "attend_blocks" || isMixed());
  }
  bool scalesKeyBlocks() const {
    return scalesBlocks() || (qk && qk->op == "qk_blocks");
  }
  bool scalesValueBlocks() const {
    return scalesBlocks() || (pv && pv->op == "pv_blocks");
  }
  const KernelRow &keyRow() const { return attend ? *attend : *qk; }
  const KernelRow &valueRow() const { return attend ? *attend : *pv; }
};

/// Returns whether `word` names the row, with or without the prefix that all
/// kernels share, or its ISA.
bool isNamed(const KernelRow &row, StringRef word);

/// Returns whether `word` names a row that attention can be computed with.
bool isForceable(StringRef word);

/// Returns all candidates, usable ones first, unless ISAs may be mixed those
/// whose kernels multiply by all scales first, and then those of the best ISA,
/// cheapest first; among equals the one that computes
/// less, and then the one of fewer kernels. If all rows of some usable ones are
/// forced, no others are usable.
SmallVector<AttentionCandidate>
getAttentionCandidates(const AttentionProblem &problem,
                       const MachineFigures &machine,
                       const SelectionWishes &wishes);

/// Returns the row for an operation off the inner loops: of the best ISA that
/// does not exceed `isa`; null if the table has none.
const KernelRow *selectByIsa(StringRef op, StringRef in, StringRef cache,
                             Isa isa);

/// Returns the row that computes softmax in bodies for `isa`, of probabilities
/// of that type.
const KernelRow &getSoftmax(Isa isa, Type productType);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELSELECTION_H
