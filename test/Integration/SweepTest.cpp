//===- SweepTest.cpp - every kind of model on a ragged batch --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cache bytes against the reference's quantiser, and attention against double
// precision, for the covering array of models.py.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Reference/Compare.h"

#include <cstdio>

namespace {
class SweepTest : public IsaTest {};
/// Models whose query is not bf16.
class UnroundedQueryTest : public IsaTest {};
} // namespace

/// Prompts, chunks, decode and verification of several tokens, with lengths at
/// and beside the sizes of granules, pages and key blocks, and with nothing.
static std::vector<Sequence> raggedBatch() {
  return {
      {1, 1},    // the first token of all
      {0, 100},  // a sequence that rests
      {0, 0},    // an empty slot of the batch
      {5, 0},    // queries without keys
      {1, 300},  // decode
      {37, 290}, // a later chunk of a prompt
      {70, 70},  // a whole prompt
      {4, 256},  // verification of four tokens
      {9, 3},    // more queries than keys: the first rows see none if causal
      {1, 257},  // decode, one key beyond a block
      {2, 96},
  };
}

TEST_P(SweepTest, WritesTheBytesOfTheReference) {
  Problem problem = makeProblem(raggedBatch());
  problem.setWorkers(2);
  // Skipped tokens leave their place as it was.
  for (size_t i = 0; i < problem.slots.size(); i += 17)
    problem.slots[i] = -1;
  write(problem);

  Problem expected(model(), raggedBatch());
  expected.slots = problem.slots;
  const auto cache = expected.referenceCache();
  writeCache(cache.keys, expected.keyTensor(), expected.slots.data(),
             {expected.keyScale});
  writeCache(cache.values, expected.valueTensor(), expected.slots.data(),
             {expected.valueScale});
  EXPECT_TRUE(problem.keyCache == expected.keyCache);
  EXPECT_TRUE(problem.valueCache == expected.valueCache);
}

TEST_P(SweepTest, AgreesWithTheReference) {
  Problem problem = makeProblem(raggedBatch());
  problem.setWorkers(2);
  write(problem);
  attend(problem);
  EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
}

/// What rounding the query to bf16 costs, beside all other errors.
TEST_P(UnroundedQueryTest, ErrorOfTheRounding) {
  Problem problem = makeProblem(raggedBatch());
  write(problem);
  attend(problem);
  const auto exact = problem.unroundedAttend();
  const std::vector<double> anyError(exact.out.size(), 1e300);
  const double error =
      fp8attn::reference::compare(problem.outAsDouble(), exact.out, anyError)
          .relativeL2;
  std::printf("%s: relative L2 error against the unrounded query: %.3e\n",
              model().name, error);
  // A score of standard normal vectors, scaled by 1 / sqrt(D), is off by about
  // 2^-9.
  EXPECT_LE(error, 2 * fp8attn::reference::kAllowedRelativeL2);
}

FP8ATTN_INSTANTIATE(SweepTest, "sweep");
FP8ATTN_INSTANTIATE(UnroundedQueryTest, "sweep_f");
