//===- softmax_test.cpp - init and the online softmax ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Steps of the online softmax against exp2 in double precision, and what must
// hold exactly: integer maxima, sums of what was rounded, masked keys.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <math.h>
#include <string.h>

namespace fp8attn::test {

class SoftmaxTest : public KernelTest {};
class InitTest : public KernelTest {};

/// Power of two in the probabilities, as compiled code chooses it.
static constexpr int kProbExponent = 40;
static constexpr int64_t kChannels = 64;

/// The state of the rows between steps, and the probabilities of the last.
struct SoftmaxState {
  GuardedBuffer<float> max, sum;
  Tiles<float> acc;
  ProductTiles probs;

  explicit SoftmaxState(int64_t rows)
      : max(size_t(rows)), sum(size_t(rows)), acc(rows, kChannels, NAN),
        probs(queryType, rows, FP8ATTN_BLOCK_KEYS) {
    std::fill(max.begin(), max.end(), -INFINITY);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t c = 0; c < kChannels; ++c)
        acc.at(row, c) = 0;
  }
};

/// One step over all columns of `scores`; what lies beyond is NaN. Rows see the
/// keys from `begin` to before `limit`.
static void step(const KernelUnderTest &kernel, int64_t firstKey,
                 const Matrix<float> &scores, const std::vector<float> &scale,
                 const std::vector<int32_t> &begin,
                 const std::vector<int32_t> &limit, SoftmaxState &state) {
  Tiles<float> tiles(scores, FP8ATTN_BLOCK_KEYS, NAN);
  const auto scales = GuardedBuffer<float>::copyOf(scale);
  const auto begins = GuardedBuffer<int32_t>::copyOf(begin);
  const auto limits = GuardedBuffer<int32_t>::copyOf(limit);
  kernel.as<fp8attn_uk_softmax_fn>()(
      firstKey, scores.columns, scores.rows, tiles.data(), scales.data(),
      begins.data(), limits.data(), kProbExponent, kChannels, state.max.data(),
      state.sum.data(), state.acc.data(), state.probs.data());
}

/// The same for rows that see all keys up to their limit.
static void step(const KernelUnderTest &kernel, int64_t firstKey,
                 const Matrix<float> &scores, const std::vector<float> &scale,
                 const std::vector<int32_t> &limit, SoftmaxState &state) {
  step(kernel, firstKey, scores, scale, std::vector<int32_t>(limit.size()),
       limit, state);
}

static Matrix<float> randomScores(int64_t rows, int64_t keys, Random &random,
                                  double deviation = 4) {
  Matrix<float> scores(rows, keys);
  for (float &score : scores.elements)
    score = static_cast<float>(deviation * normalNumber(random));
  return scores;
}

/// Returns the maximum that a row has after its first step over scores in the
/// log2 domain, all of which it sees.
static float firstMaximum(const std::vector<float> &scores) {
  float largest = -INFINITY;
  for (float score : scores)
    largest = fmaxf(largest, score);
  if (scores.empty() || !isfinite(scores[0]) ||
      largest - ceilf(scores[0]) > FP8ATTN_RESCALE_THRESHOLD)
    return ceilf(largest);
  return ceilf(scores[0]);
}

/// Checks the probabilities of a first step of one row.
static void checkFirstStep(const Matrix<float> &scores, int64_t row,
                           float scale, int64_t limit, SoftmaxState &state) {
  std::vector<float> seen;
  for (int64_t key = 0; key < std::min(limit, scores.columns); ++key)
    seen.push_back(scores.at(row, key) * scale);
  const size_t r = static_cast<size_t>(row);
  ASSERT_EQ(state.max[r], firstMaximum(seen));
  double sum = 0;
  for (int64_t key = 0; key < (scores.columns + 31) / 32 * 32; ++key) {
    const double prob = state.probs.at(row, key);
    sum += prob;
    if (key >= scores.columns || key >= limit) {
      ASSERT_EQ(prob, 0) << "key " << key;
      continue;
    }
    const double x = scores.at(row, key) * scale;
    const double expected = exp2(x - state.max[r] + kProbExponent);
    // Besides the rounding of the result, that of x - max + exponent to f32.
    const double argument =
        M_LN2 * 2 * kEpsF32 * (fabs(x) + fabs(x - state.max[r]) + 64);
    ASSERT_NEAR(prob, expected,
                (probEpsilon(queryType) + argument) * expected +
                    kSmallestNormal)
        << "key " << key << " x " << x;
  }
  ASSERT_NEAR(state.sum[r], sum, 256 * kEpsF32 * sum);
}

