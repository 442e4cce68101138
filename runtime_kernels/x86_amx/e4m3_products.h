//===- e4m3_products.h - codes times scales as bf16 words -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// bf16(code * scale), the product being rounded to f32 in between, without a
// multiplication for each code. A normal e4m3 is (1 + m / 8) * 2^e, so that its
// product with a scale has one of eight mantissas, and which exponent it has
// changes nothing about rounding. Those of 16 tokens are a table of 128 bytes,
// which is what vpermi2b takes:
//
//   word = sign | 16 * u + byte[token][u % 8] + exponent[token]
//
// u being the byte of the magnitude's word (x86_vector/decode.h), in which
// subnormal codes are normal. byte[token][m] is the word of (1 + m / 8) * scale
// without the exponent of the scale, less m in its place: 0 to 255, as the
// product of the mantissas is below 4. A code of 0, whose u is 0, is told by
// its sum, and its word cleared.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_E4M3_PRODUCTS_H
#define FP8ATTN_X86_AMX_E4M3_PRODUCTS_H

#include "x86_vector/decode.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Of the scales of 16 tokens.
struct alignas(64) ProductTable {
  /// byte[token][m], tokens at kTablePlace.
  uint8_t bytes[2][64];
  /// Of each token, for both words of a dword, how much is added.
  uint32_t exponents[16];
};

/// Which place of a table a token has: what unpacking makes of them.
alignas(64) inline constexpr uint32_t kTablePlace[16] = {
    0, 1, 8, 9, 4, 5, 12, 13, 2, 3, 10, 11, 6, 7, 14, 15};

/// Whether the scales of 16 tokens have a table: none is 0 or less, NaN, or so
/// large or small that a product could leave the normal numbers of bf16.
inline bool haveTable(const float *scales) {
  const __m512 values = _mm512_load_ps(scales);
  const __mmask16 atLeast =
      _mm512_cmp_ps_mask(values, _mm512_set1_ps(0x1p-100f), _CMP_GE_OQ);
  return _mm512_mask_cmp_ps_mask(atLeast, values, _mm512_set1_ps(0x1p100f),
                                 _CMP_LE_OQ) == 0xffff;
}

/// Fills the table of 16 scales that haveTable.
inline void fillTable(const float *scales, ProductTable &table) {
  constexpr int kMantissaBits = 7, kFloatMantissa = 23;
  // Of a code's exponent field 16 is 2^0 plus what u is above it: 7 + 16.
  constexpr int kBias = 23;
  const __m512 values = _mm512_load_ps(scales);
  const __m512i exponent =
      _mm512_srli_epi32(_mm512_castps_si512(values), kFloatMantissa);
  // In both words of a dword, and of 16 tokens in words, twice.
  const auto twice = [](__m512i low) {
    return _mm512_or_si512(low, _mm512_slli_epi32(low, 16));
  };
  _mm512_store_si512(table.exponents,
                     twice(_mm512_slli_epi32(
                         _mm512_sub_epi32(exponent, _mm512_set1_epi32(kBias)),
                         kMantissaBits)));
  const __m256i half =
      _mm512_cvtepi32_epi16(_mm512_slli_epi32(exponent, kMantissaBits));
  const __m512i base =
      _mm512_inserti64x4(_mm512_castsi256_si512(half), half, 1);
  // Bytes of m and, behind those of all tokens, of m + 4, as words.
  const auto bytesOf = [&](int m) {
    const auto productOf = [&](int mantissa) {
      return _mm512_mul_ps(
          values, _mm512_set1_ps(1 + static_cast<float>(mantissa) / 8));
    };
    const auto words = reinterpret_cast<__m512i>(
        _mm512_cvtne2ps_pbh(productOf(m + 4), productOf(m)));
    const __m512i inPlace = _mm512_inserti64x4(
        _mm512_set1_epi16(static_cast<int16_t>(16 * m)),
        _mm256_set1_epi16(static_cast<int16_t>(16 * (m + 4))), 1);
    return _mm512_sub_epi16(_mm512_sub_epi16(words, base), inPlace);
  };
  const auto pairOf = [&](int m) {
    return _mm512_or_si512(bytesOf(m), _mm512_slli_epi16(bytesOf(m + 1), 8));
  };
  // In each 16 bytes, dwords of a token: m from 0, and from 4 on.
  const __m512i first = pairOf(0), second = pairOf(2);
  const __m512i early = _mm512_unpacklo_epi16(first, second);
  const __m512i late = _mm512_unpackhi_epi16(first, second);
  constexpr int kLower = 0x44, kUpper = 0xee;
  const __m512i low = _mm512_shuffle_i64x2(early, late, kLower);
  const __m512i high = _mm512_shuffle_i64x2(early, late, kUpper);
  _mm512_store_si512(table.bytes[0], _mm512_unpacklo_epi32(low, high));
  _mm512_store_si512(table.bytes[1], _mm512_unpackhi_epi32(low, high));
}

