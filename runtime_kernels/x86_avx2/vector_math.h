//===- vector_math.h - exp2 and bf16 conversions on vectors -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elementwise helpers on 16 floats, as in x86_avx512/vector_math.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX2_VECTOR_MATH_H
#define FP8ATTN_X86_AVX2_VECTOR_MATH_H

#include "common/exp2_coefficients.h"
#include "common/fp8_format.h"
#include "x86_avx2/vectors.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// 2^exponent * 2^x as on AVX-512, the integer part added to a float's
/// exponent. Results below 2^-126 are 0, exactly so for -inf.
class ScaledExp2 {
public:
  explicit ScaledExp2(float exponent)
      : lowest(_mm256_set1_ps(-kFloatBias - exponent)),
        highest(_mm256_set1_ps(kFloatBias + 1 - exponent)),
        bias(_mm256_set1_epi32(static_cast<int>(exponent) + kFloatBias)) {}

  simd::Floats operator()(simd::Floats x) const {
    return {half(x.low), half(x.high)};
  }

private:
  __m256 half(__m256 x) const {
    // With NaN as the second operand, min and max give NaN. The lowest integer
    // has the exponent field of 0, the highest that of infinity.
    const __m256 y = _mm256_min_ps(highest, _mm256_max_ps(lowest, x));
    const __m256 floor =
        _mm256_round_ps(y, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m256 f = _mm256_sub_ps(y, floor);
    __m256 power = _mm256_set1_ps(kExp2Coefficients[kExp2Degree]);
#pragma GCC unroll 8
    for (int i = kExp2Degree - 1; i >= 0; --i)
      power = _mm256_fmadd_ps(power, f, _mm256_set1_ps(kExp2Coefficients[i]));
    const __m256i field = _mm256_add_epi32(_mm256_cvtps_epi32(floor), bias);
    return _mm256_mul_ps(power, _mm256_castsi256_ps(_mm256_slli_epi32(
                                    field, kFloatMantissaBits)));
  }

  __m256 lowest, highest;
  __m256i bias;
};

/// Returns 16 bf16 as floats.
inline simd::Floats floatFromBf16(simd::Words words) {
  return simd::asFloats(simd::shiftLeft32<16>(simd::widen(words)));
}

/// Returns the bits of floats rounded to nearest even bf16, in the high half of
/// each lane; NaN stays NaN, made quiet.
inline simd::Line roundToBf16(simd::Floats x) {
  using namespace simd;
  const Line bits = bitsOf(x);
  const Line odd = bitAnd(shiftRight32<16>(bits), set32(1));
  const Line rounded = add32(add32(bits, set32(0x7fff)), odd);
  return ifNan(x, bitOr(bits, set32(0x400000)), rounded);
}

inline simd::Words bf16FromFloat(simd::Floats x) {
  return simd::highWords(roundToBf16(x));
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX2_VECTOR_MATH_H