TEST_P(SoftmaxTest, FirstStep) {
  for (int64_t rows : {1, 3, 15, 16, 17, 47, 48})
    for (int64_t keys : {1, 31, 32, 33, 255, 256}) {
      Random random(static_cast<unsigned>(rows * 1000 + keys));
      const Matrix<float> scores = randomScores(rows, keys, random);
      std::vector<float> scale;
      std::vector<int32_t> limit;
      for (int64_t row = 0; row < rows; ++row) {
        scale.push_back(row % 5 == 4 ? 0x1p-60f : 0.18f + float(row) / 7);
        limit.push_back(row % 3 == 2 ? 512 + int32_t(random() % uint32_t(keys))
                                     : 512 + int32_t(keys) + 7);
      }
      SoftmaxState state(rows);
      step(GetParam(), 512, scores, scale, limit, state);
      for (int64_t row = 0; row < rows; ++row) {
        SCOPED_TRACE(testing::Message() << "row " << row << " of " << rows
                                        << ", " << keys << " keys");
        ASSERT_NO_FATAL_FAILURE(checkFirstStep(
            scores, row, scale[size_t(row)], limit[size_t(row)] - 512, state));
      }
    }
}

// Scores far from 0, as queries of 3e38 or a large softmax scale give them.
TEST_P(SoftmaxTest, ExtremeScales) {
  for (float scale : {0x1p-100f, 1e3f, 1e20f, 1e34f}) {
    SCOPED_TRACE(testing::Message() << "scale " << scale);
    Random random(6);
    Matrix<float> scores = randomScores(2, 64, random);
    SoftmaxState state(2);
    step(GetParam(), 0, scores, {scale, scale}, {64, 64}, state);
    for (int64_t row = 0; row < 2; ++row)
      ASSERT_NO_FATAL_FAILURE(checkFirstStep(scores, row, scale, 64, state));
  }
}

// A masked row keeps its empty state, whatever its scores are.
TEST_P(SoftmaxTest, MaskedScoresAreNotSeen) {
  Matrix<float> scores(3, 40, NAN);
  for (int64_t key = 0; key < 5; ++key)
    scores.at(1, key) = float(key);
  scores.at(2, 0) = 1;
  scores.at(2, 1) = INFINITY;
  SoftmaxState state(3);
  step(GetParam(), 256, scores, {1, 1, 1}, {256, 261, 257}, state);
  EXPECT_EQ(state.max[0], -INFINITY);
  EXPECT_EQ(state.sum[0], 0);
  EXPECT_EQ(state.max[1], 0);
  EXPECT_EQ(state.max[2], 1);
  EXPECT_EQ(state.sum[2], 0x1p40f);
  for (int64_t key = 0; key < 64; ++key) {
    EXPECT_EQ(state.probs.at(0, key), 0);
    if (key >= 5)
      EXPECT_EQ(state.probs.at(1, key), 0);
  }
  step(GetParam(), 512, scores, {1, 1, 1}, {256, 261, 257}, state);
  EXPECT_EQ(state.max[0], -INFINITY);
  EXPECT_EQ(state.max[1], 0);
}

