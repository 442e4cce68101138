//===- latent_test.cpp - values that are the first channels of keys -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention over a latent cache against that over keys and values that hold the
// same codes, bit by bit: the other tests compare the latter with double
// precision.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "run_attention.h"

#include <math.h>

#include <algorithm>
#include <cmath>

namespace fp8attn::test {

class LatentTest : public KernelTest {
protected:
  std::string type() const { return GetParam().row->cache; }

  /// Whether the kernel takes so many rows of a latent cache.
  bool takes(int64_t rows) const {
    if (GetParam().isPrefill())
      return true;
    return rows <= FP8ATTN_DECODE_ROWS &&
           (GetParam().row->isa != FP8ATTN_ISA_AMX_BF16 ||
            elementBits(type()) > 4);
  }

  /// Runs the kernel and, for a block of rows, the separate ones.
  std::vector<AttentionState> run(const AttentionProblem &problem) const {
    return runEachWay(GetParam(), problem, takes(problem.query.rows));
  }

  /// Compares both caches.
  void checkProblem(PagedCache &cache, const AttentionProblem &problem) const {
    cache.copyKeysToValues();
    const std::vector<AttentionState> two = run(problem);
    cache.dropValues();
    const std::vector<AttentionState> one = run(problem);
    ASSERT_FALSE(one.empty());
    for (size_t i = 0; i < one.size(); ++i)
      for (int64_t row = 0; row < problem.query.rows; ++row)
        ASSERT_NO_FATAL_FAILURE(expectSameBits(two[i], row, one[i], row))
            << (takes(problem.query.rows) && i == 0 ? "fused" : "separate");
  }

  std::vector<int64_t> rowCounts() const {
    return GetParam().isPrefill()
               ? std::vector<int64_t>{1, 20, 33, 50, 100, 130}
               : std::vector<int64_t>{1, 5, 16, 48};
  }
};

TEST_P(LatentTest, AsKeysAndValues) {
  const CacheShape shapes[] = {{type(), 70, 576, 512, 32},
                               {type(), 33, 64, 48, 64},
                               {type(), 1, 40, 40, 32},
                               {type(), 600, 96, 24, 96}};
  for (const CacheShape &shape : shapes)
    for (int64_t rows : rowCounts()) {
      SCOPED_TRACE(testing::Message()
                   << rows << " rows, " << shape.numKeys << " keys, "
                   << shape.keyChannels << "/" << shape.valueChannels
                   << " channels, pages of " << shape.pageTokens);
      Random random(static_cast<unsigned>(rows));
      PagedCache cache(shape, random);
      AttentionProblem problem = randomProblem(cache, rows, true, random);
      narrowWindows(problem, 400);
      ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
    }
}

// A few NaN and infinities anywhere, also behind the last key that is seen and
// in channels that are no values.
TEST_P(LatentTest, EveryCode) {
  const uint16_t bits = type() == "bf16" ? 0xffff : 0xff;
  for (int64_t rows : rowCounts()) {
    Random random(static_cast<unsigned>(rows));
    PagedCache cache({type(), 300, 96, 64, 32}, random);
    for (int64_t key = 0; key < 300; ++key)
      for (int64_t c = key % 7; c < 96; c += 19)
        cache.setKey(key, c, static_cast<uint16_t>(random() & bits));
    AttentionProblem problem = randomProblem(cache, rows, true, random);
    for (int32_t &limit : problem.rowLimit)
      limit = std::max(limit - 10, 0);
    for (float &scale : problem.rowScale)
      scale *= 0x1p-12f;
    narrowWindows(problem, 40);
    ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem)) << rows << " rows";
  }
}

// Keys before the first one of a run are not read.
TEST_P(LatentTest, RunBeginsAtItsFirstKey) {
  Random random(71);
  PagedCache cache({type(), 700, 64, 32, 64}, random);
  AttentionProblem problem = randomProblem(cache, 40, true, random);
  narrowWindows(problem, 200);
  cache.beginAt(448);
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
}

// Every number of columns and of steps of depth, odd ones and few among them.
TEST_P(LatentTest, EveryHeadSize) {
  size_t n = 0;
  for (int64_t keyChannels = 32; keyChannels <= FP8ATTN_MAX_CHANNELS;
       keyChannels += 32, ++n) {
    const int64_t valueChannels = takeTurns(
        {keyChannels, keyChannels - 16, (keyChannels + 63) / 64 * 16}, n);
    Random random(static_cast<unsigned>(keyChannels));
    PagedCache cache({type(), 70, keyChannels, valueChannels, 32}, random);
    ASSERT_NO_FATAL_FAILURE(checkProblem(
        cache,
        randomProblem(cache, GetParam().isPrefill() ? 34 : 7, true, random)))
        << keyChannels << "/" << valueChannels << " channels";
  }
}

// Keys that are alike have large scores that are alike, whose last bits say in
// which order channels were summed.
TEST_P(LatentTest, OrderOfChannels) {
  for (int64_t keyChannels : {96, 288, 576}) {
    Random random(74);
    PagedCache cache({type(), 70, keyChannels, 32, 32}, random);
    for (int64_t c = 0; c < keyChannels; ++c) {
      const uint16_t code = randomCode(type(), random);
      for (int64_t key = 0; key < 70; ++key)
        cache.setKey(key, c, code);
    }
    AttentionProblem problem =
        randomProblem(cache, GetParam().isPrefill() ? 100 : 16, false, random);
    for (float &scale : problem.rowScale)
      scale *= 0x1p10f;
    ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem))
        << keyChannels << " channels";
  }
}

