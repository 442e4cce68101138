//===- exp2_log2.h - exp2, log2 and ceil without libc -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels may not call libc, and without SSE4.1 even floorf is a call. These
// are branch-free, so that loops over them vectorise for any ISA.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_EXP2_LOG2_H
#define FP8ATTN_COMMON_EXP2_LOG2_H

#include "common/fp8_format.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Adding and subtracting this rounds to the nearest integer, ties to even, any
/// float of magnitude up to 2^22.
constexpr float kIntegerRounder = 0x1.8p23f;

/// Returns the smallest integer >= value; infinities and NaN as they are.
constexpr float ceilToInteger(float value) {
  const float nearest = (value + kIntegerRounder) - kIntegerRounder;
  const float up = nearest < value ? nearest + 1 : nearest;
  const float magnitude = floatFromBits(floatBits(value) & kFloatMagnitude);
  return magnitude < 0x1p22f ? up : value;
}

/// Returns 2^value with a relative error below 3e-7; 0 below -150, infinity
/// from 128 on; NaN stays NaN. A result below the smallest normal float is
/// rounded to a subnormal.
constexpr float exp2Polynomial(float value) {
  float x = value < -150 ? -150 : value;
  x = x > 128 ? 128 : x;
  const float rounded = x + kIntegerRounder;
  const float fraction = x - (rounded - kIntegerRounder);
  // Taylor series of 2^f on [-1/2, 1/2]: the next term is below 1.2e-7.
  float power = 0x1.430912p-13f;
  power = power * fraction + 0x1.5d87fep-10f;
  power = power * fraction + 0x1.3b2ab6p-7f;
  power = power * fraction + 0x1.c6b08ep-5f;
  power = power * fraction + 0x1.ebfbep-3f;
  power = power * fraction + 0x1.62e43p-1f;
  power = power * fraction + 1;
  // The rounded integer is in the low bits. Its power of two goes in as two
  // factors, because 2^-150 and 2^128 are not normal floats. NaN leaves any
  // bits here, hence unsigned arithmetic; it is in `power` as well.
  const uint32_t integer = floatBits(rounded) - floatBits(kIntegerRounder);
  const uint32_t low = static_cast<uint32_t>(static_cast<int32_t>(integer) / 2);
  const uint32_t high = integer - low;
  const float first = floatFromBits((low + kFloatBias) << kFloatMantissaBits);
  const float second = floatFromBits((high + kFloatBias) << kFloatMantissaBits);
  return power * first * second;
}

/// Returns log2(value) of a normal positive float with an error below 2e-7
/// times max(1, abs(result)); infinity and NaN as they are.
constexpr float log2Polynomial(float value) {
  const uint32_t bits = floatBits(value);
  // Write the value as 2^exponent * mantissa with the mantissa in
  // [sqrt(1/2), sqrt(2)).
  const uint32_t offset = bits - floatBits(0x1.6a09e6p-1f);
  const int32_t exponent = static_cast<int32_t>(offset) >> kFloatMantissaBits;
  const float mantissa = floatFromBits(
      bits - (static_cast<uint32_t>(exponent) << kFloatMantissaBits));
  // ln(m) = 2 atanh((m - 1) / (m + 1)), of magnitude below 0.172.
  const float s = (mantissa - 1) / (mantissa + 1);
  const float square = s * s;
  float series = 1.0f / 9;
  series = series * square + 1.0f / 7;
  series = series * square + 1.0f / 5;
  series = series * square + 1.0f / 3;
  series = series * square + 1;
  constexpr float kTwoOverLn2 = 0x1.715476p1f;
  const float result = static_cast<float>(exponent) + kTwoOverLn2 * s * series;
  return (bits & kFloatMagnitude) < kFloatInf ? result : value;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_EXP2_LOG2_H
