//===- RotationTest.cpp - norms and rotary embedding ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// By the definition, in double precision, and by properties of rotations.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Rotation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

using namespace fp8attn::reference;

static constexpr int64_t kChannels = 72, kColumns = 18, kRows = 5;

static Rotation makeRotation() {
  Rotation rotation;
  rotation.columns = kColumns;
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t j = 0; j < kColumns; ++j) {
      const double angle =
          static_cast<double>(row) * std::pow(1e4, -double(j) / kColumns);
      rotation.cos.push_back(static_cast<float>(std::cos(angle)));
      rotation.sin.push_back(static_cast<float>(std::sin(angle)));
    }
  return rotation;
}

static std::vector<float> makeRow(uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> row(kChannels);
  for (float &element : row)
    element = normal(random);
  return row;
}

TEST(RotationTest, Norm) {
  Rotation rotation;
  rotation.eps = 0.125f;
  rotation.norm = makeRow(1);
  const std::vector<float> before = makeRow(2);
  std::vector<float> row = before;
  rotateRow(rotation, 0, row.data());
  double squares = 0;
  for (float element : before)
    squares += double(element) * element;
  const double root = std::sqrt(squares / kChannels + 0.125);
  for (int64_t c = 0; c < kChannels; ++c) {
    const double expected = before[c] / root * rotation.norm[c];
    EXPECT_NEAR(row[c], expected, 1e-6 * std::abs(expected)) << c;
  }
}

TEST(RotationTest, HalvesArePairs) {
  Rotation rotation = makeRotation();
  const int32_t positions[] = {4, 3};
  rotation.positions = positions;
  const std::vector<float> before = makeRow(3);
  std::vector<float> row = before;
  rotateRow(rotation, 1, row.data());
  for (int64_t j = 0; j < kColumns; ++j) {
    const double angle = 3 * std::pow(1e4, -double(j) / kColumns);
    const double x = before[j], y = before[j + kColumns];
    EXPECT_NEAR(row[j], x * std::cos(angle) - y * std::sin(angle), 1e-6);
    EXPECT_NEAR(row[j + kColumns], y * std::cos(angle) + x * std::sin(angle),
                1e-6);
  }
  for (int64_t c = 2 * kColumns; c < kChannels; ++c)
    EXPECT_EQ(row[c], before[c]);
}

/// The same pairs in another order.
TEST(RotationTest, NeighboursArePairs) {
  Rotation rotation = makeRotation();
  const int32_t position = 2;
  rotation.positions = &position;
  std::vector<float> halves = makeRow(4), neighbours = halves;
  for (int64_t j = 0; j < kColumns; ++j) {
    neighbours[2 * j] = halves[j];
    neighbours[2 * j + 1] = halves[j + kColumns];
  }
  rotateRow(rotation, 0, halves.data());
  rotation.interleaved = true;
  rotateRow(rotation, 0, neighbours.data());
  for (int64_t j = 0; j < kColumns; ++j) {
    EXPECT_EQ(neighbours[2 * j], halves[j]);
    EXPECT_EQ(neighbours[2 * j + 1], halves[j + kColumns]);
  }
}

/// A norm of the first channels, and a rotation of those behind them, as of
/// latent caches.
TEST(RotationTest, PartsOfARow) {
  constexpr int64_t kNormalised = 32;
  Rotation norm, rotation = makeRotation(), both = rotation;
  const int32_t position = 3;
  both.positions = rotation.positions = &position;
  both.firstRotated = kNormalised;
  both.eps = norm.eps = 0.125f;
  both.norm = makeRow(7);
  both.norm.resize(kNormalised);
  norm.norm = both.norm;
  for (bool interleaved : {false, true}) {
    both.interleaved = rotation.interleaved = interleaved;
    const std::vector<float> before = makeRow(8);
    std::vector<float> row = before;
    rotateRow(both, 0, row.data());
    std::vector<float> first(before.begin(), before.begin() + kNormalised);
    rotateRow(norm, 0, first.data());
    std::vector<float> expected(before.begin() + kNormalised, before.end());
    rotateRow(rotation, 0, expected.data());
    expected.insert(expected.begin(), first.begin(), first.end());
    EXPECT_EQ(row, expected);
    EXPECT_NE(row[kNormalised], before[kNormalised]);
    EXPECT_EQ(row.back(), before.back());
  }
}

/// Scores of rotated queries and keys depend on their distance alone.
TEST(RotationTest, ScoresDependOnDistances) {
  Rotation rotation = makeRotation();
  const int32_t positions[] = {0, 1, 3, 4};
  rotation.positions = positions;
  auto score = [&](int64_t queryToken, int64_t keyToken) {
    std::vector<float> query = makeRow(5), key = makeRow(6);
    rotateRow(rotation, queryToken, query.data());
    rotateRow(rotation, keyToken, key.data());
    double sum = 0;
    for (int64_t c = 0; c < kChannels; ++c)
      sum += double(query[c]) * key[c];
    return sum;
  };
  EXPECT_NEAR(score(1, 0), score(3, 2), 1e-5);
  EXPECT_NEAR(score(2, 0), score(3, 1), 1e-5);
  EXPECT_GT(std::abs(score(1, 0) - score(2, 0)), 1e-2);
}

TEST(RotationTest, RowsOfATensor) {
  // Two tokens of three heads, with gaps between tokens.
  std::vector<float> elements(2 * 4 * kChannels);
  std::iota(elements.begin(), elements.end(), 1.0f);
  const HeadTensor source{elements.data(), 2, 4 * kChannels, kChannels,
                          FP8ATTN_TYPE_F32};
  Rotation rotation = makeRotation();
  const int32_t positions[] = {1, 0};
  rotation.positions = positions;
  const std::vector<float> rows = rotate(rotation, source, 3, kChannels);
  ASSERT_EQ(rows.size(), 6u * kChannels);
  std::vector<float> row(elements.begin() + 2 * kChannels,
                         elements.begin() + 3 * kChannels);
  rotateRow(rotation, 0, row.data());
  const HeadTensor tensor = asHeadTensor(rows, 2, 3, kChannels);
  for (int64_t c = 0; c < kChannels; ++c) {
    EXPECT_EQ(tensor.at(0, 2, c), row[c]);
    // Position 0 rotates nothing.
    EXPECT_EQ(tensor.at(1, 1, c), elements[5 * kChannels + c]);
  }
}
