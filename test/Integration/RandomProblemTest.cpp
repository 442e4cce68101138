//===- RandomProblemTest.cpp - ISAs against the reference, at random ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each seed is a problem; it runs on every ISA that can run here. Caches must
// be the same bytes, each result within the contract of the reference and of
// the other ISAs' results. FP8ATTN_RANDOM_PROBLEMS says how many seeds to try,
// FP8ATTN_RANDOM_SEED with which to begin.
//
//===----------------------------------------------------------------------===//

#include "RandomProblem.h"

#include "fp8attn/Reference/Compare.h"

#include <cstdlib>
#include <limits>

namespace reference = fp8attn::reference;

/// With two ISAs in one program and three in the other, 10,000 calls.
static constexpr uint32_t kProblems = 2000;

static uint32_t fromEnvironment(const char *name, uint32_t otherwise) {
  const char *text = std::getenv(name);
  return text ? uint32_t(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// Flat tensors are drawn too, all of whose results round alike.
static constexpr double kAnyRelativeL2 =
    std::numeric_limits<double>::infinity();

/// Returns whether two results are as near to each other as two that are
/// within the contract must be.
static testing::AssertionResult
agreeWithEachOther(const Problem &one, const Problem &other,
                   const reference::AttentionResult &expected) {
  std::vector<double> allowed = reference::allowedOutError(expected);
  for (double &error : allowed)
    error *= 2;
  const reference::Comparison outs =
      reference::compare(one.outAsDouble(), other.outAsDouble(), allowed);
  return outs.passed ? testing::AssertionSuccess()
                     : testing::AssertionFailure()
                           << fp8attn_isa_string(fp8attn_isa(one.context.isa))
                           << " and "
                           << fp8attn_isa_string(fp8attn_isa(other.context.isa))
                           << ": " << outs.text;
}

/// Returns the problem of a seed after its calls have run on an ISA.
static Problem run(uint32_t seed, fp8attn_isa isa) {
  Problem problem = randomProblem(seed);
  problem.context.isa_cap = isa;
  EXPECT_TRUE(ranOn(problem, problem.write(), isa));
  EXPECT_TRUE(ranOn(problem, problem.attend(), isa));
  return problem;
}

static void tryOn(const std::vector<fp8attn_isa> &isas, uint32_t seed) {
  const Problem first = run(seed, isas.front());
  SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(first));
  const reference::AttentionResult expected = first.referenceAttend();
  ASSERT_TRUE(agrees(first, expected, kAnyRelativeL2));
  for (size_t i = 1; i < isas.size(); ++i) {
    const Problem other = run(seed, isas[i]);
    ASSERT_TRUE(other.keyCache == first.keyCache);
    ASSERT_TRUE(other.valueCache == first.valueCache);
    ASSERT_TRUE(agrees(other, expected, kAnyRelativeL2));
    ASSERT_TRUE(agreeWithEachOther(other, first, expected));
  }
}

TEST(RandomProblemTest, IsasAgree) {
  const std::vector<fp8attn_isa> isas = runnableIsas();
  if (isas.empty())
    GTEST_SKIP() << whyNot(testedIsas().front());
  const uint32_t first = fromEnvironment("FP8ATTN_RANDOM_SEED", 1);
  const uint32_t count = fromEnvironment("FP8ATTN_RANDOM_PROBLEMS", kProblems);
  for (uint32_t seed = first; seed - first < count; ++seed) {
    tryOn(isas, seed);
    if (HasFailure())
      FAIL() << "repeat with FP8ATTN_RANDOM_SEED=" << seed
             << " FP8ATTN_RANDOM_PROBLEMS=1";
  }
  RecordProperty("calls", std::to_string(count * isas.size()));
}
