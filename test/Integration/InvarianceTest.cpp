//===- InvarianceTest.cpp - what results must not depend on ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On one ISA results are the same bits whatever the number of workers, the
// other sequences of the batch, the chunks of a prompt and the places of pages.
// Between ISAs the cache is the same bytes, so that any may read what another
// wrote.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Scores.h"

#include <algorithm>

namespace {
class InvarianceTest : public IsaTest {
protected:
  /// Copies as much as both tensors have, from element `begin` on.
  static void copyFront(const std::vector<uint16_t> &from,
                        std::vector<uint16_t> &to, size_t begin = 0) {
    std::copy_n(from.begin() + begin, std::min(from.size() - begin, to.size()),
                to.begin());
  }

  /// Gives `to` the front of the keys and values of `from`, and its queries
  /// from `firstQuery` on.
  static void copyInputs(const Problem &from, Problem &to,
                         int64_t firstQuery = 0) {
    const Model &model = from.model;
    copyFront(from.query, to.query,
              firstQuery * model.numHeads() * model.headDim);
    copyFront(from.key, to.key);
    copyFront(from.value, to.value);
    to.keyScale = from.keyScale;
    to.valueScale = from.valueScale;
    to.sink = from.sink;
  }
};

/// What holds without a causal mask too, and however scores are modified.
class BatchInvarianceTest : public InvarianceTest {
protected:
  void attend(Problem &problem, Scores &scores) const {
    ASSERT_TRUE(
        ranOn(problem, problem.attend(scores.in(problem.arguments())), isa()));
  }
};
} // namespace

TEST_P(BatchInvarianceTest, NumberOfWorkers) {
  Problem problem = makeProblem({{1, 300}, {50, 400}, {100, 100}});
  write(problem);
  Scores scores(problem, 2);
  attend(problem, scores);
  const std::vector<uint16_t> serial = problem.out;
  const std::vector<float> serialLse = problem.lse;
  for (int32_t workers : {3, 8}) {
    problem.setWorkers(workers);
    attend(problem, scores);
    EXPECT_EQ(problem.out, serial) << workers << " workers";
    if (model().lse)
      EXPECT_EQ(problem.lse, serialLse) << workers << " workers";
  }
}

/// Keys of three parts, which several workers divide.
TEST_P(BatchInvarianceTest, DividedKeys) {
  Problem problem = makeProblem({{1, 4500}});
  write(problem);
  Scores scores(problem, 2);
  attend(problem, scores);
  const std::vector<uint16_t> serial = problem.out;
  const std::vector<float> serialLse = problem.lse;
  for (int32_t workers : {3, 8}) {
    problem.setWorkers(workers);
    attend(problem, scores);
    EXPECT_EQ(problem.out, serial) << workers << " workers";
    if (model().lse)
      EXPECT_EQ(problem.lse, serialLse) << workers << " workers";
  }
}

TEST_P(BatchInvarianceTest, OtherSequences) {
  Problem alone = makeProblem({{60, 300}});
  write(alone);
  Scores scores(alone, 2);
  attend(alone, scores);

  Problem batch = makeProblem({{60, 300}, {1, 77}, {13, 260}});
  copyInputs(alone, batch);
  write(batch);
  Scores batchScores(batch, 3);
  std::copy(scores.keep.begin(), scores.keep.end(), batchScores.keep.begin());
  std::copy(scores.added.begin(), scores.added.end(),
            batchScores.added.begin());
  std::copy(scores.documents.begin(), scores.documents.end(),
            batchScores.documents.begin());
  std::copy(scores.draftKeep.begin(), scores.draftKeep.end(),
            batchScores.draftKeep.begin());
  std::copy(scores.draftAdded.begin(), scores.draftAdded.end(),
            batchScores.draftAdded.begin());
  attend(batch, batchScores);
  EXPECT_TRUE(
      std::equal(alone.out.begin(), alone.out.end(), batch.out.begin()));
  if (model().lse)
    EXPECT_TRUE(
        std::equal(alone.lse.begin(), alone.lse.end(), batch.lse.begin()));
}

/// A prompt of 300 tokens at once, and in chunks of 100: rows land in other
/// blocks of queries, and sequences are shorter when the first chunks run.
TEST_P(InvarianceTest, ChunksOfAPrompt) {
  Problem whole = makeProblem({{300, 300}});
  write(whole);
  attend(whole);

  std::vector<uint16_t> chunked;
  for (int64_t begin = 0; begin < 300; begin += 100) {
    Problem chunk = makeProblem({{100, begin + 100}});
    copyInputs(whole, chunk, begin);
    write(chunk);
    attend(chunk);
    chunked.insert(chunked.end(), chunk.out.begin(), chunk.out.end());
  }
  EXPECT_EQ(chunked, whole.out);
}

TEST_P(InvarianceTest, CacheWrittenByAnotherIsa) {
  Problem own = makeProblem({{1, 300}, {50, 170}});
  write(own);
  attend(own);
  for (fp8attn_isa writer : testedIsas()) {
    if (!whyNot(writer).empty())
      continue;
    Problem other = makeProblem({{1, 300}, {50, 170}});
    other.context.isa_cap = writer;
    ASSERT_TRUE(ranOn(other, other.write(), writer));
    EXPECT_TRUE(own.keyCache == other.keyCache) << fp8attn_isa_string(writer);
    EXPECT_TRUE(own.valueCache == other.valueCache)
        << fp8attn_isa_string(writer);
    other.context.isa_cap = isa();
    attend(other);
    EXPECT_EQ(own.out, other.out) << fp8attn_isa_string(writer);
    EXPECT_TRUE(agrees(other, other.referenceAttend()));
  }
}

FP8ATTN_INSTANTIATE(InvarianceTest, "llama");
// Head sizes that fill no tile, and separate kernels for few rows.
INSTANTIATE_TEST_SUITE_P(
    HeadSizes, InvarianceTest,
    testing::Combine(testing::ValuesIn(modelsNamed("sweep_dim")),
                     testing::ValuesIn(testedIsas())),
    isaTestName);

FP8ATTN_INSTANTIATE(BatchInvarianceTest, "llama");
#define FP8ATTN_INSTANTIATE_AS(Name, prefix)                                   \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      Name, BatchInvarianceTest,                                               \
      testing::Combine(testing::ValuesIn(modelsNamed(prefix)),                 \
                       testing::ValuesIn(testedIsas())),                       \
      isaTestName)
FP8ATTN_INSTANTIATE_AS(HeadSizes, "sweep_dim");
FP8ATTN_INSTANTIATE_AS(Types, "sweep_f");
FP8ATTN_INSTANTIATE_AS(Windows, "window_");
FP8ATTN_INSTANTIATE_AS(Scores, "score_");
// Two fifths of them.
FP8ATTN_INSTANTIATE_AS(Mixed, "mix_0");
FP8ATTN_INSTANTIATE_AS(MoreMixed, "mix_3");
FP8ATTN_INSTANTIATE_AS(MostMixed, "mix_6");
