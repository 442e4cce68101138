//===- quantize.h - floats to cache elements --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// code = FP8(value / scale): round to nearest even, saturate to finite, NaN of
// either sign is 0x7f, the sign of zero kept. The division is a true one;
// rounding adds the power of two whose last place is that of the code, which
// for subnormal codes is the smallest value.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_QUANTIZE_H
#define FP8ATTN_X86_AVX512_QUANTIZE_H

#include "common/fp8_format.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bits of a format that the quantiser needs.
template <class Format> struct QuantizeFormat;
template <> struct QuantizeFormat<E4M3> {
  static constexpr int kMantissaBits = 3;
  static constexpr int kBias = 7;
};
template <> struct QuantizeFormat<E5M2> {
  static constexpr int kMantissaBits = 2;
  static constexpr int kBias = 15;
};

/// Quantises 16 floats at a time by one scale.
template <class Format> class Quantizer {
public:
  explicit Quantizer(float scale) : scale(_mm512_set1_ps(scale)) {}

  /// Returns the codes, each in the low byte of its lane, the rest 0.
  __m512i operator()(__m512 value) const {
    const __m512 x = _mm512_div_ps(value, scale);
    const __m512i bits = _mm512_castps_si512(x);
    // NaN compares as a large integer and saturates too.
    const __m512i magnitude =
        _mm512_min_epu32(_mm512_and_si512(bits, set(kFloatMagnitude)),
                         set(floatBits(Format::decode(Format::kMaxFinite))));
    const __m512i exponent = _mm512_max_epu32(
        _mm512_and_si512(magnitude, set(kFloatInf)), set(kMinExponent));
    const __m512i rounder = _mm512_add_epi32(exponent, set(kRounder));
    const __m512 sum = _mm512_add_ps(_mm512_castsi512_ps(magnitude),
                                     _mm512_castsi512_ps(rounder));
    // Ulps of the code, plus what its exponent is worth.
    const __m512i ulps = _mm512_sub_epi32(_mm512_castps_si512(sum), rounder);
    const __m512i binade = _mm512_srli_epi32(
        _mm512_sub_epi32(exponent, set(kMinExponent)), kMantissaShift);
    const __m512i code = _mm512_add_epi32(ulps, binade);
    constexpr int kOrAnd = 0xf8; // a | (b & c)
    const __m512i result = _mm512_ternarylogic_epi32(
        code, _mm512_srli_epi32(bits, 24), set(0x80), kOrAnd);
    return _mm512_mask_mov_epi32(result, _mm512_cmpunord_ps_mask(x, x),
                                 set(Format::kNan));
  }

private:
  using Fields = QuantizeFormat<Format>;
  static constexpr int kMantissaShift =
      kFloatMantissaBits - Fields::kMantissaBits;
  /// Exponent field of the smallest normal value.
  static constexpr uint32_t kMinExponent =
      static_cast<uint32_t>(kFloatBias + 1 - Fields::kBias)
      << kFloatMantissaBits;
  /// Added to an exponent field: the power of two with the code's last place.
  static constexpr uint32_t kRounder = static_cast<uint32_t>(kMantissaShift)
                                       << kFloatMantissaBits;

  static __m512i set(uint32_t bits) {
    return _mm512_set1_epi32(static_cast<int>(bits));
  }

  __m512 scale;
};

/// A bf16 cache is not quantised.
template <> class Quantizer<Bf16> {
public:
  explicit Quantizer(float) {}
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_QUANTIZE_H
