//===- vectors.h - the rows of a tile in AVX-512 registers ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations that the templates of x86_vector/ are written with, on AVX-512
// F, BW, DQ and VL: a row of a tile, 64 bytes, is one register. See
// x86_avx2/vectors.h for the other implementation.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_VECTORS_H
#define FP8ATTN_X86_AVX512_VECTORS_H

#include "common/kernel_namespace.h"

#include <immintrin.h>
#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Most rows of a register block; divides FP8ATTN_TILE_ROWS.
constexpr int kBlockRows = 8;

/// Tiles side by side in a block of `Rows` rows: enough chains to hide the
/// latency of a multiplication, few enough for accumulators and decoded rows to
/// stay in 32 registers.
template <int Rows> constexpr int kWideTiles = Rows <= 2 ? 4 : 2;

/// Whether products take an element of all lanes from memory.
constexpr bool kBroadcastsFromMemory = true;

/// Rows and tiles side by side of a block whose tiles are decoded
/// (panel_dot.h): of 32 registers, 24 are accumulators.
constexpr int kPanelRows = 12;
constexpr int kPanelTiles = 2;

namespace simd {

/// Whether a division takes longer than all else that quantises: 16 cycles on
/// Intel, as long as 32 other instructions.
constexpr bool kSlowDivision = true;

/// 64 bytes: codes, words or integers.
using Line = __m512i;
/// 16 floats.
using Floats = __m512;
/// 16 words.
using Words = __m256i;

/// Loads and stores of whole lines at aligned addresses.
inline Line load(const void *from) { return _mm512_load_si512(from); }
inline void store(void *to, Line line) { _mm512_store_si512(to, line); }
inline Floats loadFloats(const float *from) { return _mm512_load_ps(from); }
inline void storeFloats(float *to, Floats values) {
  _mm512_store_ps(to, values);
}

inline Line zero() { return _mm512_setzero_si512(); }
inline Line set8(int value) {
  return _mm512_set1_epi8(static_cast<char>(value));
}
inline Line set16(int value) {
  return _mm512_set1_epi16(static_cast<short>(value));
}
inline Line set32(uint32_t value) {
  return _mm512_set1_epi32(static_cast<int>(value));
}
/// Repeats 16 bytes.
inline Line repeat16(const void *from) {
  return _mm512_broadcast_i32x4(
      _mm_load_si128(static_cast<const __m128i *>(from)));
}

/// Loads four times 16 bytes, each `stride` bytes behind the one before.
inline Line gather16(const uint8_t *from, int64_t stride) {
  const auto load16 = [&](int64_t i) {
    return _mm_load_si128(reinterpret_cast<const __m128i *>(from + i * stride));
  };
  const __m512i one = _mm512_castsi128_si512(load16(0));
  const __m512i two = _mm512_inserti32x4(one, load16(1), 1);
  return _mm512_inserti32x4(_mm512_inserti32x4(two, load16(2), 2), load16(3),
                            3);
}

inline Line bitAnd(Line a, Line b) { return _mm512_and_si512(a, b); }
inline Line bitOr(Line a, Line b) { return _mm512_or_si512(a, b); }
/// a | (b & c)
inline Line orAnd(Line a, Line b, Line c) {
  constexpr int kOrAnd = 0xf8;
  return _mm512_ternarylogic_epi32(a, b, c, kOrAnd);
}
/// Bits of `yes` where the mask has ones, of `no` where it has zeros.
inline Line bitSelect(Line mask, Line yes, Line no) {
  constexpr int kSelect = 0xca;
  return _mm512_ternarylogic_epi32(mask, yes, no, kSelect);
}

inline Line add8(Line a, Line b) { return _mm512_add_epi8(a, b); }
inline Line add16(Line a, Line b) { return _mm512_add_epi16(a, b); }
inline Line add32(Line a, Line b) { return _mm512_add_epi32(a, b); }
/// Unsigned.
inline Line min8(Line a, Line b) { return _mm512_min_epu8(a, b); }
inline Line min32(Line a, Line b) { return _mm512_min_epu32(a, b); }
inline Line max32(Line a, Line b) { return _mm512_max_epu32(a, b); }

template <int N> Line shiftLeft16(Line a) { return _mm512_slli_epi16(a, N); }
template <int N> Line shiftLeft32(Line a) { return _mm512_slli_epi32(a, N); }
template <int N> Line shiftRight32(Line a) { return _mm512_srli_epi32(a, N); }
template <int N> Line shiftRight64(Line a) { return _mm512_srli_epi64(a, N); }
/// Copies of the sign come in.
template <int N> Line shiftRightSigned16(Line a) {
  return _mm512_srai_epi16(a, N);
}
template <int N> Line shiftRightSigned32(Line a) {
  return _mm512_srai_epi32(a, N);
}

/// Words of unsigned * signed even bytes plus odd bytes, saturated.
inline Line multiplyAddBytes(Line a, Line b) {
  return _mm512_maddubs_epi16(a, b);
}
/// Integers of signed even words plus odd words, multiplied.
inline Line multiplyAddWords(Line a, Line b) { return _mm512_madd_epi16(a, b); }
/// Bytes of a table of 16 that repeats every 16 bytes; `index` below 16.
inline Line lookUp(Line table, Line index) {
  return _mm512_shuffle_epi8(table, index);
}

/// Unsigned maxima of elements of many lines, of those whose places are the
/// same or half a line apart. Begin with zeros.
using Maxima = Line;
inline Maxima max8(Maxima largest, Line a) {
  return _mm512_max_epu8(largest, a);
}
inline Maxima max16(Maxima largest, Line a) {
  return _mm512_max_epu16(largest, a);
}
/// Whether some maximum is not less than `limit`, whose elements are the same.
inline bool anyNotLess8(Maxima largest, Line limit) {
  return _mm512_cmpge_epu8_mask(largest, limit) != 0;
}
inline bool anyNotLess16(Maxima largest, Line limit) {
  return _mm512_cmpge_epu16_mask(largest, limit) != 0;
}
/// The largest of all words of the maxima.
inline uint16_t largest16(Maxima largest) {
  const __m256i half = _mm256_max_epu16(_mm512_castsi512_si256(largest),
                                        _mm512_extracti64x4_epi64(largest, 1));
  const __m128i eight = _mm_max_epu16(_mm256_castsi256_si128(half),
                                      _mm256_extracti128_si256(half, 1));
  // The least of eight words is one instruction.
  const __m128i least = _mm_minpos_epu16(~eight);
  return static_cast<uint16_t>(~_mm_cvtsi128_si32(least));
}
/// Words of `yes` where a > b, signed, or a == b, and of `no` elsewhere.
inline Line ifGreater16(Line a, Line b, Line yes, Line no) {
  return _mm512_mask_mov_epi16(no, _mm512_cmpgt_epi16_mask(a, b), yes);
}
inline Line ifEqual16(Line a, Line b, Line yes, Line no) {
  return _mm512_mask_mov_epi16(no, _mm512_cmpeq_epi16_mask(a, b), yes);
}

/// Transpositions, in each 16 bytes of the lines.
inline Line unpackLow32(Line a, Line b) { return _mm512_unpacklo_epi32(a, b); }
inline Line unpackHigh32(Line a, Line b) { return _mm512_unpackhi_epi32(a, b); }
inline Line unpackLow64(Line a, Line b) { return _mm512_unpacklo_epi64(a, b); }
inline Line unpackHigh64(Line a, Line b) { return _mm512_unpackhi_epi64(a, b); }
/// Quarters 0 and 2, or 1 and 3, of `a`, then those of `b`.
inline Line evenQuarters(Line a, Line b) {
  return _mm512_shuffle_i64x2(a, b, 0x88);
}
inline Line oddQuarters(Line a, Line b) {
  return _mm512_shuffle_i64x2(a, b, 0xdd);
}
/// The low half of each quadword of `a`, then of `b`.
inline Line lowDwords(Line a, Line b) {
  const __m512i index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20,
                                          22, 24, 26, 28, 30);
  return _mm512_permutex2var_epi32(a, index, b);
}
inline Line fromHalves(Words low, Words high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}
/// Words, widened with zeros.
inline Line widen(Words words) { return _mm512_cvtepu16_epi32(words); }
/// The high word of each integer.
inline Words highWords(Line integers) {
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(integers, 16));
}

