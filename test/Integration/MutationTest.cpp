//===- MutationTest.cpp - the comparison notices mistakes -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each test makes one mistake that a compiler or a kernel could make, through
// the arguments or in the results of a correct entry point, and expects the
// comparison of the other tests to reject the result. Without them the bounds
// could be too wide.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>

namespace {
class MutationTest : public IsaTest {
protected:
  /// Returns a problem whose cache is written.
  Problem makeWritten() const {
    Problem problem = makeProblem({{1, 500}, {30, 200}});
    write(problem);
    return problem;
  }

  void expectRejection(Problem &problem, const Arguments &mistaken) const {
    const auto expected = problem.referenceAttend();
    attend(problem);
    ASSERT_TRUE(agrees(problem, expected));
    ASSERT_TRUE(ranOn(problem, problem.attend(mistaken), isa()));
    EXPECT_FALSE(agrees(problem, expected));
  }
};
} // namespace

/// A change of a right result.
struct ResultMutation {
  const char *name;
  void (*apply)(Problem &problem);
};

static void swapRows(Problem &problem, size_t row, size_t other) {
  const auto begin = problem.out.begin();
  const int64_t headDim = problem.model.headDim;
  std::swap_ranges(begin + row * headDim, begin + (row + 1) * headDim,
                   begin + other * headDim);
}

static const ResultMutation kResultMutations[] = {
    {"zero output",
     [](Problem &problem) {
       std::fill(problem.out.begin(), problem.out.end(), uint16_t(0));
     }},
    {"one zero",
     [](Problem &problem) {
       const auto largest = std::max_element(
           problem.out.begin(), problem.out.end(),
           [](uint16_t a, uint16_t b) { return (a & 0x7FFF) < (b & 0x7FFF); });
       *largest = 0;
     }},
    {"one NaN", [](Problem &problem) { problem.out.back() = 0x7FC0; }},
    {"wrong sign",
     [](Problem &problem) {
       for (uint16_t &word : problem.out)
         word ^= 0x8000;
     }},
    {"shuffled channels",
     [](Problem &problem) {
       for (size_t i = 0; i < problem.out.size(); i += 2)
         std::swap(problem.out[i], problem.out[i + 1]);
     }},
    {"swapped heads", [](Problem &problem) { swapRows(problem, 0, 1); }},
    {"swapped tokens",
     [](Problem &problem) {
       const size_t heads = problem.model.numHeads();
       swapRows(problem, 5 * heads, 6 * heads);
     }},
    {"last row never written",
     [](Problem &problem) {
       std::fill(problem.out.end() - problem.model.headDim, problem.out.end(),
                 uint16_t(0));
     }},
    {"truncated instead of rounded, twice",
     [](Problem &problem) {
       for (uint16_t &word : problem.out)
         word -= 2;
     }},
    {"log-sum-exp in the wrong base",
     [](Problem &problem) {
       for (float &element : problem.lse)
         element *= 1.442695f;
     }},
};

/// One comparator, on one real result, accepts it and rejects every mutation.
TEST_P(MutationTest, OfTheResult) {
  Problem problem = makeWritten();
  const auto expected = problem.referenceAttend();
  attend(problem);
  ASSERT_TRUE(agrees(problem, expected));
  const std::vector<uint16_t> out = problem.out;
  const std::vector<float> lse = problem.lse;
  for (const ResultMutation &mutation : kResultMutations) {
    mutation.apply(problem);
    EXPECT_FALSE(agrees(problem, expected)) << mutation.name;
    problem.out = out;
    problem.lse = lse;
  }
}

TEST_P(MutationTest, DroppedKeyScale) {
  Problem problem = makeWritten();
  std::vector<float> ones(problem.keyScale.size(), 1);
  Arguments mistaken = problem.arguments();
  mistaken.keyScale.data = ones.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, DroppedValueScale) {
  Problem problem = makeWritten();
  std::vector<float> ones(problem.valueScale.size(), 1);
  Arguments mistaken = problem.arguments();
  mistaken.valueScale.data = ones.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, ScalesOfAnotherHead) {
  Problem problem = makeProblem({{1, 500}, {30, 200}});
  problem.valueScale.back() *= 1.5f;
  write(problem);
  std::vector<float> reversed(problem.valueScale.rbegin(),
                              problem.valueScale.rend());
  Arguments mistaken = problem.arguments();
  mistaken.valueScale.data = reversed.data();
  expectRejection(problem, mistaken);
}

