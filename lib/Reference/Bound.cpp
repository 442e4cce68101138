//===- Bound.cpp - the errors that the numerics contract allows -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bounds of docs/Numerics.md for each element and for a result as a whole.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace fp8attn::reference;

/// Unit roundoffs.
static constexpr double kUnitBf16 = 1.0 / (1 << 8);
static constexpr double kUnitF16 = 1.0 / (1 << 11);
static constexpr double kUnitF32 = 1.0 / (1 << 24);

/// The result is rounded once.
static constexpr double kOutRounding = 1;
/// A probability is rounded to bf16, and so is each term of the denominator:
/// at worst one goes up where the other goes down. The last quarter is for what
/// is small beside it: exp2 by a polynomial (2^-13), scores in f32, products of
/// two errors.
static constexpr double kProbRounding = 2.25;
/// Numerator and denominator are sums of numKeys terms in f32, of any order.
static constexpr double kSumRounding = 2;
/// Mean errors of probabilities, in units of kUnitF32, for which the relative
/// L2 error of products of f32 is that of the sums.
static constexpr double kUsualProbError = 1 << 14;
/// Rounding of a log-sum-exp of products of f32, in units of kUnitF32: that of
/// a logarithm of up to 60 beside a maximum.
static constexpr double kLogRounding = 128;
/// Standard deviations by which rows may be off their usual error at once.
static constexpr double kDeviations = 3;
/// Distinct rows among which one that is alike is looked for: more than there
/// are heads between a head of one query and of the next, in most models.
static constexpr size_t kLookBack = 64;

namespace {
/// How an out is rounded.
struct OutRounding {
  /// Of its elements.
  double unit;
  /// Half of the smallest number that it keeps: the instruction that rounds to
  /// bf16 takes what is no normal number for 0.
  double smallest;
  /// What other errors are multiplied by, as they are rounded, too: with 16
  /// bits that is in the quarter.
  double ofErrors = 1;
};
} // namespace

static OutRounding roundingOf(fp8attn_type outType) {
  switch (outType) {
  case FP8ATTN_TYPE_F32:
    return {kUnitF32, 0x1p-150};
  case FP8ATTN_TYPE_F16:
    return {kUnitF16, 0x1p-25};
  case FP8ATTN_TYPE_F8E4M3FN:
    return {0x1p-4, 0x1p-10, 1 + 0x1p-4};
  case FP8ATTN_TYPE_F8E5M2:
    return {0x1p-3, 0x1p-17, 1 + 0x1p-3};
  default:
    return {kUnitBf16, 0x1p-126};
  }
}

static size_t channelsOf(const AttentionResult &result) {
  return result.lse.empty() ? 1 : result.out.size() / result.lse.size();
}

AttentionResult
fp8attn::reference::overScales(AttentionResult result, fp8attn_type outType,
                               const std::vector<double> &scales) {
  const size_t channels = channelsOf(result);
  const double largest = largestCode(outType);
  for (size_t i = 0; i < result.out.size(); ++i) {
    const double scale = scales[i / channels];
    const double quotient = result.out[i] / scale;
    // NaN stays what it is.
    result.out[i] = std::isnan(quotient)
                        ? quotient
                        : std::clamp(quotient, -largest, largest);
    result.magnitude[i] /= scale;
    if (result.f32Products)
      result.probErrors[i] /= scale;
  }
  for (size_t row = 0; row < scales.size(); ++row) {
    result.underflow[row] /= scales[row];
    result.spread[row] /= scales[row] * scales[row];
  }
  return result;
}

/// Returns what errors of the probabilities, but for sums, may come to.
static double probErrorOf(const AttentionResult &result, size_t i) {
  return result.f32Products ? kUnitF32 * result.probErrors[i]
                            : (kProbRounding + result.extraProbRoundings) *
                                  kUnitBf16 * result.magnitude[i];
}

std::vector<double>
fp8attn::reference::allowedOutError(const AttentionResult &result,
                                    fp8attn_type outType) {
  const OutRounding rounding = roundingOf(outType);
  std::vector<double> allowed(result.out.size());
  const size_t channels = channelsOf(result);
  for (size_t i = 0; i < allowed.size(); ++i)
    allowed[i] = rounding.smallest +
                 kOutRounding * rounding.unit * std::abs(result.out[i]) +
                 rounding.ofErrors *
                     (probErrorOf(result, i) +
                      kSumRounding * kUnitF32 * result.numKeys[i / channels] *
                          result.magnitude[i] +
                      result.underflow[i / channels]);
  return allowed;
}

