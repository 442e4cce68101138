//===- CompareTest.cpp - the judge rejects what is wrong ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A correct result, rounded as a kernel would, passes; results with the bugs
// that kernels have had do not.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Compare.h"

#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Fp8.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace fp8attn::reference;

namespace {

/// Decode of one query over 8 pages, of flat scores: the hardest case for a
/// judge, because every key counts equally little.
class CompareTest : public testing::Test {
protected:
  static constexpr int64_t kHeads = 2, kHeadDim = 64, kPage = 32, kPages = 8;
  static constexpr int64_t kKeys = kPages * kPage;

  CompareTest()
      : memory((kPages + 1) * kHeads * 2 * kPage * kHeadDim),
        queries(2 * kHeads * kHeadDim), pages(kPages) {
    std::mt19937 engine(1);
    for (uint8_t &code : memory) // Magnitudes of 1/8 to 2.
      code = 0x20 + engine() % 0x20 + (engine() % 2 ? 0x80 : 0);
    for (uint16_t &word : queries)
      word = encodeBf16(static_cast<int>(engine() % 17 - 8) / 32.0f);
    PairsCache cache =
        makePairsCache(memory.data(), Content::KeyValue, FP8ATTN_TYPE_F8E4M3FN,
                       kHeads, kHeadDim, kPage);
    call.query = {queries.data(), 1, 2 * kHeads * kHeadDim, kHeadDim};
    call.numHeads = 2 * kHeads;
    call.keys = cache.keys;
    call.values = cache.values;
    call.keyScale.values = {0.5f, 0.25f};
    call.valueScale.values = {0.75f, 1.5f};
    call.numSeqs = 1;
    call.queryStart = starts;
    call.seqLens = lengths;
    std::iota(pages.begin(), pages.end(), 0);
    call.blockTable = pages.data();
    call.tableStride = kPages;
    call.softmaxScale = 0.125;
    call.windowRight = 0;
    expected = attend(call);
  }

  /// Judges a result after rounding it to bf16.
  Comparison judge(std::vector<double> out) const {
    for (double &value : out)
      value = decodeBf16(encodeBf16(static_cast<float>(value)));
    return compare(out, expected.out, allowedOutError(expected),
                   kAllowedRelativeL2);
  }

  std::vector<uint8_t> memory;
  std::vector<uint16_t> queries;
  std::vector<int32_t> pages;
  const int32_t starts[2] = {0, 1};
  const int32_t lengths[1] = {kKeys};
  AttentionCall call;
  AttentionResult expected;
};

} // namespace

TEST_F(CompareTest, AcceptsRounding) {
  Comparison comparison = judge(expected.out);
  EXPECT_TRUE(comparison.passed) << comparison.text;
  EXPECT_LT(comparison.relativeL2, 2e-3);
}

TEST_F(CompareTest, RejectsZeroOutput) {
  EXPECT_FALSE(judge(std::vector<double>(expected.out.size())).passed);
}

TEST_F(CompareTest, RejectsShuffledValues) {
  std::vector<double> out = expected.out;
  std::swap(out[4], out[5]);
  EXPECT_FALSE(judge(out).passed);
}

TEST_F(CompareTest, RejectsADroppedScale) {
  AttentionCall broken = call;
  broken.valueScale = {};
  EXPECT_FALSE(judge(attend(broken).out).passed);
  broken = call;
  broken.keyScale = {};
  EXPECT_FALSE(judge(attend(broken).out).passed);
}

TEST_F(CompareTest, RejectsOneWrongPage) {
  pages[5] = kPages;
  EXPECT_FALSE(judge(attend(call).out).passed);
}

TEST_F(CompareTest, RejectsAMissingLastKey) {
  const int32_t shorter[1] = {kKeys - 1};
  call.seqLens = shorter;
  EXPECT_FALSE(judge(attend(call).out).passed);
}

TEST_F(CompareTest, RejectsNaN) {
  std::vector<double> out = expected.out;
  out[17] = std::numeric_limits<double>::quiet_NaN();
  Comparison comparison = judge(out);
  EXPECT_FALSE(comparison.passed);
  EXPECT_EQ(comparison.worstIndex, 17);
}

TEST_F(CompareTest, RejectsALseOfTheWrongBase) {
  std::vector<double> lse = expected.lse;
  for (double &value : lse)
    value /= std::log(2.0);
  EXPECT_TRUE(
      compare(expected.lse, expected.lse, allowedLseError(expected)).passed);
  EXPECT_FALSE(compare(lse, expected.lse, allowedLseError(expected)).passed);
}

TEST(CompareValuesTest, FindsTheWorstElement) {
  Comparison comparison = compare({1, 2.5, 3.1}, {1, 2, 3}, {1, 1, 0.05});
  EXPECT_FALSE(comparison.passed);
  EXPECT_EQ(comparison.worstIndex, 2);
  EXPECT_EQ(comparison.text,
            "failed: relative L2 error 0.136, worst element 2: got 3.1, "
            "expected 3, error 0.1 of 0.05 allowed");
}

TEST(CompareValuesTest, JudgesTheWholeToo) {
  // Each error is allowed, but all go the same way.
  const std::vector<double> actual(8, 1.01), expected(8, 1), allowed(8, 0.02);
  EXPECT_TRUE(compare(actual, expected, allowed).passed);
  Comparison comparison = compare(actual, expected, allowed, 3e-3);
  EXPECT_FALSE(comparison.passed);
  EXPECT_NE(comparison.text.find("(too large)"), std::string::npos);
}

TEST(CompareValuesTest, AcceptsEqualSpecialValues) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(compare({-inf, nan}, {-inf, nan}, {0, 0}).text,
            "passed: relative L2 error 0, worst element 0: got -inf, expected "
            "-inf, error 0 of 0 allowed");
  EXPECT_FALSE(compare({inf}, {-inf}, {0}).passed);
  EXPECT_TRUE(compare({}, {}, {}).passed);
}

TEST(CompareValuesTest, NamesTheFirstByteThatDiffers) {
  const uint8_t actual[] = {1, 2, 3}, expected[] = {1, 5, 4};
  EXPECT_EQ(compareBytes(actual, expected, 3).text,
            "failed: 2 of 3 bytes differ, first byte 1: got 0x02, expected "
            "0x05");
  EXPECT_TRUE(compareBytes(actual, expected, 1).passed);
}