/// Exchanging two pages of one sequence would be no mistake: the sums do not
/// depend on the order of keys.
TEST_P(MutationTest, PageOfAnotherSequence) {
  Problem problem = makeWritten();
  std::vector<int32_t> table = problem.blockTable;
  table[0] = table[problem.maxPages];
  Arguments mistaken = problem.arguments();
  mistaken.blockTable.data = table.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, PageTwice) {
  Problem problem = makeWritten();
  std::vector<int32_t> table = problem.blockTable;
  table[1] = table[0];
  Arguments mistaken = problem.arguments();
  mistaken.blockTable.data = table.data();
  expectRejection(problem, mistaken);
}

TEST_P(MutationTest, SwappedQueryHeads) {
  Problem problem = makeWritten();
  std::vector<uint16_t> query = problem.query;
  std::swap_ranges(query.begin(), query.begin() + model().headDim,
                   query.begin() + model().headDim);
  Arguments mistaken = problem.arguments();
  mistaken.query.data = query.data();
  expectRejection(problem, mistaken);
}

/// Values of neighbouring channels, and of neighbouring tokens.
TEST_P(MutationTest, ShuffledValues) {
  for (int64_t distance : {int64_t(1), model().numKvHeads * model().headDim}) {
    Problem problem = makeWritten();
    const auto expected = problem.referenceAttend();
    for (int64_t i = 0; i < int64_t(problem.value.size()); ++i)
      if (i / distance % 2 == 0)
        std::swap(problem.value[i], problem.value[i + distance]);
    write(problem);
    attend(problem);
    EXPECT_FALSE(agrees(problem, expected)) << "distance " << distance;
  }
}

/// Codes whose top bit means the opposite: the other sign or, of i8, numbers
/// from 0 to 255 less 128.
TEST_P(MutationTest, OtherTopBit) {
  Problem problem = makeWritten();
  const auto expected = problem.referenceAttend();
  attend(problem);
  ASSERT_TRUE(agrees(problem, expected));
  for (AlignedBytes *cache : {&problem.keyCache, &problem.valueCache})
    for (int64_t i = 0; i < cache->size(); ++i)
      cache->data()[i] ^= 0x80;
  attend(problem);
  EXPECT_FALSE(agrees(problem, expected));
}

/// A causal mask that is off by one lets each query but the last see one key
/// more, or hides one: the queries of a batch that is one token further, or
/// not as far, over the same keys.
TEST_P(MutationTest, CausalOffByOne) {
  for (int64_t shift : {-1, 1}) {
    Problem problem = makeProblem({{30, 200}});
    write(problem);
    const auto expected = problem.referenceAttend();
    attend(problem);
    ASSERT_TRUE(agrees(problem, expected));
    std::vector<uint16_t> query = problem.query;
    const int64_t token = model().numHeads() * model().headDim;
    std::rotate(query.begin(),
                shift > 0 ? query.begin() + token : query.end() - token,
                query.end());
    Arguments mistaken = problem.arguments();
    mistaken.query.data = query.data();
    ASSERT_TRUE(ranOn(problem, problem.attend(mistaken), isa()));
    std::rotate(problem.out.begin(),
                shift > 0 ? problem.out.end() - token
                          : problem.out.begin() + token,
                problem.out.end());
    // The row that the rotation has moved around the end is wrong anyway.
    const int64_t row = shift > 0 ? 0 : 29;
    std::vector<double> right(expected.out.begin() + row * token,
                              expected.out.begin() + (row + 1) * token);
    std::transform(right.begin(), right.end(),
                   problem.out.begin() + row * token,
                   fp8attn::reference::encodeBf16);
    std::copy_n(expected.lse.begin(), problem.lse.size(), problem.lse.begin());
    EXPECT_FALSE(agrees(problem, expected)) << "shift " << shift;
  }
}

TEST_P(MutationTest, OneKeyTooFew) {
  Problem problem = makeWritten();
  std::vector<int32_t> lengths = problem.seqLens;
  --lengths[1];
  Arguments mistaken = problem.arguments();
  mistaken.seqLens.data = lengths.data();
  expectRejection(problem, mistaken);
}

FP8ATTN_INSTANTIATE(MutationTest, "llama_e4m3");
INSTANTIATE_TEST_SUITE_P(
    I8, MutationTest,
    testing::Combine(testing::ValuesIn(modelsNamed("llama_i8")),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