/// Bytes, widened with zeros to 16 bits.
inline Line widenBytes(Words bytes) { return _mm512_cvtepu8_epi16(bytes); }
/// The low byte of each 16 bits.
inline Words lowBytes(Line integers) { return _mm512_cvtepi16_epi8(integers); }
/// The low word of each integer.
inline Words lowWords(Line integers) { return _mm512_cvtepi32_epi16(integers); }
/// Loads and stores 32 bytes at aligned addresses.
inline Words loadWords(const void *from) {
  return _mm256_load_si256(static_cast<const __m256i *>(from));
}
inline void storeWords(void *to, Words words) {
  _mm256_store_si256(static_cast<__m256i *>(to), words);
}

/// Writes the low byte of each integer in the mask to consecutive bytes.
inline void storeBytes(uint8_t *to, uint32_t lanes, Line integers) {
  _mm512_mask_cvtepi32_storeu_epi8(to, static_cast<__mmask16>(lanes), integers);
}
/// Writes the low `Bytes` bytes of each integer to byte `first` of the dwords
/// of a line, and nothing between them.
template <int Bytes>
inline void storeParts(uint8_t *line, int64_t first, Line integers) {
  const __mmask64 own = (Bytes == 1 ? 0x1111111111111111u : 0x3333333333333333u)
                        << first;
  _mm512_mask_storeu_epi8(
      line, own, _mm512_sll_epi32(integers, _mm_cvtsi64_si128(8 * first)));
}

