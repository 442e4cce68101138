//===- query_test.cpp - gathering query rows ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exact expectations: a tile element is the query times a power of two.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <math.h>

namespace fp8attn::test {

class QueryTest : public KernelTest {};

/// Returns the largest bf16 magnitude of a row.
static double largestOf(const uint16_t *row, int64_t channels) {
  double largest = 0;
  for (int64_t c = 0; c < channels; ++c)
    largest = fmax(largest, fabs(bf16Value(row[c])));
  return largest;
}

/// Gathers one item and checks every output.
static void checkQuery(const KernelUnderTest &kernel,
                       const fp8attn_work_item &item, int64_t channels,
                       int64_t exponent, Random &random) {
  constexpr double kLargestBf16 = 0x1.fep127;
  const int64_t heads = (item.kv_head + 1) * item.group;
  const int64_t headStride = channels + 3, tokenStride = heads * headStride;
  const int64_t tokens = item.query_begin + item.seq_q;
  // The last element of the last row is the last one that may be read.
  GuardedBuffer<uint16_t> query(static_cast<size_t>(tokens * tokenStride - 3));
  for (uint16_t &element : query) {
    const double magnitudes[] = {1, 1e-30, 3e38, 1e30, 0x1p-120};
    element =
        nearestBf16(std::uniform_real_distribution<double>(-1, 1)(random) *
                    magnitudes[(&element - query.data()) / headStride % 5]);
  }
  Tiles<uint16_t> tiles(item.num_rows, channels, 0xffff);
  GuardedBuffer<float> scale(static_cast<size_t>(item.num_rows));
  GuardedBuffer<int32_t> begin(static_cast<size_t>(item.num_rows));
  GuardedBuffer<int32_t> limit(begin.size());
  constexpr float kScale = 0.127f;
  kernel.as<fp8attn_uk_query_fn>()(&item, query.data(), tokenStride, headStride,
                                   channels, kScale, exponent, tiles.data(),
                                   scale.data(), begin.data(), limit.data());
  for (int64_t row = 0; row < (item.num_rows + 15) / 16 * 16; ++row) {
    if (row >= item.num_rows) {
      for (int64_t c = 0; c < channels; ++c)
        ASSERT_EQ(tiles.at(row, c), 0) << "padding row " << row;
      continue;
    }
    const int64_t token = (item.first_row + row) / item.group;
    const int64_t head =
        item.kv_head * item.group + (item.first_row + row) % item.group;
    const uint16_t *source = query.data() +
                             (item.query_begin + token) * tokenStride +
                             head * headStride;
    int lowered = 0;
    while (ldexp(largestOf(source, channels), int(exponent) - lowered) >
           kLargestBf16)
      ++lowered;
    for (int64_t c = 0; c < channels; ++c)
      ASSERT_EQ(bf16Value(tiles.at(row, c)),
                ldexp(bf16Value(source[c]), int(exponent) - lowered))
          << "row " << row << " channel " << c;
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
        const int64_t channels = 32 * (1 + rows % 4);
        for (int64_t exponent : {0, 80, 104}) {
          SCOPED_TRACE(testing::Message()
                       << rows << " rows, group " << group << ", window of "
                       << window.left << " and " << window.right
                       << ", exponent " << exponent);
          ASSERT_NO_FATAL_FAILURE(
              checkQuery(GetParam(), item, channels, exponent, random));
        }
      }
}

INSTANTIATE_TEST_SUITE_P(Table, QueryTest,
                         testing::ValuesIn(kernelsOf("query")), kernelTestName);

} // namespace fp8attn::test
