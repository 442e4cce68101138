//===- Merge.cpp - merge of partial results in double precision -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Merge.h"

#include <cmath>
#include <limits>

using namespace fp8attn::reference;

/// Unit roundoffs.
static constexpr double kUnitBf16 = 1.0 / (1 << 8);
static constexpr double kUnitF16 = 1.0 / (1 << 11);
static constexpr double kUnitF32 = 1.0 / (1 << 24);

/// Half of the smallest f16.
static constexpr double kUnderflowF16 = 1.0 / (1 << 25);

/// Below this, f32 results lose their relative precision.
static constexpr double kSmallestNormal = std::numeric_limits<float>::min();

/// A weight is an exponential by a polynomial over a sum of two.
static constexpr double kWeightRounding = 16;
/// The exponent is the difference of two log-sum-exps, rounded, times a rounded
/// log2(e), rounded.
static constexpr double kDifferenceRounding = 3;
/// The logarithm of a number in [1, 2] by a polynomial, and the sum.
static constexpr double kLseRounding = 8;

/// Returns the error of rounding `value` to `type`.
static double roundingError(double value, fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_BF16:
    return kUnitBf16 * std::abs(value);
  case FP8ATTN_TYPE_F16:
    return kUnitF16 * std::abs(value) + kUnderflowF16;
  default:
    return kUnitF32 * std::abs(value);
  }
}

MergeResult fp8attn::reference::merge(const PartialResult &first,
                                      const PartialResult &second,
                                      fp8attn_type partType,
                                      fp8attn_type outType) {
  const double kNoKeys = -std::numeric_limits<double>::infinity();
  const size_t rows = first.lse.size();
  const size_t channels = rows == 0 ? 0 : first.out.size() / rows;
  MergeResult result;
  for (size_t row = 0; row < rows; ++row) {
    const double a = first.lse[row], b = second.lse[row];
    const double max = std::fmax(a, b);
    if (a == kNoKeys || b == kNoKeys) {
      // The other part is copied: rounding is the only error.
      const PartialResult &part = a == kNoKeys ? second : first;
      result.lse.push_back(max);
      result.allowedLseError.push_back(0);
      for (size_t i = row * channels; i < (row + 1) * channels; ++i) {
        result.out.push_back(a == b ? 0 : part.out[i]);
        result.allowedOutError.push_back(
            partType == outType ? 0
                                : roundingError(result.out.back(), outType));
      }
      continue;
    }
    const double firstWeight = std::exp(a - max),
                 secondWeight = std::exp(b - max);
    const double sum = firstWeight + secondWeight;
    result.lse.push_back(max + std::log(sum));
    result.allowedLseError.push_back(kLseRounding * kUnitF32 *
                                     (1 + std::abs(result.lse.back())));
    const double weightError =
        kUnitF32 * (kWeightRounding + kDifferenceRounding * std::abs(a - b));
    for (size_t i = row * channels; i < (row + 1) * channels; ++i) {
      const double x = firstWeight / sum * first.out[i];
      const double y = secondWeight / sum * second.out[i];
      result.out.push_back(x + y);
      result.allowedOutError.push_back(
          roundingError(x + y, outType) +
          weightError * (std::abs(x) + std::abs(y)) + kSmallestNormal);
    }
  }
  return result;
}
