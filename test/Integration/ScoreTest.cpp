//===- ScoreTest.cpp - scores that are modified ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Softcap, ALiBi, masks and score regions against double precision; a region
// that says the same as them gives the same bits; what no row sees is not read.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Scores.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace reference = fp8attn::reference;

namespace {
class ScoreTest : public IsaTest {
protected:
  /// Decode, verification of several tokens, chunks, a prompt, empty sequences,
  /// and more queries than keys.
  static std::vector<Sequence> raggedBatch() {
    return {{1, 1},   {0, 70},  {5, 0}, {1, 300}, {37, 290},
            {70, 70}, {4, 256}, {9, 3}, {1, 257}, {6, 530}};
  }

  void attend(Problem &problem, Scores &scores) const {
    ASSERT_TRUE(
        ranOn(problem, problem.attend(scores.in(problem.arguments())), isa()));
  }

  static reference::AttentionResult expected(Problem &problem,
                                             const Scores &scores) {
    return problem.referenceAttend(scores.modifier());
  }
};

/// A model whose region says by hand what those of another do.
class WrittenScoreTest : public ScoreTest {
protected:
  const Model &plainModel() const {
    const std::string name = model().name;
    return findModel(("score" + name.substr(name.find('_'))).c_str());
  }
};
} // namespace

TEST_P(ScoreTest, AgreesWithTheReference) {
  Problem problem = makeProblem(raggedBatch());
  // Scores of a size that a cap of 50 changes.
  for (uint16_t &word : problem.query)
    word = reference::encodeBf16(4 * reference::decodeBf16(word));
  problem.setWorkers(2);
  write(problem);
  Scores scores(problem, 2);
  attend(problem, scores);
  const auto exact = expected(problem, scores);
  EXPECT_TRUE(agrees(problem, exact));
  // The modification is not lost in the tolerance.
  EXPECT_FALSE(agrees(problem, problem.referenceAttend()));
}

/// Rows land in other blocks of queries, beside other sequences, on other
/// workers.
TEST_P(ScoreTest, DoesNotDependOnChunks) {
  // Queries of a chunk stand at the last keys, and drafts are those of a call.
  if (model().topLeft || model().draftMask != std::string("none"))
    return;
  Problem whole = makeProblem({{300, 300}});
  write(whole);
  Scores scores(whole, 3);
  attend(whole, scores);
  const int64_t row = model().numHeads() * model().headDim;
  Problem chunk = makeProblem({{7, 300}, {1, 40}});
  std::copy(whole.query.end() - 7 * row, whole.query.end(),
            chunk.query.begin());
  std::copy(whole.key.begin(), whole.key.end(), chunk.key.begin());
  std::copy(whole.value.begin(), whole.value.end(), chunk.value.begin());
  chunk.keyScale = whole.keyScale;
  chunk.valueScale = whole.valueScale;
  chunk.sink = whole.sink;
  write(chunk);
  Scores same(chunk, 4);
  std::copy(scores.keep.end() - 7 * 300, scores.keep.end(), same.keep.begin());
  std::copy(scores.added.end() - 7 * 300, scores.added.end(),
            same.added.begin());
  std::copy(scores.documents.begin(), scores.documents.end(),
            same.documents.begin());
  chunk.setWorkers(3);
  attend(chunk, same);
  EXPECT_TRUE(std::equal(whole.out.end() - 7 * row, whole.out.end(),
                         chunk.out.begin()));
}

/// A NaN reaches the rows of its query token and no other.
TEST_P(ScoreTest, NanStaysInItsRow) {
  Problem problem = makeProblem({{1, 40}, {20, 300}});
  Scores scores(problem, 7);
  if (!scores.isAdditive())
    return;
  write(problem);
  attend(problem, scores);
  std::vector<uint16_t> expected = problem.out;
  constexpr int64_t kToken = 8;
  scores.added[kToken * scores.columns + 260] = NAN;
  attend(problem, scores);
  const int64_t row = model().numHeads() * model().headDim;
  for (int64_t i = kToken * row; i < (kToken + 1) * row; ++i) {
    EXPECT_TRUE(std::isnan(reference::decodeBf16(problem.out[i])));
    expected[i] = problem.out[i];
  }
  EXPECT_EQ(problem.out, expected);
}

/// Makes NaN of channel 0 of a token of a sequence, in all heads.
static void poison(Problem &problem, const reference::CachePart &part,
                   size_t sequence, int64_t token) {
  const int64_t pageTokens = problem.model.pageTokens;
  const int64_t page =
      problem.blockTable[sequence * problem.maxPages + token / pageTokens];
  const uint16_t nan = part.type == FP8ATTN_TYPE_BF16 ? 0x7FC0 : 0x7F;
  for (int64_t head = 0; head < part.heads; ++head)
    std::memcpy(part.data + part.byte(page, head, token % pageTokens, 0), &nan,
                reference::elementBytes(part.type));
}

