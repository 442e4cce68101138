//===- row_dot.h - products of bf16 pairs by vdpbf16ps ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Words are multiplied as they are, in pairs; denormals count as 0. A comes as
// it is in its tiles.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_BF16_ROW_DOT_H
#define FP8ATTN_X86_AVX512_BF16_ROW_DOT_H

#include "x86_avx512/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See x86_vector/row_dot.h, which has the same members.
struct RowDot {
  static constexpr int64_t kRowBytes = kLineBytes;
  static constexpr int64_t kTileBytes = FP8ATTN_TILE_BYTES;
  static constexpr int64_t scratchBytes(int64_t, int64_t) { return 0; }

  static const uint8_t *prepare(const uint8_t *tiles, int64_t, int64_t,
                                uint8_t *) {
    return tiles;
  }

  static void prepareRow(const uint8_t *line, uint8_t *row) {
    simd::store(row, simd::load(line));
  }

  using Operand = __m512i;
  static Operand operand(__m512i words) { return words; }

  /// A line of a panel is a pair of each lane.
  using PanelLine = __m512i;
  static constexpr int64_t kOperandLines = 1;
  static PanelLine loadLine(const uint8_t *line) { return simd::load(line); }
  static Operand loadOperand(const uint8_t *panel, int64_t) {
    return loadLine(panel);
  }
  static void storeOperand(Operand words, uint8_t *panel, int64_t) {
    simd::store(panel, words);
  }
  template <int Tiles>
  [[gnu::always_inline]] static void addLine(const uint8_t *part,
                                             const PanelLine (&b)[Tiles],
                                             __m512 (&acc)[Tiles]) {
    addPair(part, 0, b, NoGuard(), acc);
  }

  /// Words of B count where their partner in A is not zero: 0 times NaN is 0
  /// here.
  struct ZeroGuard {
    static __m512i select(__m512i words, __m512i a) {
      return _mm512_maskz_mov_epi16(_mm512_test_epi16_mask(a, a), words);
    }
  };
  /// Every word of B counts.
  struct NoGuard {
    static __m512i select(__m512i words, __m512i) { return words; }
  };

  template <int Tiles, class Guard>
  [[gnu::always_inline]] static void
  addPair(const uint8_t *row, int64_t pair, const Operand (&b)[Tiles],
          const Guard &, __m512 (&acc)[Tiles]) {
    int32_t bits;
    __builtin_memcpy(&bits, row + pair * 4, sizeof(bits));
    const __m512i two = _mm512_set1_epi32(bits);
#pragma GCC unroll 8
    for (int t = 0; t < Tiles; ++t)
      acc[t] = _mm512_dpbf16_ps(
          acc[t], reinterpret_cast<__m512bh>(Guard::select(b[t], two)),
          reinterpret_cast<__m512bh>(two));
  }

  static void packProbs(__m512 low, __m512 high, __m512 &sum, void *line) {
    const __m512i one = _mm512_set1_epi16(0x3f80);
    const __m512bh p = _mm512_cvtne2ps_pbh(high, low);
    sum = _mm512_dpbf16_ps(sum, p, reinterpret_cast<__m512bh>(one));
    simd::store(line, reinterpret_cast<__m512i>(p));
  }
  static void storeProbs(__m512 low, __m512 high, __m512 &sum, uint8_t *row) {
    packProbs(low, high, sum, row);
  }

  /// As there, of powers of two. A product that is no normal bf16 counts as 0.
  template <bool KeepsNonZero>
  static void scaleRow(const uint8_t *row, const float *factors, uint8_t *to) {
    __m512i bits[2];
    for (int64_t i = 0; i < 2; ++i) {
      const __m512 probs = simd::asFloats(simd::shiftLeft32<16>(
          simd::widen(simd::loadWords(row + i * kLineBytes / 2))));
      __m512 scaled = simd::mul(probs, simd::loadFloats(factors + i * 16));
      if (KeepsNonZero)
        scaled = simd::max(simd::set(0x1p-126f), scaled);
      bits[i] = simd::bitsOf(simd::whereNotZero(probs, scaled));
    }
    // A product is a bf16, or no normal number.
    simd::store(to, highWords(bits[0], bits[1]));
  }
  /// Adds exponents where that cannot overflow: probabilities are at most 2^60.
  template <int Rows>
  static void scaleRows(const uint8_t *rows, const float *factors,
                        int64_t groups, uint8_t *to, int64_t stride) {
    const __m512i one = simd::set16(0x3f80);
    __m512i probs[Rows];
    for (int r = 0; r < Rows; ++r)
      probs[r] = simd::load(rows + r * kRowBytes);
#pragma clang loop unroll(disable)
    for (int64_t g = 0; g < groups; ++g, factors += 2 * 16, to += stride) {
      // The field of 2^-127 is 0.
      const __m512i powers =
          simd::bitAnd(highWords(simd::load(factors), simd::load(factors + 16)),
                       simd::set16(0x7f80));
      if (_mm512_cmpge_epu16_mask(powers, simd::set16((127 + 67) << 7)) != 0) {
        for (int r = 0; r < Rows; ++r)
          scaleRow<false>(rows + r * kRowBytes, factors, to + r * kRowBytes);
        continue;
      }
#pragma GCC unroll 8
      for (int r = 0; r < Rows; ++r)
        // What would be below the least exponent becomes 0.
        simd::store(
            to + r * kRowBytes,
            _mm512_maskz_subs_epu16(_mm512_test_epi16_mask(probs[r], probs[r]),
                                    simd::add16(probs[r], powers), one));
    }
  }

private:
  /// Returns the high words of 32 integers.
  static __m512i highWords(__m512i low, __m512i high) {
    const __m512i index = _mm512_add_epi16(
        _mm512_setr_epi32(0x2'0000, 0x6'0004, 0xa'0008, 0xe'000c, 0x12'0010,
                          0x16'0014, 0x1a'0018, 0x1e'001c, 0x22'0020, 0x26'0024,
                          0x2a'0028, 0x2e'002c, 0x32'0030, 0x36'0034, 0x3a'0038,
                          0x3e'003c),
        simd::set16(1));
    return _mm512_permutex2var_epi16(low, index, high);
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_BF16_ROW_DOT_H
