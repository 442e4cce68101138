//===- BoundTest.cpp - what a result as a whole may be off by -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Results put together by hand, of which each term of the bound is known.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace fp8attn::reference;

namespace {

/// Rows of two channels, whose values are as independent as the bound assumes.
AttentionResult makeRows(const std::vector<double> &out) {
  AttentionResult result;
  result.out = out;
  const size_t rows = out.size() / 2;
  result.magnitude.resize(out.size());
  result.lse.resize(rows);
  result.numKeys.resize(rows, 1);
  result.underflow.resize(rows);
  result.commonRounding.resize(rows);
  for (size_t row = 0; row < rows; ++row)
    result.spread.push_back(out[2 * row] * out[2 * row] +
                            out[2 * row + 1] * out[2 * row + 1]);
  return result;
}

/// Sixteen rows of one norm, all different.
AttentionResult makeDistinctRows() {
  std::vector<double> out;
  for (int row = 0; row < 16; ++row) {
    out.push_back(std::cos(0.1 * row));
    out.push_back(std::sin(0.1 * row));
  }
  return makeRows(out);
}

} // namespace

TEST(AllowedRelativeL2, CountsRows) {
  EXPECT_NEAR(allowedRelativeL2(makeDistinctRows()),
              kAllowedRelativeL2 * (1 + 3 / std::sqrt(16)), 1e-9);
}

TEST(AllowedRelativeL2, CountsRowsByTheirWeight) {
  AttentionResult result = makeDistinctRows();
  for (size_t i = 2; i < result.out.size(); ++i)
    result.out[i] *= 0x1p-20;
  result.spread.assign(16, 0);
  EXPECT_NEAR(allowedRelativeL2(result), 2 * kAllowedRelativeL2, 1e-9);
}

// Pairs of rows that differ by less than their rounding.
TEST(AllowedRelativeL2, CountsRowsThatAreAlikeOnce) {
  std::vector<double> out;
  for (int row = 0; row < 32; ++row) {
    out.push_back(std::cos(0.1 * (row / 2)) + 1e-4 * (row % 2));
    out.push_back(std::sin(0.1 * (row / 2)));
  }
  EXPECT_NEAR(allowedRelativeL2(makeRows(out)),
              kAllowedRelativeL2 * (1 + 3 / std::sqrt(16)), 1e-6);
}

TEST(AllowedRelativeL2, GrowsWhereValuesCancel) {
  AttentionResult result = makeDistinctRows();
  const double independent = allowedRelativeL2(result);
  for (double &spread : result.spread)
    spread *= 7;
  EXPECT_NEAR(allowedRelativeL2(result), 2 * independent, 1e-9);
  // Probabilities that are rounded twice err by twice as much, in squares.
  result.extraProbRoundings = 1;
  EXPECT_NEAR(allowedRelativeL2(result), std::sqrt(7.5) * independent, 1e-9);
}

TEST(AllowedRelativeL2, DoesNotShrinkWhereOneKeyCounts) {
  AttentionResult result = makeDistinctRows();
  const double independent = allowedRelativeL2(result);
  result.spread.assign(16, 0);
  EXPECT_EQ(allowedRelativeL2(result), independent);
}

// Products of f32: rows err by a part of 1e-5, whatever their number, and by
// more if scores are large; a result of bf16 is rounded besides.
TEST(AllowedRelativeL2, OfProductsOfF32) {
  AttentionResult result = makeDistinctRows();
  result.f32Products = true;
  result.meanProbError.resize(16, 1000);
  const auto allowed = [&](fp8attn_type type) {
    return allowedRelativeL2(result, type);
  };
  EXPECT_NEAR(allowed(FP8ATTN_TYPE_F32), kAllowedRelativeL2OfF32, 1e-12);
  EXPECT_NEAR(allowed(FP8ATTN_TYPE_BF16), kAllowedRelativeL2OfF32 + 0x1p-8,
              1e-12);
  result.meanProbError[3] = 1 << 16;
  EXPECT_NEAR(allowed(FP8ATTN_TYPE_F32), 4 * kAllowedRelativeL2OfF32, 1e-12);
  for (double &spread : result.spread)
    spread *= 7;
  EXPECT_NEAR(allowed(FP8ATTN_TYPE_F32), 8 * kAllowedRelativeL2OfF32, 1e-12);
}

TEST(AllowedOutError, OfProductsOfF32) {
  AttentionResult result = makeRows({3, 4});
  result.f32Products = true;
  result.magnitude = {5, 6};
  result.probErrors = {100, 200};
  result.meanProbError = {50};
  result.lse = {-2};
  constexpr double kUnit = 0x1p-24;
  const std::vector<double> out = allowedOutError(result, FP8ATTN_TYPE_F32);
  EXPECT_NEAR(out[0], kUnit * (3 + 100 + 2 * 5), 1e-15);
  EXPECT_NEAR(out[1], kUnit * (4 + 200 + 2 * 6), 1e-15);
  EXPECT_NEAR(allowedLseError(result)[0], kUnit * (50 + 128 + 2 * (1 + 2)),
              1e-15);
}

// Neither decides on its own, nor makes the bound of the others NaN.
TEST(AllowedRelativeL2, LeavesOutWhatIsZeroOrNotFinite) {
  AttentionResult result = makeDistinctRows();
  const double independent = allowedRelativeL2(result);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  result.out.insert(result.out.end(), {nan, nan, 0, 0});
  for (std::vector<double> *perRow :
       {&result.lse, &result.underflow, &result.commonRounding, &result.spread})
    perRow->insert(perRow->end(), {0, 0});
  result.numKeys.insert(result.numKeys.end(), {1, 1});
  EXPECT_EQ(allowedRelativeL2(result), independent);
  EXPECT_EQ(allowedRelativeL2(makeRows({0, 0, nan, nan})),
            std::numeric_limits<double>::infinity());
}
