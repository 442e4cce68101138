//===- join_test.cpp - states of the online softmax over two sets of keys -===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The join row against its definition in double precision, states that have
// seen no key, and NaN.
//
//===----------------------------------------------------------------------===//

#include "kernel_under_test.h"
#include "tiles.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace fp8attn::test {
namespace {

constexpr int64_t kChannels = 80;

/// A state of `rows` rows.
struct State {
  explicit State(int64_t rows)
      : max(size_t(rows), -INFINITY), sum(size_t(rows), 0.0f),
        acc(rows, kChannels) {}

  /// Makes row `row` one of random numbers with that maximum.
  void fill(int64_t row, float maximum, std::mt19937 &random) {
    std::uniform_real_distribution<float> number(-3, 3);
    max[size_t(row)] = maximum;
    sum[size_t(row)] = 5 + number(random);
    for (int64_t c = 0; c < kChannels; ++c)
      acc.at(row, c) = number(random);
  }

  std::vector<float> max, sum;
  Matrix<float> acc;
};

class JoinTest : public KernelTest {
protected:
  static void join(State &state, const State &other) {
    Tiles<float> acc(state.acc, kChannels, NAN);
    Tiles<float> otherAcc(other.acc, kChannels, NAN);
    GetParam().as<fp8attn_uk_join_fn>()(
        state.acc.rows, kChannels, state.max.data(), state.sum.data(),
        acc.data(), other.max.data(), other.sum.data(), otherAcc.data());
    for (int64_t row = 0; row < state.acc.rows; ++row)
      for (int64_t c = 0; c < kChannels; ++c)
        state.acc.at(row, c) = acc.at(row, c);
  }
};

TEST_P(JoinTest, AgreesWithTheDefinition) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same states each time.
  std::mt19937 random(41);
  for (int64_t rows : {1, 16, 17, 48, 70}) {
    State state(rows), other(rows);
    for (int64_t row = 0; row < rows; ++row) {
      state.fill(row, float(row % 7), random);
      other.fill(row, float(row % 11 - 3), random);
    }
    const State before = state;
    join(state, other);
    for (int64_t row = 0; row < rows; ++row) {
      const size_t r = size_t(row);
      const float max = std::max(before.max[r], other.max[r]);
      ASSERT_EQ(state.max[r], max);
      const double scale = exp2(before.max[r] - max);
      const double otherScale = exp2(other.max[r] - max);
      ASSERT_FLOAT_EQ(state.sum[r],
                      float(before.sum[r] * scale + other.sum[r] * otherScale));
      for (int64_t c = 0; c < kChannels; ++c)
        ASSERT_NEAR(state.acc.at(row, c),
                    before.acc.at(row, c) * scale +
                        other.acc.at(row, c) * otherScale,
                    0x1p-20);
    }
  }
}

// Maxima of softmax are integers, however far apart.
TEST_P(JoinTest, NoKeysAndFarMaxima) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same states each time.
  std::mt19937 random(42);
  State full(1);
  full.fill(0, -70000, random);
  full.acc.at(0, 3) = -0.0f;
  State none(1), big(1);
  big.fill(0, 70000, random);

  State state = none;
  join(state, full);
  EXPECT_EQ(state.max, full.max);
  EXPECT_EQ(state.sum, full.sum);
  for (int64_t c = 0; c < kChannels; ++c)
    EXPECT_EQ(state.acc.at(0, c), full.acc.at(0, c));
  EXPECT_TRUE(std::signbit(state.acc.at(0, 3)));
  join(state, none);
  EXPECT_EQ(state.max, full.max);
  EXPECT_EQ(state.sum, full.sum);
  EXPECT_TRUE(std::signbit(state.acc.at(0, 3)));

  // What is 2^-140000 of the other vanishes.
  join(state, big);
  EXPECT_EQ(state.max, big.max);
  EXPECT_EQ(state.sum, big.sum);
  State backwards = big;
  join(backwards, full);
  EXPECT_EQ(backwards.sum, big.sum);
}

// NaN in a maximum or a sum makes NaN of its row, and of no other.
TEST_P(JoinTest, NaN) {
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same states each time.
  std::mt19937 random(43);
  State finite(2);
  finite.fill(0, 1, random);
  finite.fill(1, 2, random);
  for (bool inMax : {true, false}) {
    State state = finite, nan = finite;
    (inMax ? nan.max : nan.sum)[0] = NAN;
    join(state, nan);
    EXPECT_TRUE(std::isnan(state.sum[0]));
    EXPECT_FALSE(std::isnan(state.sum[1]));
    join(nan, finite);
    EXPECT_TRUE(std::isnan(nan.sum[0]));
    EXPECT_FALSE(std::isnan(nan.sum[1]));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, JoinTest, testing::ValuesIn(kernelsOf("join")),
                         kernelTestName);

} // namespace
} // namespace fp8attn::test