std::vector<double>
fp8attn::reference::allowedLseError(const AttentionResult &result) {
  std::vector<double> allowed(result.lse.size());
  for (size_t i = 0; i < allowed.size(); ++i) {
    // Half of kProbRounding: only the denominator, not the numerator.
    const double probs =
        result.f32Products ? kUnitF32 * (result.meanProbError[i] + kLogRounding)
                           : kProbRounding / 2 * kUnitBf16;
    allowed[i] =
        std::isinf(result.lse[i])
            ? 0
            : probs + kSumRounding * kUnitF32 *
                          (result.numKeys[i] + std::abs(result.lse[i]));
  }
  return allowed;
}

/// Returns an element, or 0 if it is not finite and so not compared.
static double finiteOut(const AttentionResult &result, size_t index) {
  return std::isfinite(result.out[index]) ? result.out[index] : 0;
}

/// Returns whether two rows differ by less than rounding them does.
static bool areAlike(const AttentionResult &result, size_t row, size_t other,
                     double squares) {
  const size_t channels = channelsOf(result);
  const double most = kUnitBf16 * kUnitBf16 * squares;
  double distance = 0;
  for (size_t c = 0; c < channels && distance < most; ++c) {
    const double difference = finiteOut(result, row * channels + c) -
                              finiteOut(result, other * channels + c);
    distance += difference * difference;
  }
  return distance < most;
}

/// Returns the squares of the norms of rows, those that are alike as one.
static std::vector<double> squareRows(const AttentionResult &result) {
  const size_t channels = channelsOf(result);
  std::vector<double> distinct;
  std::vector<size_t> rows;
  for (size_t row = 0; row < result.lse.size(); ++row) {
    double squares = 0;
    for (size_t i = row * channels; i < (row + 1) * channels; ++i)
      squares += finiteOut(result, i) * finiteOut(result, i);
    if (squares == 0)
      continue;
    const size_t end = rows.size();
    size_t place = end - std::min(end, kLookBack);
    while (place < end && !areAlike(result, row, rows[place], squares))
      ++place;
    if (place == end) {
      rows.push_back(row);
      distinct.push_back(0);
    }
    distinct[place] += squares;
  }
  return distinct;
}

/// Returns the number of rows by weight, given the squares of their norms.
static double countRows(const std::vector<double> &rowSquares) {
  // In units of the largest row: squares of squares would leave the range.
  const double largest =
      *std::max_element(rowSquares.begin(), rowSquares.end());
  double weights = 0, weightSquares = 0;
  for (double square : rowSquares) {
    const double weight = square / largest;
    weights += weight;
    weightSquares += weight * weight;
  }
  return weights * weights / weightSquares;
}

/// Returns the relative L2 error of a result whose products are of f32, but for
/// underflow and the rounding of `out`. `spread` is S.
static double f32RelativeL2(const AttentionResult &result, double spread) {
  double probError = kUsualProbError;
  for (double error : result.meanProbError)
    probError = std::max(probError, error);
  return kAllowedRelativeL2OfF32 * (probError / kUsualProbError) *
         std::sqrt(std::max(1.0, (1 + spread) / 2));
}

double fp8attn::reference::allowedRelativeL2(const AttentionResult &result,
                                             fp8attn_type outType) {
  const OutRounding rounding = roundingOf(outType);
  double lost = 0, common = 0;
  const size_t channels = channelsOf(result);
  for (size_t i = 0; i < result.out.size(); ++i) {
    if (!std::isfinite(result.out[i]))
      continue;
    const size_t row = i / channels;
    const double floor = rounding.smallest + result.underflow[row];
    const double error = kUnitBf16 * result.commonRounding[row] * result.out[i];
    lost += floor * floor;
    common += error * error;
  }
  const std::vector<double> rowSquares = squareRows(result);
  if (rowSquares.empty())
    return std::numeric_limits<double>::infinity();
  const double squares =
      std::accumulate(rowSquares.begin(), rowSquares.end(), 0.0);
  const double spread =
      std::accumulate(result.spread.begin(), result.spread.end(), 0.0);
  if (result.f32Products)
    return (outType == FP8ATTN_TYPE_F32 ? 0 : rounding.unit) +
           rounding.ofErrors * (f32RelativeL2(result, spread / squares) +
                                std::sqrt(lost / squares));
  const double probs = (1 + result.extraProbRoundings) * spread / squares;
  const double allowed =
      kAllowedRelativeL2 * std::sqrt(std::max(1.0, (1 + probs) / 2)) *
          std::min(2.0, 1 + kDeviations / std::sqrt(countRows(rowSquares))) +
      (std::sqrt(lost) + std::sqrt(common)) / std::sqrt(squares);
  const bool isFp8 = rounding.ofErrors > 1;
  return rounding.ofErrors * allowed + (isFp8 ? rounding.unit : 0);
}
