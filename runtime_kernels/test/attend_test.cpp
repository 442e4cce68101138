//===- attend_test.cpp - attention over whole runs ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The fused kernels, and the separate ones in a loop, against attention in
// double precision; and that the two agree bit by bit.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "run_attention.h"

#include <array>
#include <map>
#include <math.h>

namespace fp8attn::test {

class AttendTest : public KernelTest {};

/// Checks a state against the reference of its problem.
static void checkState(const KernelUnderTest &kernel,
                       const AttentionState &state,
                       const AttentionReference &reference) {
  ASSERT_TRUE(matches(reference, state.out(kernel.row->exponent)));
  for (int64_t row = 0; row < state.acc.rows; ++row) {
    const double expected = reference.logSum[static_cast<size_t>(row)];
    if (expected == -INFINITY)
      ASSERT_EQ(state.sum[static_cast<size_t>(row)], 0) << "row " << row;
    else
      // Relative error of a sum of rounded probabilities, in log2, and f32
      // errors of the scores, which are below 100.
      ASSERT_NEAR(state.logSum(row), expected,
                  probEpsilon(queryType) * M_LOG2E + 100 * 256 * kEpsF32)
          << "row " << row;
  }
}

/// Checks both ways for one shape.
static void checkShape(const KernelUnderTest &kernel, int64_t rows,
                       int64_t keys, int64_t keyChannels, int64_t valueChannels,
                       int64_t pageTokens, bool causal, int64_t window) {
  SCOPED_TRACE(testing::Message()
               << rows << " rows, " << keys << " keys, " << keyChannels << "/"
               << valueChannels << " channels, pages of " << pageTokens
               << (causal ? ", causal" : "") << ", window of " << window);
  Random random(static_cast<unsigned>(rows * 1000 + keys));
  const PagedCache cache(
      {kernel.row->cache, keys, keyChannels, valueChannels, pageTokens},
      random);
  AttentionProblem problem = randomProblem(cache, rows, causal, random);
  narrowWindows(problem, window);
  const AttentionState fused = runAttend(kernel, problem);
  ASSERT_NO_FATAL_FAILURE(checkState(kernel, fused, computeReference(problem)));
  const AttentionState separate = runSeparate(kernel, problem);
  for (int64_t row = 0; row < rows; ++row)
    ASSERT_NO_FATAL_FAILURE(expectSameBits(fused, row, separate, row));
}

TEST_P(AttendTest, EveryShape) {
  size_t n = 0;
  for (int64_t rows : {1, 3, 4, 8, 15, 16})
    for (int64_t keys : {1, 31, 32, 33, 255, 256, 257, 700}) {
      ASSERT_NO_FATAL_FAILURE(
          checkShape(GetParam(), rows, keys,
                     takeTurns({64, 128, 8, 24, 40, 72, 96, 256, 576}, n),
                     takeTurns({128, 96, 64, 576, 256, 8, 40, 24, 72, 48}, n),
                     takeTurns({32, 64, 96}, n), n % 2,
                     takeTurns({1000, 20, 300, 1000, 1}, n)));
      ++n;
    }
}

// Blocks of more rows, as prefill has them, by the separate kernels.
TEST_P(AttendTest, SeparateKernelsOfManyRows) {
  for (int64_t rows : {17, 47, 48})
    for (int64_t keys : {31, 300}) {
      Random random(static_cast<unsigned>(rows * 1000 + keys));
      const PagedCache cache({GetParam().row->cache, keys, 64, 96, 64}, random);
      // With fewer keys than rows, the first rows see none.
      const AttentionProblem problem = randomProblem(cache, rows, true, random);
      ASSERT_NO_FATAL_FAILURE(checkState(GetParam(),
                                         runSeparate(GetParam(), problem),
                                         computeReference(problem)))
          << rows << " rows, " << keys << " keys";
    }
}

// A run begins at its first key, at any granule: page numbers before it are not
// read, and a row has the same bits as if the keys before, of which it sees
// nothing, were computed.
TEST_P(AttendTest, RunBeginsAtItsFirstKey) {
  constexpr int64_t kKeys = 1100, kWindow = 290;
  for (int64_t first : {256, 288, 480, 512, 768, 800})
    for (int64_t pageTokens : {32, 64, 96}) {
      Random random(34);
      PagedCache cache({GetParam().row->cache, kKeys, 128, 64, pageTokens},
                       random);
      AttentionProblem problem = randomProblem(cache, 4, true, random);
      narrowWindows(problem, kWindow);
      const AttentionState whole = runAttend(GetParam(), problem);
      ASSERT_GE(problem.rowBegin[0], first);
      cache.beginAt(first);
      const AttentionState fused = runAttend(GetParam(), problem);
      const AttentionState separate = runSeparate(GetParam(), problem);
      for (int64_t row = 0; row < 4; ++row) {
        ASSERT_NO_FATAL_FAILURE(expectSameBits(fused, row, whole, row));
        ASSERT_NO_FATAL_FAILURE(expectSameBits(fused, row, separate, row));
      }
    }
}

// What is fetched of the run that comes next changes no bit.
TEST_P(AttendTest, RunsOneAfterTheOther) {
  for (int64_t rows : {1, 4, 16})
    for (int64_t keys : {1, 32, 33, 129, 700})
      for (int64_t channels : {64, 128, 576}) {
        Random random(37);
        PagedCache cache({GetParam().row->cache, keys, channels, channels, 32},
                         random);
        const AttentionProblem problem =
            randomProblem(cache, rows, false, random);
        const AttentionState alone = runAttend(GetParam(), problem);
        cache.repeat();
        const AttentionState fused = runAttend(GetParam(), problem);
        const AttentionState separate = runSeparate(GetParam(), problem);
        for (int64_t row = 0; row < rows; ++row) {
          ASSERT_NO_FATAL_FAILURE(expectSameBits(fused, row, alone, row));
          ASSERT_NO_FATAL_FAILURE(expectSameBits(separate, row, alone, row));
        }
      }
}

// Keys of a run may be taken one range after the other. The second one is what
// a run that begins there gives.
TEST_P(AttendTest, RangesOfARun) {
  constexpr int64_t kFirst = 512, kKeys = 1100;
  Random random(36);
  PagedCache cache({GetParam().row->cache, kKeys, 64, 96, 32}, random);
  AttentionProblem problem = randomProblem(cache, 4, false, random);
  const AttentionState second =
      runAttend(GetParam(), problem, kFirst, kKeys - kFirst);
  AttentionProblem before = problem;
  before.rowLimit.assign(4, kFirst);
  const AttentionState whole = runAttend(GetParam(), before);
  const AttentionState first = runAttend(GetParam(), problem, 0, kFirst);
  cache.beginAt(kFirst);
  const AttentionState alone = runAttend(GetParam(), problem);
  for (int64_t row = 0; row < 4; ++row) {
    ASSERT_NO_FATAL_FAILURE(expectSameBits(first, row, whole, row));
    ASSERT_NO_FATAL_FAILURE(expectSameBits(second, row, alone, row));
  }
}

// Rows of one block see windows that have nothing in common; each is what it is
// alone.
TEST_P(AttendTest, WindowsApart) {
  Random random(35);
  const PagedCache cache({GetParam().row->cache, 1100, 64, 96, 32}, random);
  AttentionProblem problem = randomProblem(cache, 4, false, random);
  problem.rowBegin = {0, 300, 700, 1099};
  problem.rowLimit = {10, 300, 1000, 1100};
  const AttentionState block = runAttend(GetParam(), problem);
  ASSERT_NO_FATAL_FAILURE(
      checkState(GetParam(), block, computeReference(problem)));
  for (int64_t row = 0; row < 4; ++row)
    ASSERT_NO_FATAL_FAILURE(expectSameBits(
        block, row, runAttend(GetParam(), singleRow(problem, row)), 0));
}

TEST_P(AttendTest, RowDoesNotDependOnBlock) {
  Random random(31);
  const PagedCache cache({GetParam().row->cache, 300, 64, 96, 32}, random);
  const AttentionProblem problem = randomProblem(cache, 16, true, random);
  const AttentionState block = runAttend(GetParam(), problem);
  for (int64_t row = 0; row < 16; ++row)
    ASSERT_NO_FATAL_FAILURE(expectSameBits(
        block, row, runAttend(GetParam(), singleRow(problem, row)), 0));
}

// The fused kernels may decode in other ways than the separate ones: all finite
// codes, not only those of ordinary magnitude.
TEST_P(AttendTest, EveryFiniteCode) {
  const std::string type = GetParam().row->cache;
  Random random(33);
  PagedCache cache({type, 288, 64, 64, 32}, random);
  const auto finiteCode = [&] {
    uint16_t code;
    do
      code = static_cast<uint16_t>(type == "bf16"
                                       ? random() & 0xbfff
                                       : random() % (1u << elementBits(type)));
    while (!isfinite(cacheValue(type, code)));
    return code;
  };
  for (int64_t key = 0; key < 288; ++key)
    for (int64_t c = 0; c < 64; ++c) {
      cache.setKey(key, c, finiteCode());
      cache.setValue(key, c, finiteCode());
    }
  for (int64_t rows : {1, 4, 16}) {
    AttentionProblem problem = randomProblem(cache, rows, false, random);
    for (float &scale : problem.rowScale)
      scale *= 0x1p-12f;
    const AttentionState fused = runAttend(GetParam(), problem);
    const AttentionState separate = runSeparate(GetParam(), problem);
    for (int64_t row = 0; row < rows; ++row)
      ASSERT_NO_FATAL_FAILURE(expectSameBits(fused, row, separate, row))
          << rows << " rows";
    EXPECT_TRUE(
        matches(computeReference(problem), fused.out(GetParam().row->exponent)))
        << rows << " rows";
  }
}

// A sink: one key far above all others, first or last.
TEST_P(AttendTest, SinkKey) {
  for (int64_t sink : {0, 299}) {
    Random random(32);
    PagedCache cache({GetParam().row->cache, 300, 64, 64, 32}, random);
    AttentionProblem problem = randomProblem(cache, 4, false, random);
    const std::string type = GetParam().row->cache;
    // Of e2m1, 4 and -4.
    const std::map<std::string, std::array<uint16_t, 2>> codes = {
        {"bf16", {0x40a0, 0xc0a0}}, {"e4m3", {0x4a, 0xca}},
        {"e5m2", {0x45, 0xc5}},     {"e2m1", {6, 0xe}},
        {"i8", {5, 0xfb}},          {"i4", {5, 0xb}}};
    const auto [five, minusFive] = codes.at(type);
    for (int64_t c = 0; c < 64; ++c)
      cache.setKey(sink, c, signbit(problem.query.at(0, c)) ? minusFive : five);
    for (float &scale : problem.rowScale)
      scale *= 3;
    const AttentionState state = runAttend(GetParam(), problem);
    EXPECT_TRUE(
        matches(computeReference(problem), state.out(GetParam().row->exponent)))
        << "sink " << sink;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, AttendTest,
                         testing::ValuesIn(kernelsOf("attend")),
                         kernelTestName);

} // namespace fp8attn::test
