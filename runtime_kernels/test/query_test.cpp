//===- query_test.cpp - gathering query rows ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exact expectations: a tile element is the query, rounded to bf16 unless the
// tile is of f32, times a power of two.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <math.h>

namespace fp8attn::test {

class QueryTest : public KernelTest {};

/// Of queries of FP8.
class CodeQueryTest : public KernelTest {};

/// Returns the values of a row rounded to the type of queries.
static std::vector<double> rowOf(const ElementBuffer &query, int64_t first,
                                 int64_t channels) {
  std::vector<double> row;
  for (int64_t c = 0; c < channels; ++c)
    row.push_back(elementValue(
        queryType, nearestElement(queryType, query.value(first + c))));
  return row;
}

/// Returns the largest finite magnitude of a row.
static double largestOf(const std::vector<double> &row) {
  double largest = 0;
  for (double element : row)
    if (isfinite(element))
      largest = fmax(largest, fabs(element));
  return largest;
}

/// Gathers one item and checks every output.
static void checkQuery(const KernelUnderTest &kernel,
                       const fp8attn_work_item &item, int64_t channels,
                       int64_t exponent, Random &random) {
  const double largest = queryType == "bf16" ? 0x1.fep127 : 0x1.fffffep127;
  const int64_t heads = (item.kv_head + 1) * item.group;
  const int64_t headStride = channels + 3, tokenStride = heads * headStride;
  const int64_t tokens = item.query_begin + item.seq_q;
  // The last element of the last row is the last one that may be read.
  const std::string type = kernel.row->in;
  ElementBuffer query(type, tokens * tokenStride - 3);
  for (int64_t i = 0; i < query.size(); ++i) {
    // f16 and FP8 have less range; f32 above the largest bf16 becomes infinite.
    const double magnitudes[] = {1, 1e-30, 3.4e38, 1e30, 0x1p-120};
    const double small[] = {1, 1e-7, 65504, 1e3, 0x1p-20};
    const double magnitude =
        (type == "bf16" || type == "f32" ? magnitudes
                                         : small)[i / headStride % 5];
    query.set(i, nearestElement(
                     type, magnitude * std::uniform_real_distribution<double>(
                                           -1, 1)(random)));
  }
  const int64_t columns = paddedKeys(channels);
  ProductTiles tiles(queryType, item.num_rows, columns);
  GuardedBuffer<float> scale(static_cast<size_t>(item.num_rows));
  GuardedBuffer<int32_t> begin(static_cast<size_t>(item.num_rows));
  GuardedBuffer<int32_t> limit(begin.size());
  constexpr float kScale = 0.127f;
  kernel.as<fp8attn_uk_query_fn>()(&item, query.data(), tokenStride, headStride,
                                   channels, kScale, exponent, tiles.data(),
                                   scale.data(), begin.data(), limit.data());
  for (int64_t row = 0; row < (item.num_rows + 15) / 16 * 16; ++row) {
    if (row >= item.num_rows) {
      for (int64_t c = 0; c < columns; ++c)
        ASSERT_EQ(tiles.at(row, c), 0) << "padding row " << row;
      continue;
    }
    const int64_t token = (item.first_row + row) / item.group;
    const int64_t head =
        item.kv_head * item.group + (item.first_row + row) % item.group;
    const std::vector<double> source = rowOf(
        query, (item.query_begin + token) * tokenStride + head * headStride,
        channels);
    int lowered = 0;
    while (ldexp(largestOf(source), int(exponent) - lowered) > largest)
      ++lowered;
    for (int64_t c = 0; c < channels; ++c)
      ASSERT_EQ(tiles.at(row, c),
                ldexp(source[size_t(c)], int(exponent) - lowered))
          << "row " << row << " channel " << c;
    for (int64_t c = channels; c < columns; ++c)
      ASSERT_EQ(tiles.at(row, c), 0) << "row " << row << " padding " << c;
    ASSERT_EQ(scale[size_t(row)], ldexpf(kScale, lowered)) << "row " << row;
    // Key by key, by the definition.
    ASSERT_GE(begin[size_t(row)], 0) << "row " << row;
    ASSERT_LE(begin[size_t(row)], limit[size_t(row)]) << "row " << row;
    ASSERT_LE(limit[size_t(row)], item.seq_k) << "row " << row;
    for (int64_t key = 0; key < item.seq_k; ++key) {
      const int64_t after = key - (item.diagonal + token);
      ASSERT_EQ(begin[size_t(row)] <= key && key < limit[size_t(row)],
                after <= item.right && -after <= item.left)
          << "row " << row << " key " << key;
    }
  }
}

namespace {
struct Window {
  bool topLeft;
  int64_t left, right;
};
} // namespace

static constexpr Window kWindows[] = {
    {false, FP8ATTN_UNBOUNDED, FP8ATTN_UNBOUNDED},
    {false, FP8ATTN_UNBOUNDED, 0},
    {true, FP8ATTN_UNBOUNDED, 0},
    {false, 2, 0},
    {true, 3, 1},
    {false, 0, FP8ATTN_UNBOUNDED},
    {false, FP8ATTN_UNBOUNDED - 1, FP8ATTN_UNBOUNDED - 1},
};

TEST_P(QueryTest, EveryShape) {
  Random random(9);
  size_t n = 0;
  for (int64_t rows : {1, 3, 15, 16, 17, 47, 48})
    for (int64_t group : {1, 4, 7})
      for (const Window &window : kWindows) {
        const int64_t firstRow = 2 * group + 1;
        fp8attn_work_item item = {};
        item.kv_head = 1;
        item.group = group;
        item.query_begin = 2;
        item.seq_q = (firstRow + rows - 1) / group + 1;
        // Fewer keys than queries: the first rows see none.
        item.seq_k = rows % 2 ? item.seq_q + 100 : item.seq_q - 2;
        item.first_row = firstRow;
        item.num_rows = rows;
        item.diagonal = window.topLeft ? 0 : item.seq_k - item.seq_q;
        item.left = window.left;
        item.right = window.right;
        item.num_keys = item.seq_k;
        const int64_t exponent = takeTurns({0, 80, 104}, n);
        const int64_t channels =
            takeTurns({32, 8, 64, 24, 96, 40, 128, 72, 256, 576}, n++);
        SCOPED_TRACE(testing::Message()
                     << rows << " rows, group " << group << ", window of "
                     << window.left << " and " << window.right << ", exponent "
                     << exponent);
        ASSERT_NO_FATAL_FAILURE(
            checkQuery(GetParam(), item, channels, exponent, random));
      }
}

// Every code of FP8 is its value in bf16, whatever the power of two; infinities
// and NaN stay what they are, and no row is scaled for them.
TEST_P(CodeQueryTest, EveryCode) {
  const std::string type = GetParam().row->in;
  constexpr int64_t kChannels = 256;
  fp8attn_work_item item = {};
  item.group = item.seq_q = item.num_rows = 1;
  ElementBuffer query(type, kChannels);
  for (int64_t i = 0; i < kChannels; ++i)
    query.set(i, static_cast<uint32_t>(i));
  ProductTiles tiles(queryType, 1, kChannels);
  float scale;
  int32_t begin, limit;
  for (int64_t exponent : {0, 80, 104}) {
    GetParam().as<fp8attn_uk_query_fn>()(&item, query.data(), kChannels,
                                         kChannels, kChannels, 1, exponent,
                                         tiles.data(), &scale, &begin, &limit);
    EXPECT_EQ(scale, 1);
    for (int64_t i = 0; i < kChannels; ++i) {
      const float expected =
          ldexpf(goldenValues(type)[i], static_cast<int>(exponent));
      const float value = tiles.at(0, i);
      if (isnan(expected))
        EXPECT_TRUE(isnan(value)) << "code " << i;
      else
        EXPECT_EQ(value, expected) << "code " << i;
      EXPECT_TRUE(isnan(expected) || signbit(value) == signbit(expected))
          << "code " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, QueryTest,
                         testing::ValuesIn(kernelsOf("query")), kernelTestName);

static std::vector<KernelUnderTest> codeQueryKernels() {
  std::vector<KernelUnderTest> kernels;
  for (const KernelUnderTest &kernel : kernelsOf("query"))
    if (elementBytes(kernel.row->in) == 1)
      kernels.push_back(kernel);
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Table, CodeQueryTest,
                         testing::ValuesIn(codeQueryKernels()), kernelTestName);

} // namespace fp8attn::test
