//===- MergeTest.cpp - attention over keys in two parts -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over all keys of a sequence is the merge of attention over its
// first pages and over the rest, each with a block table of its own; so it is
// over a latent cache, whose results have the channels of its values.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "models_entry_points.h"

#include "fp8attn/Reference/Fp8.h"

#include <cmath>

namespace {
/// One part of the keys of each sequence, and its results.
struct Part {
  std::vector<int32_t> seqLens, blockTable;
  std::vector<uint16_t> out;
  std::vector<float> lse;
};

class MergeTest : public IsaTest {
protected:
  /// Sequences of one query with 0 to all of their keys in the first part.
  const std::vector<Sequence> sequences = {{1, 300}, {1, 257}, {1, 31},
                                           {1, 64},  {1, 0},   {1, 700}};
  const std::vector<int64_t> firstPages = {4, 8, 0, 2, 0, 11};

  /// Attends to pages [begin, end) of each sequence.
  Part attendPart(Problem &problem, const std::vector<int64_t> &begin,
                  const std::vector<int64_t> &end) const {
    Part part{{},
              std::vector<int32_t>(problem.blockTable.size(), -1),
              std::vector<uint16_t>(problem.out.size()),
              std::vector<float>(problem.lse.size())};
    const int64_t page = model().pageTokens;
    for (size_t s = 0; s < sequences.size(); ++s) {
      const int64_t last = std::min(end[s] * page, sequences[s].keys);
      part.seqLens.push_back(
          static_cast<int32_t>(std::max<int64_t>(0, last - begin[s] * page)));
      for (int64_t i = begin[s]; i * page < last; ++i)
        part.blockTable[s * problem.maxPages + i - begin[s]] =
            problem.blockTable[s * problem.maxPages + i];
    }
    Arguments arguments = problem.arguments();
    arguments.seqLens.data = part.seqLens.data();
    arguments.blockTable.data = part.blockTable.data();
    arguments.out.data = part.out.data();
    arguments.lse.data = part.lse.data();
    EXPECT_TRUE(ranOn(problem, problem.attend(arguments), isa()));
    // What a part without keys says must not matter.
    const size_t channels = part.out.size() / part.lse.size();
    for (size_t i = 0; i < part.out.size(); ++i)
      if (std::isinf(part.lse[i / channels]))
        part.out[i] = fp8attn::reference::encodeBf16(NAN);
    return part;
  }

  decltype(&merge_llama) entryPoint() const {
    return model().latent ? merge_latent_mla : merge_llama;
  }

  /// Merges the parts into the results of the problem.
  void merge(Problem &problem, Part &first, Part &second) const {
    const Arguments result = problem.arguments();
    const auto like = [](fp8attn_tensor tensor, auto &data) {
      tensor.data = data.data();
      return tensor;
    };
    const fp8attn_tensor firstOut = like(result.out, first.out),
                         firstLse = like(result.lse, first.lse),
                         secondOut = like(result.out, second.out),
                         secondLse = like(result.lse, second.lse);
    const fp8attn_status status =
        entryPoint()(&problem.context, &firstOut, &firstLse, &secondOut,
                     &secondLse, &result.out, &result.lse);
    ASSERT_TRUE(ranOn(problem, status, isa()));
  }

  const std::vector<int64_t> none = std::vector<int64_t>(6, 0);
  const std::vector<int64_t> all = std::vector<int64_t>(6, 1000);
};
} // namespace

TEST_P(MergeTest, TwoPartsAreTheWhole) {
  Problem problem = makeProblem(sequences);
  problem.setWorkers(2);
  write(problem);
  Part first = attendPart(problem, none, firstPages);
  Part second = attendPart(problem, firstPages, all);
  const auto expected = problem.referenceAttend();
  merge(problem, first, second);
  EXPECT_TRUE(agrees(problem, expected));
  merge(problem, second, first);
  EXPECT_TRUE(agrees(problem, expected));
}

/// Merged with nothing, results stay what they are.
TEST_P(MergeTest, EmptyPart) {
  Problem problem = makeProblem(sequences);
  write(problem);
  Part whole = attendPart(problem, none, all);
  Part nothing = attendPart(problem, none, none);
  merge(problem, whole, nothing);
  attend(problem);
  const std::vector<uint16_t> out = problem.out;
  const std::vector<float> lse = problem.lse;
  merge(problem, whole, nothing);
  EXPECT_EQ(problem.out, out);
  EXPECT_EQ(problem.lse, lse);
  merge(problem, nothing, whole);
  EXPECT_EQ(problem.out, out);
  EXPECT_EQ(problem.lse, lse);
}

TEST_P(MergeTest, SizesMustAgree) {
  Problem problem = makeProblem(sequences);
  const Arguments result = problem.arguments();
  fp8attn_tensor shorter = result.lse;
  --shorter.sizes[0];
  EXPECT_EQ(entryPoint()(&problem.context, &result.out, &result.lse,
                         &result.out, &shorter, &result.out, &result.lse),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(problem.context.message,
               "tokens of second_lse is 5, expected 6 (tokens of first_out)");
}

FP8ATTN_INSTANTIATE(MergeTest, "llama");
INSTANTIATE_TEST_SUITE_P(
    Latent, MergeTest,
    testing::Combine(testing::ValuesIn(modelsNamed("latent_mla")),
                     testing::ValuesIn(testedIsas())),
    isaTestName);