/// Makes words of lines of e4m3. Holds constants and the running maximum in
/// registers: make one for each loop.
class E4M3Products {
public:
  /// Turns to the scales of the tokens of the lines that follow.
  [[gnu::always_inline]] void useTable(const ProductTable &table) {
    early = _mm512_load_si512(table.bytes[0]);
    late = _mm512_load_si512(table.bytes[1]);
    exponents = _mm512_load_si512(table.exponents);
  }

  /// Returns the two rows of the line at `from`, of which a dword is a token.
  [[gnu::always_inline]] RowPair load(const uint8_t *from) {
    const __m512i codes = _mm512_load_si512(from);
    const __m512i u = lookup(codes);
    largest = _mm512_max_epu8(largest, u);
    const __m512i index = simd::orAnd(tokens, u, _mm512_set1_epi8(7));
    const __m512i bytes = _mm512_permutex2var_epi8(early, index, late);
    const __m512i high = _mm512_set1_epi16(static_cast<int16_t>(0xff00));
    // A byte farther or nearer, the other byte of words being anything: on
    // another port than shifts, of which there are enough.
    const __m512i later = _mm512_alignr_epi8(u, u, 15);
    const __m512i earlier = _mm512_alignr_epi8(bytes, bytes, 1);
    return {finish(simd::bitSelect(high, later, bytes),
                   _mm512_slli_epi16(codes, 8)),
            finish(simd::bitSelect(high, u, earlier), codes)};
  }

  /// Keeps what is made before this from being finished after it, as
  /// Decoder::keepOrder.
  [[gnu::always_inline]] void keepOrder() {
    asm volatile("" : "+v"(largest) : : "memory");
  }

  /// Returns whether there was a NaN, whose word is wrong.
  bool sawSpecial() const {
    return _mm512_cmpeq_epi8_mask(largest, _mm512_set1_epi8(-1)) != 0;
  }

private:
  /// Of words of a byte of the table and u.
  [[gnu::always_inline]] __m512i finish(__m512i parts, __m512i signs) const {
    const __m512i sum = _mm512_maddubs_epi16(parts, _mm512_set1_epi16(0x1001));
    const __mmask32 isNumber = _mm512_test_epi16_mask(
        sum, _mm512_set1_epi16(static_cast<int16_t>(0xff00)));
    return simd::orAnd(_mm512_maskz_add_epi16(isNumber, sum, exponents), signs,
                       _mm512_set1_epi16(static_cast<int16_t>(0x8000)));
  }

  /// Of each byte, where the bytes of its token begin.
  static __m512i tokenPlaces() {
    return _mm512_mullo_epi32(_mm512_load_si512(kTablePlace),
                              _mm512_set1_epi32(0x08080808));
  }

  const WordLookup<E4M3> lookup;
  const __m512i tokens = tokenPlaces();
  __m512i early, late, exponents;
  __m512i largest = _mm512_setzero_si512();
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_E4M3_PRODUCTS_H
