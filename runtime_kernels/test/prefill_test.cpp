//===- prefill_test.cpp - attention of many rows over whole runs ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The prefill kernels against the separate ones, bit by bit: those are compared
// with double precision in attend_test.cpp. Both take a row's keys in the same
// steps, whatever blocks, chunks and streams the fused kernel makes of them.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "run_attention.h"

#include <algorithm>
#include <math.h>

namespace fp8attn::test {

class PrefillTest : public KernelTest {
protected:
  std::string type() const { return GetParam().row->cache; }

  /// Runs a problem at once, and block by block with the separate kernels.
  void checkProblem(const AttentionProblem &problem) {
    const AttentionState fused = runAttend(GetParam(), problem);
    const int64_t rows = problem.query.rows;
    for (int64_t first = 0; first < rows; first += FP8ATTN_BLOCK_ROWS) {
      const int64_t count = std::min<int64_t>(rows - first, FP8ATTN_BLOCK_ROWS);
      const AttentionState separate =
          runSeparate(GetParam(), someRows(problem, first, count));
      for (int64_t row = 0; row < count; ++row)
        ASSERT_NO_FATAL_FAILURE(
            expectSameBits(fused, first + row, separate, row))
            << "in the block from row " << first << " on";
    }
  }
};

// Blocks with less than three row tiles, with padded ones and with all; chunks
// of 256 keys (576 channels) and of more; every number of columns and of steps
// of depth that is done in another way.
TEST_P(PrefillTest, EveryShape) {
  size_t n = 0;
  for (int64_t rows : {1, 17, 32, 33, 47, 48, 49, 100, 145})
    for (int64_t keys : {1, 33, 256, 257, 544, 700}) {
      const int64_t keyChannels =
          takeTurns({64, 128, 32, 96, 256, 576, 160, 8, 192}, n);
      const int64_t valueChannels =
          takeTurns({128, 64, 16, 576, 256, 96, 32, 48, 8, 512, 128}, n);
      const int64_t pageTokens = takeTurns({32, 64, 96}, n);
      const int64_t window = takeTurns({1000, 20, 300, 1000, 1}, n);
      SCOPED_TRACE(testing::Message()
                   << rows << " rows, " << keys << " keys, " << keyChannels
                   << "/" << valueChannels << " channels, pages of "
                   << pageTokens << ", window of " << window);
      Random random(static_cast<unsigned>(rows * 1000 + keys));
      const PagedCache cache(
          {type(), keys, keyChannels, valueChannels, pageTokens}, random);
      AttentionProblem problem = randomProblem(cache, rows, n % 2, random);
      narrowWindows(problem, window);
      ASSERT_NO_FATAL_FAILURE(checkProblem(problem));
      ++n;
    }
}

// Granules of which any number of tokens exists, for few rows and for many,
// whose last block of rows is a third or two thirds of one.
TEST_P(PrefillTest, EveryTail) {
  for (int64_t rows : {20, 40, 54})
    for (int64_t keys = 1; keys <= 2 * FP8ATTN_GRANULE; ++keys) {
      Random random(static_cast<unsigned>(keys));
      const PagedCache cache({type(), keys, 32, 48, 32}, random);
      ASSERT_NO_FATAL_FAILURE(
          checkProblem(randomProblem(cache, rows, false, random)))
          << rows << " rows, " << keys << " keys";
    }
}

// Behind the end of a run there may be values or NaN.
TEST_P(PrefillTest, TailDoesNotMatter) {
  const uint16_t nan = type() == "bf16" ? 0x7fc0 : 0x7f;
  for (int64_t rows : {20, 40})
    for (int64_t keys : {1, 37, 290}) {
      Random random(static_cast<unsigned>(keys));
      PagedCache cache({type(), keys + 20, 64, 96, 96}, random);
      cache.endAt(keys);
      const AttentionProblem problem =
          randomProblem(cache, rows, false, random);
      ASSERT_NO_FATAL_FAILURE(checkProblem(problem));
      const AttentionState values = runAttend(GetParam(), problem);
      for (int64_t key = keys; key < keys + 20; ++key)
        for (int64_t c = 0; c < 64; ++c) {
          cache.setKey(key, c, nan);
          cache.setValue(key, c, nan);
        }
      const AttentionState special = runAttend(GetParam(), problem);
      for (int64_t row = 0; row < rows; ++row)
        ASSERT_NO_FATAL_FAILURE(expectSameBits(values, row, special, row));
    }
}

// Right, and not only alike.
TEST_P(PrefillTest, AgainstTheReference) {
  Random random(61);
  const PagedCache cache({type(), 1100, 128, 64, 32}, random);
  const AttentionProblem problem = randomProblem(cache, 50, true, random);
  EXPECT_TRUE(
      matches(computeReference(problem),
              runAttend(GetParam(), problem).out(GetParam().row->exponent)));
}

// Scores that rise by far more than the threshold in a later step, of some rows
// of a block: their maxima are found again, and others' are not touched.
TEST_P(PrefillTest, RisingScores) {
  const std::pair<int64_t, int64_t> cases[] = {{256, 96}, {287, 96}, {530, 96},
                                               {767, 96}, {287, 24}, {767, 24}};
  for (auto [key, rows] : cases) {
    Random random(62);
    PagedCache cache({type(), 768, 64, 64, 32}, random);
    AttentionProblem problem = randomProblem(cache, rows, false, random);
    // The keys' product with row r is about 2 * 64 * |q|, or less.
    for (int64_t c = 0; c < 64; ++c) {
      cache.setKey(key, c, codeOfTwo(type()));
      for (int64_t row = 0; row < rows; ++row)
        if (row % 5 == 1)
          problem.query.at(row, c) = fabsf(problem.query.at(row, c));
    }
    for (float &scale : problem.rowScale)
      scale *= 8;
    const AttentionState state = runAttend(GetParam(), problem);
    // The test is of nothing if the first step has all maxima.
    AttentionProblem before = problem;
    before.rowLimit.assign(static_cast<size_t>(rows), 256);
    const AttentionState first = runAttend(GetParam(), before);
    EXPECT_GT(state.max[1], first.max[1] + FP8ATTN_RESCALE_THRESHOLD);
    ASSERT_NO_FATAL_FAILURE(checkProblem(problem))
        << "key " << key << ", " << rows << " rows";
  }
}

// Rows whose first score is not finite, or far below that of a later key of the
// same step: in its first granule, in the next one, and at its end.
TEST_P(PrefillTest, FirstScoresThatAreNoMaxima) {
  for (int64_t key : {1, 32, 33, 255}) {
    Random random(66);
    PagedCache cache({type(), 256, 64, 64, 32}, random);
    AttentionProblem problem = randomProblem(cache, 144, false, random);
    for (int64_t c = 0; c < 64; ++c) {
      cache.setKey(key, c, codeOfTwo(type()));
      for (int64_t row = 0; row < 144; ++row)
        if (row % 7 == 3)
          problem.query.at(row, c) = fabsf(problem.query.at(row, c));
    }
    for (size_t row = 0; row < 144; ++row)
      problem.rowScale[row] *= row % 31 == 5 ? 0x1p126f : 3;
    const AttentionState state = runAttend(GetParam(), problem);
    AttentionProblem before = problem;
    before.rowLimit.assign(144, 1);
    const AttentionState first = runAttend(GetParam(), before);
    EXPECT_GT(state.max[3], first.max[3] + FP8ATTN_RESCALE_THRESHOLD);
    int kept = 0;
    for (size_t row = 0; row < 144; ++row)
      kept += state.max[row] == first.max[row];
    EXPECT_GT(kept, 0);
    ASSERT_NO_FATAL_FAILURE(checkProblem(problem)) << "key " << key;
  }
}

// Rows that see nothing in the steps of others, in no order.
TEST_P(PrefillTest, WindowsApart) {
  Random random(63);
  const PagedCache cache({type(), 1100, 64, 96, 32}, random);
  AttentionProblem problem = randomProblem(cache, 48, false, random);
  for (size_t row = 0; row < 48; ++row) {
    problem.rowBegin[row] = static_cast<int32_t>(row * 37 % 48 * 20);
    problem.rowLimit[row] =
        problem.rowBegin[row] + static_cast<int32_t>(row * 11 % 7 * 50);
  }
  ASSERT_NO_FATAL_FAILURE(checkProblem(problem));
}

// A range of the keys of a run, which begins and ends within chunks.
TEST_P(PrefillTest, RangesOfARun) {
  constexpr int64_t kKeys = 1500;
  for (int64_t first : {256, 512, 768}) {
    Random random(64);
    PagedCache cache({type(), kKeys, 192, 576, 96}, random);
    const AttentionProblem problem = randomProblem(cache, 50, true, random);
    const AttentionState range =
        runAttend(GetParam(), problem, first, kKeys - first);
    AttentionProblem rest = problem;
    rest.rowBegin.assign(50, static_cast<int32_t>(first));
    const AttentionState all = runAttend(GetParam(), rest);
    cache.beginAt(first);
    const AttentionState alone = runAttend(GetParam(), problem);
    for (int64_t row = 0; row < 50; ++row) {
      ASSERT_NO_FATAL_FAILURE(expectSameBits(range, row, all, row));
      ASSERT_NO_FATAL_FAILURE(expectSameBits(range, row, alone, row));
    }
  }
}

// Every code, NaN and infinity among them, in keys and in values, and queries
// that make infinite scores of them.
TEST_P(PrefillTest, EveryCode) {
  Random random(65);
  PagedCache cache({type(), 600, 64, 64, 32}, random);
  const uint16_t bits = type() == "bf16" ? 0xffff : 0xff;
  for (bool inKeys : {false, true}) {
    for (int64_t key = 0; key < 600; ++key)
      // Few, so that some rows stay finite in some channels.
      for (int64_t c = key % 7; c < 64; c += 19) {
        const auto code = static_cast<uint16_t>(random() & bits);
        if (inKeys)
          cache.setKey(key, c, code);
        else
          cache.setValue(key, c, code);
      }
    for (int64_t rows : {100, 25}) {
      AttentionProblem problem = randomProblem(cache, rows, true, random);
      for (float &scale : problem.rowScale)
        scale *= 0x1p-12f;
      narrowWindows(problem, 40);
      ASSERT_NO_FATAL_FAILURE(checkProblem(problem))
          << "in keys: " << inKeys << ", " << rows << " rows";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, PrefillTest,
                         testing::ValuesIn(kernelsOf("prefill")),
                         kernelTestName);

} // namespace fp8attn::test
