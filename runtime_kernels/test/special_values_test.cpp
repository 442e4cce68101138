//===- special_values_test.cpp - NaN and infinity in a cache --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NaN reaches the rows that see its key, and no other; nothing past the end of
// a run reaches any.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "run_attention.h"

#include <math.h>

namespace fp8attn::test {

class SpecialValuesTest : public KernelTest {
protected:
  static std::string type() { return GetParam().row->cache; }
};

static constexpr int64_t kKeys = 290, kRows = 5;

// Causal: row r sees 286 + r keys. Key 288 is NaN: rows 3 and 4 see it.
TEST_P(SpecialValuesTest, NanKeyReachesRowsThatSeeIt) {
  if (!hasNan(type()))
    return;
  Random random(41);
  PagedCache cache({GetParam().row->cache, kKeys, 64, 64, 32}, random);
  const AttentionProblem problem = randomProblem(cache, kRows, true, random);
  const AttentionReference reference = computeReference(problem);
  const Matrix<double> expected =
      runAttend(GetParam(), problem).out(GetParam().row->exponent);
  ASSERT_TRUE(matches(reference, expected));
  cache.setKey(288, 5, codeOfNan(type()));
  const Matrix<double> out =
      runAttend(GetParam(), problem).out(GetParam().row->exponent);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t c = 0; c < 64; ++c)
      if (row >= 3)
        ASSERT_TRUE(isnan(out.at(row, c))) << "row " << row;
      else
        ASSERT_EQ(out.at(row, c), expected.at(row, c)) << "row " << row;
}

TEST_P(SpecialValuesTest, NanValueReachesRowsThatSeeIt) {
  if (!hasNan(type()))
    return;
  Random random(42);
  PagedCache cache({GetParam().row->cache, kKeys, 64, 64, 32}, random);
  const AttentionProblem problem = randomProblem(cache, kRows, true, random);
  const Matrix<double> expected =
      runAttend(GetParam(), problem).out(GetParam().row->exponent);
  cache.setValue(288, 7, codeOfNan(type()));
  const Matrix<double> out =
      runAttend(GetParam(), problem).out(GetParam().row->exponent);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t c = 0; c < 64; ++c)
      if (row >= 3 && c == 7)
        ASSERT_TRUE(isnan(out.at(row, c))) << "row " << row;
      else
        ASSERT_EQ(out.at(row, c), expected.at(row, c))
            << "row " << row << " channel " << c;
}

// The bits of a result do not depend on what follows the last key in its
// granule and page: the cache constructor puts NaN there, this zeros and more.
TEST_P(SpecialValuesTest, TailDoesNotMatter) {
  for (int64_t keys : {1, 31, 33, 257}) {
    const CacheShape longer{GetParam().row->cache, keys + 31, 64, 64, 96};
    Random random(43);
    PagedCache cache(longer, random);
    AttentionProblem problem = randomProblem(cache, kRows, false, random);
    problem.rowLimit.assign(kRows, int32_t(keys));
    const AttentionState seen = runAttend(GetParam(), problem);
    EXPECT_TRUE(
        matches(computeReference(problem), seen.out(GetParam().row->exponent)));
    for (int64_t key = keys; key < keys + 31; ++key)
      for (int64_t c = 0; c < 64; ++c) {
        cache.setKey(key, c, codeOfNan(type()));
        cache.setValue(key, c, codeOfNan(type()));
      }
    const AttentionState masked = runAttend(GetParam(), problem);
    for (int64_t row = 0; row < kRows; ++row)
      ASSERT_NO_FATAL_FAILURE(expectSameBits(seen, row, masked, row)) << keys;
  }
}

// Fused kernels notice special values in other places than the separate ones,
// and do other work again: a few NaN and infinities anywhere give the same
// bits.
TEST_P(SpecialValuesTest, FusedAsSeparate) {
  const uint16_t infinity = type() == "bf16"   ? 0x7f80
                            : type() == "e5m2" ? 0x7c
                                               : 0;
  size_t shape = 0;
  for (unsigned seed = 0; seed < 24; ++seed) {
    Random random(seed);
    const int64_t keyChannels = takeTurns({64, 96, 40, 128}, shape);
    const int64_t valueChannels = takeTurns({128, 48, 16, 64, 96}, shape);
    const int64_t rows = takeTurns({1, 4, 16}, shape++);
    PagedCache cache({type(), 600, keyChannels, valueChannels, 32}, random);
    AttentionProblem problem = randomProblem(cache, rows, true, random);
    narrowWindows(problem, 500);
    for (int i = 0; i < 3; ++i) {
      const auto code = static_cast<uint16_t>(
          (random() % 2 && infinity ? infinity : codeOfNan(type())) |
          (random() % 2 ? type() == "bf16" ? 0x8000 : 0x80 : 0));
      const auto below = [&](int64_t limit) {
        return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
      };
      if (seed % 3 == 0)
        cache.setKey(below(600), below(keyChannels), code);
      if (seed % 3 != 0 || i == 0)
        cache.setValue(below(600), below(valueChannels), code);
    }
    const AttentionState fused = runAttend(GetParam(), problem);
    const AttentionState separate = runSeparate(GetParam(), problem);
    for (int64_t row = 0; row < rows; ++row)
      ASSERT_NO_FATAL_FAILURE(expectSameBits(fused, row, separate, row))
          << "seed " << seed << ", " << keyChannels << "/" << valueChannels
          << " channels, " << rows << " rows";
  }
}

INSTANTIATE_TEST_SUITE_P(Table, SpecialValuesTest,
                         testing::ValuesIn(kernelsOf("attend")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Prefill, SpecialValuesTest,
                         testing::ValuesIn(kernelsOf("prefill")),
                         kernelTestName);

} // namespace fp8attn::test
