//===- vector_math.h - exp2 and bf16 conversions on vectors -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elementwise helpers on 16 floats. The bf16 conversions keep denormals, which
// vcvtneps2bf16 would flush.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_VECTOR_MATH_H
#define FP8ATTN_X86_AVX512_VECTOR_MATH_H

#include "common/exp2_coefficients.h"
#include "common/fp8_format.h"
#include "x86_avx512/vectors.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// 2^exponent * 2^x, as exactly as kExp2Coefficients are: their polynomial for
/// the fraction, and vscalefps for the floor. -inf gives exactly 0. The
/// exponent is in the coefficients, exactly.
class ScaledExp2 {
public:
  explicit ScaledExp2(float exponent) {
    for (int i = 0; i <= kExp2Degree; ++i)
      c[i] = _mm512_scalef_ps(_mm512_set1_ps(kExp2Coefficients[i]),
                              _mm512_set1_ps(exponent));
  }

  __m512 operator()(__m512 x) const {
    constexpr int kMinusFloor = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
    const __m512 f = _mm512_reduce_ps(x, kMinusFloor);
    __m512 power = c[kExp2Degree];
#pragma GCC unroll 8
    for (int i = kExp2Degree - 1; i >= 0; --i)
      power = _mm512_fmadd_ps(power, f, c[i]);
    return _mm512_scalef_ps(power, x);
  }

private:
  __m512 c[kExp2Degree + 1];
};

/// Returns 16 bf16 as floats.
inline __m512 floatFromBf16(__m256i words) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16));
}

/// Returns the bits of floats rounded to nearest even bf16, in the high half of
/// each lane; NaN stays NaN, made quiet.
inline __m512i roundToBf16(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd =
      _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded =
      _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  return _mm512_mask_or_epi32(rounded, _mm512_cmpunord_ps_mask(x, x), bits,
                              _mm512_set1_epi32(0x400000));
}

inline __m256i bf16FromFloat(__m512 x) {
  return simd::highWords(roundToBf16(x));
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_VECTOR_MATH_H
