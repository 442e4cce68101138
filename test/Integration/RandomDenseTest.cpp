//===- RandomDenseTest.cpp - dense attention of ISAs, at random -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As RandomProblemTest.cpp, for attention over dense tensors.
//
//===----------------------------------------------------------------------===//

#include "RandomDense.h"
#include "RandomSeeds.h"

#include "fp8attn/Reference/Compare.h"

namespace reference = fp8attn::reference;

/// Problems of this program.
static constexpr uint32_t kProblems = 500;

/// Runs the problem of a seed on each ISA: within the contract of the
/// reference, and so of the first ISA's result.
static void tryOn(const std::vector<fp8attn_isa> &isas, uint32_t seed) {
  RandomDense random(seed);
  DenseProblem &problem = random.problem;
  const reference::AttentionResult expected =
      reference::attend(problem.referenceCall());
  std::vector<double> apart = reference::allowedOutError(
      problem.inOut(expected), problem.model.outType);
  for (double &error : apart)
    error *= 2;
  std::vector<double> first;
  for (fp8attn_isa isa : isas) {
    SCOPED_TRACE(std::string(fp8attn_isa_string(isa)) + ", seed " +
                 std::to_string(seed) + ": " + random.describe());
    problem.context.isa_cap = isa;
    problem.forget();
    ASSERT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
    ASSERT_EQ(problem.context.isa, isa);
    EXPECT_TRUE(agrees(problem, expected, random.roundsIndependently()));
    const std::vector<double> out = problem.out.values();
    if (isa == isas.front()) {
      first = out;
      continue;
    }
    const reference::Comparison outs = reference::compare(out, first, apart);
    EXPECT_TRUE(outs.passed) << outs.text;
  }
}

namespace {
class RandomDenseTest : public testing::TestWithParam<uint32_t> {};
} // namespace

TEST_P(RandomDenseTest, IsasAgree) { tryBatch(GetParam(), kProblems, tryOn); }

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDenseTest,
                         testing::ValuesIn(firstSeeds(kProblems)),
                         seedTestName);