// Granules of which any number of tokens exists, and behind them NaN.
TEST_P(LatentTest, EveryTail) {
  for (int64_t keys : {1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64}) {
    Random random(static_cast<unsigned>(keys));
    PagedCache cache({type(), keys + 20, 64, 48, 96}, random);
    cache.endAt(keys);
    const AttentionProblem problem =
        randomProblem(cache, GetParam().isPrefill() ? 40 : 16, false, random);
    ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem)) << keys << " keys";
    const AttentionState values = run(problem)[0];
    for (int64_t key = keys; key < keys + 20; ++key)
      for (int64_t c = 0; c < 64; ++c)
        cache.setKey(key, c, codeOfNan(type()));
    const AttentionState special = run(problem)[0];
    for (int64_t row = 0; row < problem.query.rows; ++row)
      ASSERT_NO_FATAL_FAILURE(expectSameBits(values, row, special, row))
          << keys << " keys";
  }
}

// Scores that rise by far more than the threshold, of some rows: in the first
// granule, in a later one, and in later steps. Others begin with a score that
// is not finite.
TEST_P(LatentTest, RisingScores) {
  for (int64_t rising : {1, 33, 255, 290, 400}) {
    for (int64_t rows : {5, 20, 40, 100}) {
      if (!GetParam().isPrefill() && rows > FP8ATTN_BLOCK_ROWS)
        continue;
      Random random(72);
      PagedCache cache({type(), 401, 64, 64, 32}, random);
      AttentionProblem problem = randomProblem(cache, rows, false, random);
      for (int64_t c = 0; c < 64; ++c) {
        cache.setKey(rising, c, codeOfTwo(type()));
        for (int64_t row = 3; row < rows; row += 7)
          problem.query.at(row, c) = fabsf(problem.query.at(row, c));
      }
      for (size_t row = 0; row < static_cast<size_t>(rows); ++row)
        problem.rowScale[row] = row % 31 == 5 ? 0x1p126f : 2;
      ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem))
          << rows << " rows, key " << rising;
    }
  }
}

// A first score of -infinity, in the first granule of all rows.
TEST_P(LatentTest, FirstScoreIsInfinite) {
  const int64_t rows = GetParam().isPrefill() ? 40 : 16;
  Random random(75);
  PagedCache cache({type(), 70, 64, 64, 32}, random);
  AttentionProblem problem = randomProblem(cache, rows, false, random);
  for (int64_t c = 0; c < 64; ++c) {
    for (int64_t key = 0; key < 70; ++key)
      cache.setKey(key, c, key == 0 ? codeOfTwo(type()) : 0);
    for (int64_t row = 0; row < rows; ++row)
      problem.query.at(row, c) = -fabsf(problem.query.at(row, c));
  }
  problem.rowScale.assign(static_cast<size_t>(rows), 0x1p126f);
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
  EXPECT_EQ(run(problem)[0].max[0], 0);
}

// NaN in a later granule, and in a later step, which some rows see.
TEST_P(LatentTest, KeysThatAreNan) {
  const int64_t rows = GetParam().isPrefill() ? 40 : 16;
  Random random(76);
  PagedCache cache({type(), 300, 64, 48, 32}, random);
  AttentionProblem problem = randomProblem(cache, rows, false, random);
  // One that is no value, and one that is.
  cache.setKey(177, 63, codeOfNan(type()));
  cache.setKey(290, 5, codeOfNan(type()));
  for (int64_t row = 0; row < rows; ++row) {
    problem.rowLimit[static_cast<size_t>(row)] =
        static_cast<int32_t>(rows - row) * 300 / static_cast<int32_t>(rows);
    problem.rowScale[static_cast<size_t>(row)] = 0x1p-6f;
  }
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
  const AttentionState state = run(problem)[0];
  EXPECT_EQ(std::isfinite(state.sum[0]), !hasNan(type()));
  EXPECT_TRUE(std::isfinite(state.sum[static_cast<size_t>(rows) - 1]));
}

// Rows that see nothing in the steps of others, in no order.
TEST_P(LatentTest, WindowsApart) {
  const int64_t rows = GetParam().isPrefill() ? 270 : 16;
  Random random(73);
  PagedCache cache({type(), 1100, 64, 48, 32}, random);
  AttentionProblem problem = randomProblem(cache, rows, false, random);
  for (int64_t row = 0; row < rows; ++row) {
    const auto r = static_cast<size_t>(row);
    problem.rowBegin[r] = static_cast<int32_t>(row * 37 % 48 * 20);
    problem.rowLimit[r] =
        problem.rowBegin[r] + static_cast<int32_t>(row * 11 % 7 * 50);
  }
  ASSERT_NO_FATAL_FAILURE(checkProblem(cache, problem));
}

INSTANTIATE_TEST_SUITE_P(Table, LatentTest,
                         testing::ValuesIn(kernelsOf("attend")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Prefill, LatentTest,
                         testing::ValuesIn(kernelsOf("prefill")),
                         kernelTestName);

} // namespace fp8attn::test
