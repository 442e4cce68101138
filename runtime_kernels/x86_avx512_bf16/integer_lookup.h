//===- integer_lookup.h - integers of 8 bits to words, VBMI -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The two bytes of a magnitude's word are a vpermi2b each.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_BF16_INTEGER_LOOKUP_H
#define FP8ATTN_X86_AVX512_BF16_INTEGER_LOOKUP_H

#include "common/fp8_format.h"
#include "x86_avx512/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The bytes of the words of 0 to 127.
struct alignas(kLineBytes) IntegerTable {
  uint8_t low[128], high[128];

  constexpr IntegerTable() : low(), high() {
    for (int i = 0; i < 128; ++i) {
      const uint32_t word = floatBits(static_cast<float>(i)) >> 16;
      low[i] = static_cast<uint8_t>(word);
      high[i] = static_cast<uint8_t>(word >> 8);
    }
  }
};
inline constexpr IntegerTable kIntegerTable;

/// See x86_vector/integer_lookup.h.
class IntegerLookup {
public:
  void operator()(__m512i integers, __m512i &even, __m512i &odd) const {
    const __m512i magnitudes = _mm512_abs_epi8(integers);
    const __m512i low = _mm512_permutex2var_epi8(lows[0], magnitudes, lows[1]);
    __m512i high = _mm512_permutex2var_epi8(highs[0], magnitudes, highs[1]);
    // That of -128, 128, is found as 0, whose word has the same low byte.
    high = _mm512_mask_mov_epi8(high, _mm512_movepi8_mask(magnitudes),
                                simd::set8(0x43));
    high = simd::orAnd(high, integers, simd::set8(0x80));
    even = simd::orAnd(simd::shiftLeft16<8>(high), low, simd::set16(0x00ff));
    odd = simd::orAnd(_mm512_srli_epi16(low, 8), high, simd::set16(0xff00));
  }

private:
  __m512i lows[2] = {_mm512_load_si512(kIntegerTable.low),
                     _mm512_load_si512(kIntegerTable.low + 64)};
  __m512i highs[2] = {_mm512_load_si512(kIntegerTable.high),
                      _mm512_load_si512(kIntegerTable.high + 64)};
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_BF16_INTEGER_LOOKUP_H