/// The value of a masked key reaches no row. Nor does the key, but that an
/// additive mask is added to its score: NaN and -inf make NaN.
TEST_P(ScoreTest, MaskedKeysThatAreNan) {
  if (model().mask == std::string("none"))
    return;
  constexpr int64_t kQueries = 20, kToken = 12, kRowsBefore = 1;
  Problem problem = makeProblem({{kRowsBefore, 40}, {kQueries, 300}});
  Scores scores(problem, 8);
  for (int64_t query = 0; query < kQueries; ++query) {
    const int64_t at = (kRowsBefore + query) * scores.columns + kToken;
    scores.keep[at] = 0;
    scores.added[at] = -INFINITY;
  }
  write(problem);
  attend(problem, scores);
  std::vector<uint16_t> expected = problem.out;

  const reference::PairsCache cache = problem.referenceCache();
  poison(problem, cache.values, 1, kToken);
  attend(problem, scores);
  EXPECT_EQ(problem.out, expected);

  poison(problem, cache.keys, 1, kToken);
  attend(problem, scores);
  const int64_t row = model().numHeads() * model().headDim;
  for (int64_t query = 0; query < kQueries; ++query) {
    if (!scores.isAdditive() || !problem.sees(1, query, kToken))
      continue;
    for (int64_t i = (kRowsBefore + query) * row;
         i < (kRowsBefore + query + 1) * row; ++i) {
      EXPECT_TRUE(std::isnan(reference::decodeBf16(problem.out[i])));
      expected[i] = problem.out[i];
    }
  }
  EXPECT_EQ(problem.out, expected);
  EXPECT_TRUE(agrees(problem, problem.referenceAttend(scores.modifier())));
}

/// A region that says what softcap, ALiBi and masks say.
TEST_P(WrittenScoreTest, GivesTheSameBits) {
  Problem problem = makeProblem(raggedBatch());
  Problem other(plainModel(), raggedBatch());
  other.context.isa_cap = isa();
  write(problem);
  ASSERT_TRUE(ranOn(other, other.write(), isa()));
  Scores scores(problem, 5);
  attend(problem, scores);
  attend(other, scores);
  EXPECT_EQ(problem.out, other.out);
  EXPECT_EQ(problem.lse, other.lse);
}

/// Drafts of other sequences and columns behind a sequence's own do not count.
TEST_P(ScoreTest, DraftsOfOthersAreNotRead) {
  if (model().draftMask == std::string("none"))
    return;
  Problem problem = makeProblem({{3, 40}, {9, 300}});
  write(problem);
  Scores scores(problem, 9);
  attend(problem, scores);
  EXPECT_TRUE(agrees(problem, expected(problem, scores)));
  const std::vector<uint16_t> before = problem.out;
  for (int64_t token = 0; token < 3; ++token)
    for (int64_t j = 3; j < scores.draftColumns; ++j) {
      scores.draftKeep[token * scores.draftColumns + j] = 0;
      scores.draftAdded[token * scores.draftColumns + j] = NAN;
    }
  attend(problem, scores);
  EXPECT_EQ(problem.out, before);
}

TEST_P(ScoreTest, RefusesADraftMaskThatIsTooSmall) {
  if (model().draftMask == std::string("none"))
    return;
  Problem problem = makeProblem({{2, 40}, {3, 60}});
  Scores scores(problem, 6);
  Arguments arguments = scores.in(problem.arguments());
  arguments.draftMask.sizes[1] = 2;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "draft_mask.sizes[1] is 2, expected at least 3 (query_start[2] "
               "- query_start[1])");
  arguments.draftMask.sizes[1] = 3;
  arguments.draftMask.sizes[0] = 4;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "tokens of draft_mask is 4, expected 5 (tokens of query)");
}

/// Keys without a column of the mask are masked, and not read; where queries
/// stand is as before, also where all that some see are masked.
TEST_P(ScoreTest, KeysWithoutAColumnAreMasked) {
  if (model().mask == std::string("none"))
    return;
  for (int64_t hidden : {1, 20, 299, 300}) {
    SCOPED_TRACE(testing::Message() << hidden << " keys hidden");
    Problem problem = makeProblem({{2, 40}, {70, 300}, {1, 290}, {9, 3}});
    Scores scores(problem, 6, MaskKind::Random, hidden);
    write(problem);
    attend(problem, scores);
    EXPECT_TRUE(agrees(problem, problem.referenceAttend(scores.modifier())));
  }
}

TEST_P(ScoreTest, RefusesAMaskOfOtherTokens) {
  if (model().mask == std::string("none"))
    return;
  Problem problem = makeProblem({{2, 40}, {3, 60}});
  Scores scores(problem, 6);
  Arguments arguments = scores.in(problem.arguments());
  arguments.mask.sizes[0] = 4;
  EXPECT_EQ(problem.attend(arguments), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "tokens of mask is 4, expected 5 (tokens of query)");
}

FP8ATTN_INSTANTIATE(ScoreTest, "score");
FP8ATTN_INSTANTIATE(WrittenScoreTest, "written");
