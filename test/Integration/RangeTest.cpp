//===- RangeTest.cpp - the edges of the range of floats -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What docs/Numerics.md says of ranges: scales at both ends of f32 keep the
// contract, and what is beyond it gives NaN, infinity or a masked key, never a
// finite number that is wrong.
//
//===----------------------------------------------------------------------===//

#include "IsaTest.h"
#include "Scores.h"

#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"
#include "fp8attn/Runtime/kernels.h"

#include <cfloat>
#include <cmath>

namespace reference = fp8attn::reference;

namespace {
class RangeTest : public IsaTest {
protected:
  Problem makeRange() const { return makeProblem({{1, 700}, {20, 300}}); }

  static void fill(std::vector<uint16_t> &tensor, float value) {
    std::fill(tensor.begin(), tensor.end(), reference::encodeBf16(value));
  }
};

/// A model with an additive mask.
class AdditiveRangeTest : public RangeTest {};
/// Models whose cache is bf16.
class Bf16RangeTest : public RangeTest {};
/// Models whose cache has scales.
class ScaleRangeTest : public RangeTest {};
} // namespace

/// Results below the smallest normal number of bf16, and up to the largest.
TEST_P(ScaleRangeTest, ValueScales) {
  for (float scale :
       {FLT_TRUE_MIN, 0x1p-130f, FLT_MIN, 0x1p-120f, 0x1p30f, 0x1p110f}) {
    SCOPED_TRACE(scale);
    Problem problem = makeRange();
    std::fill(problem.valueScale.begin(), problem.valueScale.end(), scale);
    for (uint16_t &word : problem.value)
      word = reference::encodeBf16(reference::decodeBf16(word) * scale);
    write(problem);
    attend(problem);
    EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
  }
}

/// Scores that are all but 0, and scores of up to 1e37, where one key has all
/// of the weight.
TEST_P(ScaleRangeTest, KeyScales) {
  for (float scale : {FLT_TRUE_MIN, FLT_MIN, 0x1p-100f, 0x1p80f, 0x1p105f}) {
    SCOPED_TRACE(scale);
    Problem problem = makeRange();
    write(problem);
    std::fill(problem.keyScale.begin(), problem.keyScale.end(), scale);
    attend(problem);
    const auto expected = problem.referenceAttend();
    const auto outs = reference::compare(problem.outAsDouble(), expected.out,
                                         reference::allowedOutError(expected));
    EXPECT_TRUE(outs.passed) << outs.text;
  }
}

/// softmax_scale * key_scale * q.k beyond f32: a score of +inf makes its row
/// NaN, -inf masks the key.
TEST_P(ScaleRangeTest, ScoresBeyondF32) {
  for (float sign : {1.0f, -1.0f}) {
    Problem problem = makeRange();
    fill(problem.query, 1e30f);
    fill(problem.key, sign);
    problem.setScales(1, 1);
    write(problem);
    problem.setScales(FLT_MAX, 1);
    attend(problem);
    for (double value : problem.outAsDouble())
      if (sign > 0)
        ASSERT_TRUE(std::isnan(value));
      else
        ASSERT_EQ(value, 0);
    for (float lse : problem.lse)
      ASSERT_TRUE(sign > 0 ? std::isnan(lse) : lse == -INFINITY);
  }
}

/// The same of bf16 keys, whose products alone are beyond f32.
TEST_P(Bf16RangeTest, ScoresBeyondF32) {
  for (float sign : {1.0f, -1.0f}) {
    Problem problem = makeRange();
    fill(problem.query, 1e30f);
    fill(problem.key, sign * 1e30f);
    write(problem);
    attend(problem);
    for (double value : problem.outAsDouble())
      if (sign > 0)
        ASSERT_TRUE(std::isnan(value));
      else
        ASSERT_EQ(value, 0);
  }
}

/// Probabilities rise to 2^19 beside the maximum that the first key fixed,
/// which is not raised for that. Values up to 2^87 keep the contract; beyond,
/// sums may become infinite.
TEST_P(Bf16RangeTest, ValuesBesideRisingScores) {
  // Less by 1, as keys are rounded.
  constexpr float kRise = FP8ATTN_RESCALE_THRESHOLD - 1, kQuery = 16;
  for (float value : {0x1p-60f, 0x1p47f, 0x1p87f, 0x1p120f}) {
    SCOPED_TRACE(value);
    Problem problem = makeProblem({{1, 700}});
    fill(problem.query, 0);
    fill(problem.key, 0);
    const float key =
        kRise * float(M_LN2) * std::sqrt(float(model().headDim)) / kQuery;
    const int64_t channels = model().headDim;
    for (size_t i = 0; i < problem.query.size(); i += channels)
      problem.query[i] = reference::encodeBf16(kQuery);
    const size_t later = 400 * model().numKvHeads * channels;
    for (size_t i = later; i < problem.key.size(); i += channels)
      problem.key[i] = reference::encodeBf16(key);
    fill(problem.value, value);
    write(problem);
    attend(problem);
    const auto expected = problem.referenceAttend();
    if (value <= 0x1p87f) {
      EXPECT_TRUE(agrees(problem, expected, false));
      continue;
    }
    for (double element : problem.outAsDouble())
      ASSERT_TRUE(!std::isfinite(element) ||
                  std::abs(element - value) <= 0x1p-6 * value);
  }
}

/// -FLT_MAX, which some use for -infinity, is beyond f32 in base 2 and masks
/// its key; a row of nothing else is empty.
TEST_P(AdditiveRangeTest, LowestFloatsMask) {
  Problem problem = makeRange();
  write(problem);
  Scores scores(problem, 2);
  const auto expected = problem.referenceAttend(scores.modifier());
  for (float &added : scores.added)
    if (std::isinf(added))
      added = -FLT_MAX;
  ASSERT_TRUE(
      ranOn(problem, problem.attend(scores.in(problem.arguments())), isa()));
  EXPECT_TRUE(agrees(problem, expected));
}

FP8ATTN_INSTANTIATE(AdditiveRangeTest, "score_additive");
FP8ATTN_INSTANTIATE(Bf16RangeTest, "llama_bf16");
FP8ATTN_INSTANTIATE(ScaleRangeTest, "llama_e");
