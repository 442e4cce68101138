//===- RandomProblemTest.cpp - ISAs against the reference, at random ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each seed is a problem; it runs on every ISA that can run here. Caches must
// be the same bytes, each result within the contract of the reference and of
// the other ISAs' results.
//
//===----------------------------------------------------------------------===//

#include "RandomProblem.h"
#include "RandomSeeds.h"

#include "fp8attn/Reference/Compare.h"

#include <optional>

namespace reference = fp8attn::reference;

/// Problems of this program.
static constexpr uint32_t kProblems = 2500;

namespace {
/// What the calls of one ISA left.
struct Outcome {
  explicit Outcome(const Problem &problem)
      : out(problem.outAsDouble()), cache(bytesOf(problem.keyCache)),
        valueCache(bytesOf(problem.valueCache)) {}

  static std::vector<uint8_t> bytesOf(const AlignedBytes &memory) {
    return {memory.data(), memory.data() + memory.size()};
  }

  std::vector<double> out;
  std::vector<uint8_t> cache, valueCache;
};
} // namespace

/// Expects two results to be as near to each other as two within the contract
/// are.
static void expectAgreement(const Outcome &one, const Outcome &other,
                            const reference::AttentionResult &expected,
                            fp8attn_type outType) {
  EXPECT_TRUE(one.cache == other.cache);
  EXPECT_TRUE(one.valueCache == other.valueCache);
  std::vector<double> allowed = reference::allowedOutError(expected, outType);
  for (double &error : allowed)
    error *= 2;
  const reference::Comparison outs =
      reference::compare(one.out, other.out, allowed);
  EXPECT_TRUE(outs.passed) << outs.text;
}

/// Runs the problem of a seed on each ISA, the first of which is the one that
/// the others are compared with.
static void tryOn(const std::vector<fp8attn_isa> &isas, uint32_t seed) {
  RandomProblem random(seed);
  Problem &problem = random.problem;
  std::optional<Outcome> first;
  reference::AttentionResult expected;
  for (fp8attn_isa isa : isas) {
    SCOPED_TRACE(std::string(fp8attn_isa_string(isa)) + ", seed " +
                 std::to_string(seed) + ": " + random.describe());
    problem.context.isa_cap = isa;
    ASSERT_TRUE(ranOn(problem, random.write(), isa));
    ASSERT_TRUE(ranOn(problem, random.attend(), isa));
    EXPECT_TRUE(random.gapsAreUntouched());
    if (!first)
      expected = random.expected();
    EXPECT_TRUE(agrees(problem, expected, random.roundsIndependently()));
    if (first)
      expectAgreement(Outcome(problem), *first, expected,
                      problem.model.outType);
    else
      first.emplace(problem);
  }
}

namespace {
class RandomProblemTest : public testing::TestWithParam<uint32_t> {};
} // namespace

TEST_P(RandomProblemTest, IsasAgree) { tryBatch(GetParam(), kProblems, tryOn); }

// Seeds that were once beyond the bound of a result as a whole: values that
// cancel, and rows that are alike.
TEST(RandomProblem, FoundBefore) {
  const std::vector<fp8attn_isa> isas = runnableIsas();
  if (isas.empty())
    GTEST_SKIP() << whyNot(testedIsas().front());
  for (uint32_t seed : {30069754u, 30129097u, 30137083u})
    tryOn(isas, seed);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomProblemTest,
                         testing::ValuesIn(firstSeeds(kProblems)),
                         seedTestName);