// What a row does not see, before or after its window, has no influence: the
// same scores in a window at any place of the step, among NaN, give the same
// probabilities there and exactly 0 elsewhere.
TEST_P(SoftmaxTest, WindowAnywhereInTheStep) {
  constexpr int64_t kFirstKey = 512;
  for (int64_t begin : {0, 1, 15, 16, 17, 31, 32, 33, 64, 100})
    for (int64_t keys : {0, 1, 5, 16, 32, 40, 100, 156}) {
      SCOPED_TRACE(testing::Message()
                   << keys << " keys from key " << begin << " on");
      const int64_t end = begin + keys;
      Matrix<float> scores(1, 256, NAN);
      for (int64_t key = begin; key < end; ++key)
        scores.at(0, key) = float((key - begin) * 7 % 13 + 3) / 4;
      SoftmaxState state(1);
      step(GetParam(), kFirstKey, scores, {1}, {int32_t(kFirstKey + begin)},
           {int32_t(kFirstKey + end)}, state);
      double sum = 0;
      for (int64_t key = 0; key < 256; ++key) {
        const double prob = state.probs.at(0, key);
        sum += prob;
        if (key < begin || key >= end)
          ASSERT_EQ(prob, 0) << "key " << key;
        else
          ASSERT_NEAR(prob,
                      exp2(scores.at(0, key) - state.max[0] + kProbExponent),
                      2 * probEpsilon(queryType) * prob)
              << "key " << key;
      }
      ASSERT_EQ(state.max[0], keys ? 1 : -INFINITY);
      ASSERT_NEAR(state.sum[0], sum, 256 * kEpsF32 * sum);
    }
}

// A window that begins in a later step leaves the row empty until then.
TEST_P(SoftmaxTest, WindowInALaterStep) {
  const Matrix<float> hidden(1, 256, NAN), seen(1, 256, 3);
  SoftmaxState state(1);
  state.acc.at(0, 0) = 5;
  step(GetParam(), 0, hidden, {1}, {256}, {300}, state);
  EXPECT_EQ(state.max[0], -INFINITY);
  EXPECT_EQ(state.sum[0], 0);
  EXPECT_EQ(state.acc.at(0, 0), 5);
  for (int64_t key = 0; key < 256; ++key)
    EXPECT_EQ(state.probs.at(0, key), 0);
  step(GetParam(), 256, seen, {1}, {256}, {300}, state);
  EXPECT_EQ(state.max[0], 3);
  EXPECT_EQ(state.sum[0], 44 * 0x1p40f);
}

TEST_P(SoftmaxTest, NanScoreIsSeen) {
  Matrix<float> scores(2, 32, 1);
  scores.at(1, 3) = NAN;
  SoftmaxState state(2);
  step(GetParam(), 0, scores, {1, 1}, {32, 32}, state);
  EXPECT_EQ(state.sum[0], 0x1p45f);
  EXPECT_TRUE(isnan(state.sum[1]));
}

TEST_P(SoftmaxTest, MinusInfinityIsProbabilityZero) {
  Matrix<float> scores(2, 32, -INFINITY);
  scores.at(1, 0) = 2;
  SoftmaxState state(2);
  step(GetParam(), 0, scores, {1, 1}, {32, 32}, state);
  EXPECT_EQ(state.sum[0], 0);
  EXPECT_EQ(state.sum[1], 0x1p40f);
  for (int64_t key = 1; key < 32; ++key)
    EXPECT_EQ(state.probs.at(1, key), 0);
}

// A row's maximum is its first score, unless that is not finite or others
// exceed it by too much: then that of the step.
TEST_P(SoftmaxTest, BeginsWithTheFirstScore) {
  const float inf = INFINITY;
  const float first[] = {2.5f, 70, -17, -18, -1e30f, -inf, 0};
  const float max[] = {3, 70, -17, 3, 3, 3, 0};
  constexpr int64_t kRows = 7;
  Matrix<float> scores(kRows, 40, 3);
  for (int64_t row = 0; row < kRows; ++row)
    scores.at(row, 0) = first[row];
  SoftmaxState state(kRows);
  step(GetParam(), 0, scores, std::vector<float>(kRows, 1),
       std::vector<int32_t>(kRows, 40), state);
  for (size_t row = 0; row < size_t(kRows); ++row) {
    ASSERT_EQ(state.max[row], max[row]) << "first score " << first[row];
    const double sum = exp2(std::max(first[row], -200.0f) - max[row] + 40) +
                       39 * exp2(3 - max[row] + 40);
    ASSERT_NEAR(state.sum[row], sum, sum * probEpsilon(queryType));
  }
}

