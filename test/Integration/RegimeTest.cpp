//===- RegimeTest.cpp - magnitudes that break careless kernels ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small values with a scale of 1 are subnormal FP8 codes, and their products
// underflow where a decoder leaves them at a wrong exponent. A sink takes
// nearly all of the weight; flat scores leave each of thousands of keys almost
// none.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"

#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"

#include <cmath>

namespace reference = fp8attn::reference;

namespace {
class RegimeTest : public IsaTest {
protected:
  /// A decode step, a chunk of a prompt and a short prompt.
  Problem makeRegime() const {
    return makeProblem({{1, 700}, {20, 300}, {40, 40}});
  }

  static void fillNormal(Problem &problem, std::vector<uint16_t> &tensor,
                         float deviation) {
    std::normal_distribution<float> normal(0, deviation);
    problem.fill(tensor, [&](std::mt19937 &bits) { return normal(bits); });
  }

  void expectAgreement(Problem &problem) const {
    write(problem);
    attend(problem);
    const reference::AttentionResult expected = problem.referenceAttend();
    EXPECT_TRUE(agrees(problem, expected));
    // Here without the allowances for what results may have in common.
    const std::vector<double> allowed =
        reference::allowedOutError(expected, model().outType);
    EXPECT_LE(reference::compare(problem.outAsDouble(), expected.out, allowed)
                  .relativeL2,
              reference::kAllowedRelativeL2);
  }
};
} // namespace

TEST_P(RegimeTest, ScaleOfOne) {
  Problem problem = makeRegime();
  problem.setScales(1, 1);
  expectAgreement(problem);
}

TEST_P(RegimeTest, SmallValues) {
  Problem problem = makeRegime();
  fillNormal(problem, problem.value, 0.02f);
  problem.chooseScales();
  expectAgreement(problem);
}

TEST_P(RegimeTest, SmallValuesWithScaleOfOne) {
  Problem problem = makeRegime();
  fillNormal(problem, problem.value, 0.02f);
  problem.setScales(1, 1);
  expectAgreement(problem);
}

TEST_P(RegimeTest, SmallKeysWithScaleOfOne) {
  Problem problem = makeRegime();
  fillNormal(problem, problem.key, 0.02f);
  problem.setScales(1, 1);
  expectAgreement(problem);
}

/// The first key of each sequence has a score of 8 more than the others.
TEST_P(RegimeTest, Sink) {
  Problem problem = makeRegime();
  const int64_t headDim = model().headDim;
  const float queryPart = 8;
  const float sinkPart = 8 * std::sqrt(float(headDim)) / queryPart;
  for (size_t i = 0; i < problem.query.size(); i += headDim)
    problem.query[i] = reference::encodeBf16(queryPart);
  for (size_t i = 0; i < problem.key.size(); i += headDim)
    problem.key[i] = 0;
  size_t token = 0;
  for (const Sequence &sequence : problem.sequences) {
    for (int64_t head = 0; head < model().numKvHeads; ++head)
      problem.key[(token * model().numKvHeads + head) * headDim] =
          reference::encodeBf16(sinkPart);
    token += sequence.keys;
  }
  problem.chooseScales();
  expectAgreement(problem);
}

TEST_P(RegimeTest, FlatScoresOverManyKeys) {
  Problem problem = makeProblem({{1, 8192}});
  fillNormal(problem, problem.key, 0.01f);
  problem.chooseScales();
  expectAgreement(problem);
}

/// Scores that rise along the sequence by far more than the threshold at which
/// a row's maximum is raised.
TEST_P(RegimeTest, RisingScores) {
  Problem problem = makeProblem({{1, 1500}, {3, 900}});
  const size_t row = model().numKvHeads * model().headDim;
  for (size_t i = 0; i < problem.key.size(); ++i)
    problem.key[i] = reference::encodeBf16(
        reference::decodeBf16(problem.key[i]) * float(i / row) / 20);
  problem.chooseScales();
  expectAgreement(problem);
}

FP8ATTN_INSTANTIATE(RegimeTest, "llama");
