//===- Scores.h - tensors that modify the scores of a problem ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ALiBi slopes, masks and documents for any problem, and what the reference has
// to do to its scores. Elements of keys that a query does not see would spoil
// its row.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_SCORES_H
#define FP8ATTN_TEST_INTEGRATION_SCORES_H

#include "Problem.h"
#include "fp8attn/Reference/Fp8.h"

#include "test/guarded_buffer.h"

/// What a mask keeps of the keys that a query sees.
enum class MaskKind {
  /// Three keys of four; one query in eleven sees nothing at all.
  Random,
  /// All keys before the queries' own, and of those the query's and those of
  /// its ancestors in a random tree.
  Tree,
  /// Every key, and nothing for every other query.
  Rows,
};

/// The tensors of a problem's model, before pages that cannot be read.
class Scores {
public:
  /// The last `hiddenKeys` keys of the longest sequence, and those at such
  /// positions of others, have no column of the mask.
  Scores(const Problem &problem, uint32_t seed,
         MaskKind kind = MaskKind::Random, int64_t hiddenKeys = 0);

  /// Returns the arguments with these tensors.
  Arguments in(Arguments all);

  /// Returns the score of a place as the model modifies it.
  double modify(double score,
                const fp8attn::reference::ScorePlace &place) const;
  /// Returns `modify` for the reference; null if the model modifies nothing.
  Problem::ModifyScore modifier() const;

  /// Keys of the longest sequence, and the columns of the mask.
  int64_t columns, maskColumns;
  int64_t tokens;
  /// Columns of the mask of drafts.
  int64_t draftColumns;
  /// [Hq], [tokens, maskColumns] three times, and [sequences, columns].
  fp8attn::test::GuardedBuffer<float> slopes;
  /// `slopes` as bf16 or f16.
  fp8attn::test::GuardedBuffer<uint16_t> smallSlopes;
  fp8attn::test::GuardedBuffer<int8_t> keep;
  fp8attn::test::GuardedBuffer<float> added;
  /// `added` as bf16 or f16.
  fp8attn::test::GuardedBuffer<uint16_t> smallAdded;
  fp8attn::test::GuardedBuffer<int32_t> documents;
  /// [tokens, draftColumns], as `keep`, `added` and `smallAdded`.
  fp8attn::test::GuardedBuffer<int8_t> draftKeep;
  fp8attn::test::GuardedBuffer<float> draftAdded;
  fp8attn::test::GuardedBuffer<uint16_t> smallDraftAdded;

  /// Whether the mask is numbers, of `added`, and not bytes of `keep`.
  bool isAdditive() const {
    return fp8attn::reference::elementBytes(maskType) > 1;
  }
  /// The same of the mask of drafts.
  bool areDraftsAdditive() const {
    return fp8attn::reference::elementBytes(draftType) > 1;
  }

private:
  void fillSequence(const Problem &problem, size_t s, MaskKind kind,
                    std::mt19937 &bits);
  void fillDrafts(const Problem &problem, size_t s, std::mt19937 &bits);
  double modifyDraft(double score,
                     const fp8attn::reference::ScorePlace &place) const;

  const Model *model;
  fp8attn_type maskType, draftType;
  /// Of the problem.
  std::vector<int32_t> queryStart, seqLens;
};

#endif // FP8ATTN_TEST_INTEGRATION_SCORES_H