// Within the threshold the maximum stays; beyond it, everything so far is
// multiplied by a power of two, exactly.
TEST_P(SoftmaxTest, RescalesOnlyPastTheThreshold) {
  constexpr float kFirst = 3;
  for (float jump : {0.5f, 19.5f, 20.0f, 20.5f, 90.0f}) {
    SCOPED_TRACE(testing::Message() << "jump " << jump);
    SoftmaxState state(2);
    const std::vector<float> scale = {1, 1};
    const std::vector<int32_t> limit = {512, 512};
    Matrix<float> scores(2, 256, kFirst);
    step(GetParam(), 0, scores, scale, limit, state);
    ASSERT_EQ(state.sum[0], 0x1p48f);
    for (int64_t c = 0; c < kChannels; ++c)
      state.acc.at(0, c) = state.acc.at(1, c) = float(c + 1);
    Matrix<float> next(2, 1, kFirst);
    next.at(0, 0) = kFirst + jump;
    step(GetParam(), 256, next, scale, limit, state);
    const bool raised = jump > FP8ATTN_RESCALE_THRESHOLD;
    const float max = raised ? ceilf(kFirst + jump) : kFirst;
    const float factor = exp2f(kFirst - max);
    EXPECT_EQ(state.max[0], max);
    EXPECT_EQ(state.max[1], kFirst);
    EXPECT_EQ(state.sum[1], 0x1p48f + 0x1p40f);
    EXPECT_EQ(state.sum[0], 0x1p48f * factor + state.probs.at(0, 0));
    for (int64_t c = 0; c < kChannels; ++c) {
      EXPECT_EQ(state.acc.at(0, c), float(c + 1) * factor);
      EXPECT_EQ(state.acc.at(1, c), float(c + 1));
    }
  }
}

TEST_P(SoftmaxTest, RowDoesNotDependOnBlock) {
  Random random(4);
  const Matrix<float> scores = randomScores(48, 100, random, 30);
  const Matrix<float> next = randomScores(48, 100, random, 60);
  SoftmaxState block(48);
  const std::vector<float> scale(48, 1.5f);
  const std::vector<int32_t> limit(48, 340);
  step(GetParam(), 0, scores, scale, limit, block);
  step(GetParam(), 256, next, scale, limit, block);
  for (int64_t row = 0; row < 48; ++row) {
    Matrix<float> first(1, 100), second(1, 100);
    for (int64_t key = 0; key < 100; ++key) {
      first.at(0, key) = scores.at(row, key);
      second.at(0, key) = next.at(row, key);
    }
    SoftmaxState single(1);
    step(GetParam(), 0, first, {1.5f}, {340}, single);
    step(GetParam(), 256, second, {1.5f}, {340}, single);
    ASSERT_EQ(single.max[0], block.max[size_t(row)]);
    ASSERT_EQ(single.sum[0], block.sum[size_t(row)]);
    for (int64_t key = 0; key < 128; ++key)
      ASSERT_EQ(single.probs.at(0, key), block.probs.at(row, key));
  }
}

TEST_P(InitTest, EmptiesTheState) {
  for (int64_t rows : {1, 16, 17, 48}) {
    SoftmaxState state(rows);
    state.max[0] = state.sum[0] = state.acc.at(rows - 1, 63) = NAN;
    GetParam().as<fp8attn_uk_init_fn>()(rows, kChannels, state.max.data(),
                                        state.sum.data(), state.acc.data());
    for (int64_t row = 0; row < rows; ++row) {
      ASSERT_EQ(state.max[size_t(row)], -INFINITY);
      ASSERT_EQ(state.sum[size_t(row)], 0);
      for (int64_t c = 0; c < kChannels; ++c)
        ASSERT_EQ(state.acc.at(row, c), 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, SoftmaxTest,
                         testing::ValuesIn(kernelsOf("softmax")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, InitTest, testing::ValuesIn(kernelsOf("init")),
                         kernelTestName);

} // namespace fp8attn::test
