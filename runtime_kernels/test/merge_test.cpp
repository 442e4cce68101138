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

#include "golden.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <cstring>
#include <math.h>

namespace fp8attn::test {

class MergeTest : public KernelTest {};

/// A partial result, or the merged one, rows `stride` elements apart.
struct Part {
  Part(int64_t rows, int64_t stride, int64_t channels)
      : stride(stride),
        out(static_cast<size_t>((rows - 1) * stride + channels)),
        lse(static_cast<size_t>(rows)) {
    std::fill(out.begin(), out.end(), uint16_t(0xffff));
    std::fill(lse.begin(), lse.end(), NAN);
  }

  const uint16_t *row(int64_t row) const { return out.data() + row * stride; }

  int64_t stride;
  GuardedBuffer<uint16_t> out;
  GuardedBuffer<float> lse;
};

/// Returns random rows, each third of which has no keys and NaN in its out.
static Part randomPart(int64_t rows, int64_t channels, int64_t gap, int third,
                       double spread, Random &random) {
  Part part(rows, channels + gap, channels);
  const Matrix<uint16_t> values = randomBf16(rows, channels, random);
  std::uniform_real_distribution<float> uniform(-float(spread), float(spread));
  for (int64_t row = 0; row < rows; ++row) {
    if (row % 3 == third) {
      part.lse[size_t(row)] = -INFINITY;
      continue;
    }
    part.lse[size_t(row)] = uniform(random);
    for (int64_t c = 0; c < channels; ++c)
      part.out[size_t(row * part.stride + c)] = values.at(row, c);
  }
  return part;
}

static void run(const KernelUnderTest &kernel, int64_t channels,
                const Part &first, const Part &second, Part &merged) {
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
    const double x = exp(a - max) / sum * bf16Value(first.row(row)[c]);
    const double y = exp(b - max) / sum * bf16Value(second.row(row)[c]);
    const double weightError = kEpsF32 * (16 + 3 * fabs(a - b));
    ASSERT_NEAR(bf16Value(merged.row(row)[c]), x + y,
                kEpsBf16 * fabs(x + y) + weightError * (fabs(x) + fabs(y)) +
                    kSmallestNormal)
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
  for (int64_t c = 0; c < channels; ++c)
    ASSERT_EQ(merged.row(row)[c], isEmpty ? 0 : part.row(row)[c])
        << "row " << row << " channel " << c;
}

TEST_P(MergeTest, EveryShape) {
  Random random(31);
  for (int64_t rows : {1, 2, 7, 32})
    for (int64_t channels : {8, 64, 96, 128, 576})
      for (double spread : {0.5, 8.0, 200.0}) {
        SCOPED_TRACE(testing::Message() << rows << " rows, " << channels
                                        << " channels, spread " << spread);
        const Part first = randomPart(rows, channels, 0, 1, spread, random);
        // Of each three rows one has keys in both parts; of 32, row 31 too.
        const Part second =
            randomPart(rows, channels, 24, rows == 7 ? 1 : 2, spread, random);
        Part merged(rows, channels + 8, channels);
        run(GetParam(), channels, first, second, merged);
        for (int64_t row = 0; row < rows; ++row) {
          const bool bothHaveKeys = isfinite(first.lse[size_t(row)]) &&
                                    isfinite(second.lse[size_t(row)]);
          ASSERT_NO_FATAL_FAILURE((bothHaveKeys ? checkRow : checkCopy)(
              first, second, merged, row, channels));
          // The gap between rows is the caller's.
          for (int64_t c = channels; row + 1 < rows && c < merged.stride; ++c)
            ASSERT_EQ(merged.row(row)[c], 0xffff);
        }
      }
}

// The result may take the place of either part.
TEST_P(MergeTest, InPlace) {
  constexpr int64_t kRows = 9, kChannels = 128;
  for (bool intoFirst : {true, false}) {
    Random random(32);
    Part first = randomPart(kRows, kChannels, 0, 1, 4, random);
    Part second = randomPart(kRows, kChannels, 0, 2, 4, random);
    Part merged(kRows, kChannels, kChannels);
    run(GetParam(), kChannels, first, second, merged);
    Part &place = intoFirst ? first : second;
    run(GetParam(), kChannels, first, second, place);
    EXPECT_TRUE(
        std::equal(merged.out.begin(), merged.out.end(), place.out.begin()));
    EXPECT_TRUE(
        std::equal(merged.lse.begin(), merged.lse.end(), place.lse.begin()));
  }
}

// Rows do not depend on the rows of the same call.
TEST_P(MergeTest, RowsAlone) {
  constexpr int64_t kRows = 6, kChannels = 64;
  Random random(33);
  const Part first = randomPart(kRows, kChannels, 0, 1, 4, random);
  const Part second = randomPart(kRows, kChannels, 0, 2, 4, random);
  Part merged(kRows, kChannels, kChannels), alone(kRows, kChannels, kChannels);
  run(GetParam(), kChannels, first, second, merged);
  for (int64_t row = 0; row < kRows; ++row)
    GetParam().as<fp8attn_uk_merge_fn>()(
        1, kChannels, first.row(row), kChannels, &first.lse[size_t(row)],
        second.row(row), kChannels, &second.lse[size_t(row)],
        alone.out.data() + row * kChannels, kChannels, &alone.lse[size_t(row)]);
  EXPECT_TRUE(
      std::equal(merged.out.begin(), merged.out.end(), alone.out.begin()));
  EXPECT_TRUE(
      std::equal(merged.lse.begin(), merged.lse.end(), alone.lse.begin()));
}

// NaN in one of two log-sum-exps is not lost.
TEST_P(MergeTest, NanLogSumExp) {
  constexpr int64_t kChannels = 8;
  for (bool inFirst : {true, false}) {
    Random random(34);
    Part first = randomPart(1, kChannels, 0, -1, 4, random);
    Part second = randomPart(1, kChannels, 0, -1, 4, random);
    (inFirst ? first : second).lse[0] = NAN;
    Part merged(1, kChannels, kChannels);
    merged.lse[0] = 0;
    std::fill(merged.out.begin(), merged.out.end(), uint16_t(0));
    run(GetParam(), kChannels, first, second, merged);
    EXPECT_TRUE(isnan(merged.lse[0]));
    EXPECT_TRUE(isnan(bf16Value(merged.row(0)[kChannels - 1])));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, MergeTest,
                         testing::ValuesIn(kernelsOf("merge")), kernelTestName);

} // namespace fp8attn::test
