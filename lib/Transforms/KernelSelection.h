//===- KernelSelection.h - choosing rows of the kernel table -*- C++ -*-
//---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is asked of the table, the candidates with what each costs or why it was
// dropped, and the choice.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_KERNELSELECTION_H
#define FP8ATTN_LIB_TRANSFORMS_KERNELSELECTION_H

#include "KernelTable.h"

namespace mlir::fp8attn {

/// Channels of a tile of queries and keys, and of one of values and
/// accumulators (Runtime/kernels.h).
inline constexpr int64_t kKeyTileChannels = 32;
inline constexpr int64_t kValueTileChannels = 16;

/// The attention of one work item, as far as it matters for the choice.
struct AttentionProblem {
  /// Of one call: more are taken block by block.
  int64_t rows;
  /// Head sizes rounded up to whole tiles.
  int64_t keyChannels;
  int64_t valueChannels;
  /// As kernels read them.
  Type keyType;
  Type valueType;
  /// The best ISA that may be used.
  Isa isa;
  /// Whether a score region stands between scores and softmax.
  bool modifiesScores = false;
  /// Whether scores or probabilities have a factor for each key.
  bool hasFactorsByKey = false;
  /// Whether keys and values are dense: a step of them is packed at a time.
  bool isDense = false;
  /// Whether keys or values are dequantised, a step at a time.
  bool isDequantized = false;
};

/// Returns what work items of that many rows are for: "decode" or "prefill".
StringRef getPhase(int64_t rows);

/// A way to compute it: one fused row, or a row for the scores and one for the
/// weighted values.
struct AttentionCandidate {
  const KernelRow *attend = nullptr;
  const KernelRow *qk = nullptr;
  const KernelRow *pv = nullptr;
  /// Predicted cycles for one key, all rows and channels.
  double cyclesPerKey = 0;
  /// Why it cannot be used; empty if it can.
  std::string dropped;

  std::string getName() const;
  /// Returns why it lost against `chosen`.
  std::string whyNot(const AttentionCandidate &chosen) const;
  const KernelRow &keyRow() const { return attend ? *attend : *qk; }
  const KernelRow &valueRow() const { return attend ? *attend : *pv; }
};

/// Returns all candidates, usable ones first, cheapest first; among equals the
/// one of fewer kernels.
SmallVector<AttentionCandidate>
getAttentionCandidates(const AttentionProblem &problem);

/// Returns the row for an operation off the inner loops: of the best ISA that
/// does not exceed `isa`; null if the table has none.
const KernelRow *selectByIsa(StringRef op, StringRef in, StringRef cache,
                             Isa isa);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_KERNELSELECTION_H