inline Floats asFloats(Line bits) { return _mm512_castsi512_ps(bits); }
inline Line bitsOf(Floats values) { return _mm512_castps_si512(values); }
/// Signed integers as floats.
inline Floats floatsFrom(Line integers) { return _mm512_cvtepi32_ps(integers); }
inline Floats set(float value) { return _mm512_set1_ps(value); }
inline Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
inline Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
inline Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
inline Floats div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
/// a * b + c, rounded once.
inline Floats fma(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a, b, c);
}
/// a - b * c, rounded once.
inline Floats subProduct(Floats a, Floats b, Floats c) {
  return _mm512_fnmadd_ps(b, c, a);
}
/// The larger, `b` if one is NaN.
inline Floats max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
inline float largest(Floats a) { return _mm512_reduce_max_ps(a); }
inline float sum(Floats a) { return _mm512_reduce_add_ps(a); }
/// `yes` in the lanes of the mask, `no` in the others.
inline Floats select(uint32_t lanes, Floats yes, Floats no) {
  return _mm512_mask_mov_ps(no, static_cast<__mmask16>(lanes), yes);
}
/// `yes` in the lanes where `a` is not 0, 0 in the others.
inline Floats whereNotZero(Floats a, Floats yes) {
  return _mm512_maskz_mov_ps(
      _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ), yes);
}
/// The lanes that are NaN.
inline uint32_t nanLanes(Floats a) { return _mm512_cmpunord_ps_mask(a, a); }
/// `yes` where `a` is NaN, `no` elsewhere.
inline Line ifNan(Floats a, Line yes, Line no) {
  return _mm512_mask_mov_epi32(no, _mm512_cmpunord_ps_mask(a, a), yes);
}

} // namespace simd
} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_VECTORS_H
