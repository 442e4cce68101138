//===- merge_test.cpp - combining two partial results ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Merges in double precision, parts without keys, and results in the place of
// a part.
//
//===----------------------------------------------------------------------===//

#include "element_values.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <algorithm>
#include <math.h>

namespace fp8attn::test {

class MergeTest : public KernelTest {};

/// Bits that are NaN in every type, and that no kernel makes.
constexpr uint32_t kUnwritten = 0xffffffff;

/// A partial result, or the merged one, rows `stride` elements apart.
struct Part {
  Part(const std::string &type, int64_t rows, int64_t stride, int64_t channels)
      : type(type), stride(stride), out(type, (rows - 1) * stride + channels),
        lse(static_cast<size_t>(rows)) {
    for (int64_t i = 0; i < out.size(); ++i)
      out.set(i, kUnwritten);
    std::fill(lse.begin(), lse.end(), NAN);
  }

  uint8_t *row(int64_t row) {
    return out.data() + row * stride * elementBytes(type);
  }
  uint32_t bits(int64_t row, int64_t channel) const {
    return out.bits(row * stride + channel);
  }
  double value(int64_t row, int64_t channel) const {
    return out.value(row * stride + channel);
  }

  std::string type;
  int64_t stride;
  ElementBuffer out;
  GuardedBuffer<float> lse;
};

/// Whether all bits of two results of the same shape agree.
static bool isEqual(const Part &a, const Part &b) {
  for (int64_t i = 0; i < a.out.size(); ++i)
    if (a.out.bits(i) != b.out.bits(i))
      return false;
  return std::equal(a.lse.begin(), a.lse.end(), b.lse.begin());
}

/// Returns random rows, each third of which has no keys and NaN in its out.
static Part randomPart(const std::string &type, int64_t rows, int64_t channels,
                       int64_t gap, int third, double spread, Random &random) {
  Part part(type, rows, channels + gap, channels);
  std::uniform_real_distribution<float> uniform(-float(spread), float(spread));
  for (int64_t row = 0; row < rows; ++row) {
    if (row % 3 == third) {
      part.lse[size_t(row)] = -INFINITY;
      continue;
    }
    part.lse[size_t(row)] = uniform(random);
    for (int64_t c = 0; c < channels; ++c)
      part.out.set(row * part.stride + c,
                   nearestElement(type, normalNumber(random)));
  }
  return part;
}

static void run(const KernelUnderTest &kernel, int64_t channels, Part &first,
                Part &second, Part &merged) {
  kernel.as<fp8attn_uk_merge_fn>()(
      int64_t(first.lse.size()), channels, first.out.data(), first.stride,
      first.lse.data(), second.out.data(), second.stride, second.lse.data(),
      merged.out.data(), merged.stride, merged.lse.data());
}

/// Checks a row of two parts that both have keys.
static void checkRow(const Part &first, const Part &second, const Part &merged,
                     int64_t row, int64_t channels) {
  const size_t r = size_t(row);
  const double a = first.lse[r], b = second.lse[r], max = fmax(a, b);
  const double sum = exp(a - max) + exp(b - max);
  ASSERT_NEAR(merged.lse[r], max + log(sum), 8 * kEpsF32 * (1 + fabs(max)));
  for (int64_t c = 0; c < channels; ++c) {
    const double x = exp(a - max) / sum * first.value(row, c);
    const double y = exp(b - max) / sum * second.value(row, c);
    const double weightError = kEpsF32 * (16 + 3 * fabs(a - b));
    ASSERT_NEAR(merged.value(row, c), x + y,
                elementEpsilon(merged.type) * fabs(x + y) +
                    weightError * (fabs(x) + fabs(y)) +
                    elementUnderflow(merged.type) + kSmallestNormal)
        << "row " << row << " channel " << c;
  }
}

/// Checks a row of which at least one part has no keys.
static void checkCopy(const Part &first, const Part &second, const Part &merged,
                      int64_t row, int64_t channels) {
  const size_t r = size_t(row);
  const bool firstEmpty = first.lse[r] == -INFINITY;
  const bool isEmpty = firstEmpty && second.lse[r] == -INFINITY;
  ASSERT_EQ(merged.lse[r], firstEmpty ? second.lse[r] : first.lse[r]);
  const Part &part = firstEmpty ? second : first;
  for (int64_t c = 0; c < channels; ++c) {
    // The elements of a part without keys are NaN, of which there is no
    // nearest.
    const uint32_t expected =
        isEmpty ? 0
        : part.type == merged.type
            ? part.bits(row, c)
            : nearestElement(merged.type, part.value(row, c));
    ASSERT_EQ(merged.bits(row, c), expected)
        << "row " << row << " channel " << c;
  }
}

TEST_P(MergeTest, EveryShape) {
  Random random(31);
  for (int64_t rows : {1, 2, 7, 32})
    for (int64_t channels : {8, 64, 96, 128, 576})
      for (double spread : {0.5, 8.0, 200.0}) {
        SCOPED_TRACE(testing::Message() << rows << " rows, " << channels
                                        << " channels, spread " << spread);
        Part first = randomPart(GetParam().row->in, rows, channels, 0, 1,
                                spread, random);
        // Of each three rows one has keys in both parts; of 32, row 31 too.
        Part second = randomPart(GetParam().row->in, rows, channels, 24,
                                 rows == 7 ? 1 : 2, spread, random);
        Part merged(GetParam().row->cache, rows, channels + 8, channels);
        const uint32_t gap = merged.bits(0, 0);
        run(GetParam(), channels, first, second, merged);
        for (int64_t row = 0; row < rows; ++row) {
          const bool bothHaveKeys = isfinite(first.lse[size_t(row)]) &&
                                    isfinite(second.lse[size_t(row)]);
          ASSERT_NO_FATAL_FAILURE((bothHaveKeys ? checkRow : checkCopy)(
              first, second, merged, row, channels));
          // The gap between rows is the caller's.
          for (int64_t c = channels; row + 1 < rows && c < merged.stride; ++c)
            ASSERT_EQ(merged.bits(row, c), gap);
        }
      }
}

// The result may take the place of either part.
TEST_P(MergeTest, InPlace) {
  constexpr int64_t kRows = 9, kChannels = 128;
  if (GetParam().row->in != GetParam().row->cache)
    GTEST_SKIP() << "the result is not of the type of a part";
  for (bool intoFirst : {true, false}) {
    Random random(32);
    Part first =
        randomPart(GetParam().row->in, kRows, kChannels, 0, 1, 4, random);
    Part second =
        randomPart(GetParam().row->in, kRows, kChannels, 0, 2, 4, random);
    Part merged(GetParam().row->cache, kRows, kChannels, kChannels);
    run(GetParam(), kChannels, first, second, merged);
    Part &place = intoFirst ? first : second;
    run(GetParam(), kChannels, first, second, place);
    EXPECT_TRUE(isEqual(merged, place));
  }
}

// Rows do not depend on the rows of the same call.
TEST_P(MergeTest, RowsAlone) {
  constexpr int64_t kRows = 6, kChannels = 64;
  Random random(33);
  Part first =
      randomPart(GetParam().row->in, kRows, kChannels, 0, 1, 4, random);
  Part second =
      randomPart(GetParam().row->in, kRows, kChannels, 0, 2, 4, random);
  Part merged(GetParam().row->cache, kRows, kChannels, kChannels),
      alone(GetParam().row->cache, kRows, kChannels, kChannels);
  run(GetParam(), kChannels, first, second, merged);
  for (int64_t row = 0; row < kRows; ++row)
    GetParam().as<fp8attn_uk_merge_fn>()(
        1, kChannels, first.row(row), kChannels, &first.lse[size_t(row)],
        second.row(row), kChannels, &second.lse[size_t(row)], alone.row(row),
        kChannels, &alone.lse[size_t(row)]);
  EXPECT_TRUE(isEqual(merged, alone));
}

// NaN in one of two log-sum-exps is not lost.
TEST_P(MergeTest, NanLogSumExp) {
  constexpr int64_t kChannels = 8;
  for (bool inFirst : {true, false}) {
    Random random(34);
    Part first = randomPart(GetParam().row->in, 1, kChannels, 0, -1, 4, random);
    Part second =
        randomPart(GetParam().row->in, 1, kChannels, 0, -1, 4, random);
    (inFirst ? first : second).lse[0] = NAN;
    Part merged(GetParam().row->cache, 1, kChannels, kChannels);
    merged.lse[0] = 0;
    for (int64_t c = 0; c < kChannels; ++c)
      merged.out.set(c, 0);
    run(GetParam(), kChannels, first, second, merged);
    EXPECT_TRUE(isnan(merged.lse[0]));
    EXPECT_TRUE(isnan(merged.value(0, kChannels - 1)));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, MergeTest,
                         testing::ValuesIn(kernelsOf("merge")), kernelTestName);

} // namespace fp8attn::test
