//===- vectors.h - the rows of a tile in pairs of AVX2 registers -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations of x86_avx512/vectors.h, where they are described, on AVX2,
// FMA and F16C: a row of a tile, 64 bytes, is two registers. Every operation
// here works on the halves, or the quarters, of a line alone, but for the few
// at the end that move data between them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX2_VECTORS_H
#define FP8ATTN_X86_AVX2_VECTORS_H

#include "common/kernel_namespace.h"

#include <immintrin.h>
#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// As in x86_avx512/vectors.h, for 16 registers: eight accumulators of half a
/// row are as many chains as two multipliers with a latency of four need.
constexpr int kBlockRows = 4;
template <int Rows> constexpr int kWideTiles = Rows <= 2 ? 2 : 1;
constexpr bool kBroadcastsFromMemory = false;
/// Twelve accumulators of half a row, two for what they have in common, two for
/// what they have not.
constexpr int kPanelRows = 6;
constexpr int kPanelTiles = 1;

namespace simd {

/// Whether a division takes longer than all else that quantises.
constexpr bool kSlowDivision = false;

struct Line {
  __m256i low, high;
};
struct Floats {
  __m256 low, high;
};
using Words = __m256i;

/// Defines an operation by one on each half.
#define FP8ATTN_UNARY(Result, name, Type, expression)                          \
  inline Result name(Type a) {                                                 \
    const auto half = [](auto x) { return expression; };                       \
    return {half(a.low), half(a.high)};                                        \
  }
#define FP8ATTN_BINARY(Type, name, intrinsic)                                  \
  inline Type name(Type a, Type b) {                                           \
    return {intrinsic(a.low, b.low), intrinsic(a.high, b.high)};               \
  }
#define FP8ATTN_SHIFT(name, intrinsic)                                         \
  template <int N> Line name(Line a) {                                         \
    return {intrinsic(a.low, N), intrinsic(a.high, N)};                        \
  }

inline Line load(const void *from) {
  const auto *halves = static_cast<const __m256i *>(from);
  return {_mm256_load_si256(halves), _mm256_load_si256(halves + 1)};
}
inline void store(void *to, Line line) {
  auto *halves = static_cast<__m256i *>(to);
  _mm256_store_si256(halves, line.low);
  _mm256_store_si256(halves + 1, line.high);
}
inline Floats loadFloats(const float *from) {
  return {_mm256_load_ps(from), _mm256_load_ps(from + 8)};
}
inline void storeFloats(float *to, Floats values) {
  _mm256_store_ps(to, values.low);
  _mm256_store_ps(to + 8, values.high);
}

inline Line both(__m256i half) { return {half, half}; }
inline Line zero() { return both(_mm256_setzero_si256()); }
inline Line set8(int value) {
  return both(_mm256_set1_epi8(static_cast<char>(value)));
}
inline Line set16(int value) {
  return both(_mm256_set1_epi16(static_cast<short>(value)));
}
inline Line set32(uint32_t value) {
  return both(_mm256_set1_epi32(static_cast<int>(value)));
}
inline Line repeat16(const void *from) {
  return both(_mm256_broadcastsi128_si256(
      _mm_load_si128(static_cast<const __m128i *>(from))));
}

inline Line gather16(const uint8_t *from, int64_t stride) {
  const auto half = [&](const uint8_t *first) {
    const auto load16 = [](const uint8_t *bytes) {
      return _mm_load_si128(reinterpret_cast<const __m128i *>(bytes));
    };
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(first)),
                                   load16(first + stride), 1);
  };
  return {half(from), half(from + 2 * stride)};
}

FP8ATTN_BINARY(Line, bitAnd, _mm256_and_si256)
FP8ATTN_BINARY(Line, bitOr, _mm256_or_si256)
inline Line orAnd(Line a, Line b, Line c) { return bitOr(a, bitAnd(b, c)); }
inline Line bitSelect(Line mask, Line yes, Line no) {
  return {_mm256_or_si256(_mm256_and_si256(mask.low, yes.low),
                          _mm256_andnot_si256(mask.low, no.low)),
          _mm256_or_si256(_mm256_and_si256(mask.high, yes.high),
                          _mm256_andnot_si256(mask.high, no.high))};
}
FP8ATTN_BINARY(Line, add8, _mm256_add_epi8)
FP8ATTN_BINARY(Line, add16, _mm256_add_epi16)
FP8ATTN_BINARY(Line, add32, _mm256_add_epi32)
FP8ATTN_BINARY(Line, min8, _mm256_min_epu8)
FP8ATTN_BINARY(Line, min32, _mm256_min_epu32)
FP8ATTN_BINARY(Line, max32, _mm256_max_epu32)
FP8ATTN_SHIFT(shiftLeft16, _mm256_slli_epi16)
FP8ATTN_SHIFT(shiftLeft32, _mm256_slli_epi32)
FP8ATTN_SHIFT(shiftRight32, _mm256_srli_epi32)
FP8ATTN_SHIFT(shiftRight64, _mm256_srli_epi64)
FP8ATTN_SHIFT(shiftRightSigned16, _mm256_srai_epi16)
FP8ATTN_SHIFT(shiftRightSigned32, _mm256_srai_epi32)
FP8ATTN_BINARY(Line, multiplyAddBytes, _mm256_maddubs_epi16)
FP8ATTN_BINARY(Line, multiplyAddWords, _mm256_madd_epi16)
FP8ATTN_BINARY(Line, lookUp, _mm256_shuffle_epi8)
FP8ATTN_BINARY(Line, unpackLow32, _mm256_unpacklo_epi32)
FP8ATTN_BINARY(Line, unpackHigh32, _mm256_unpackhi_epi32)
FP8ATTN_BINARY(Line, unpackLow64, _mm256_unpacklo_epi64)
FP8ATTN_BINARY(Line, unpackHigh64, _mm256_unpackhi_epi64)

FP8ATTN_UNARY(Floats, asFloats, Line, _mm256_castsi256_ps(x))
FP8ATTN_UNARY(Line, bitsOf, Floats, _mm256_castps_si256(x))
FP8ATTN_UNARY(Floats, floatsFrom, Line, _mm256_cvtepi32_ps(x))
inline Floats set(float value) {
  return {_mm256_set1_ps(value), _mm256_set1_ps(value)};
}
FP8ATTN_BINARY(Floats, add, _mm256_add_ps)
FP8ATTN_BINARY(Floats, sub, _mm256_sub_ps)
FP8ATTN_BINARY(Floats, mul, _mm256_mul_ps)
FP8ATTN_BINARY(Floats, div, _mm256_div_ps)
FP8ATTN_BINARY(Floats, max, _mm256_max_ps)
inline Floats fma(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low),
          _mm256_fmadd_ps(a.high, b.high, c.high)};
}
inline Floats subProduct(Floats a, Floats b, Floats c) {
  return {_mm256_fnmadd_ps(b.low, c.low, a.low),
          _mm256_fnmadd_ps(b.high, c.high, a.high)};
}

#undef FP8ATTN_UNARY
#undef FP8ATTN_BINARY
#undef FP8ATTN_SHIFT

/// Bytes of `yes` where the mask has ones, of `no` where it has zeros.
inline Line blend(Line mask, Line yes, Line no) {
  return {_mm256_blendv_epi8(no.low, yes.low, mask.low),
          _mm256_blendv_epi8(no.high, yes.high, mask.high)};
}
inline Line ifGreater16(Line a, Line b, Line yes, Line no) {
  return blend(
      {_mm256_cmpgt_epi16(a.low, b.low), _mm256_cmpgt_epi16(a.high, b.high)},
      yes, no);
}
inline Line ifEqual16(Line a, Line b, Line yes, Line no) {
  return blend(
      {_mm256_cmpeq_epi16(a.low, b.low), _mm256_cmpeq_epi16(a.high, b.high)},
      yes, no);
}
/// All ones where an element is NaN.
inline Line nanMask(Floats a) {
  return {_mm256_castps_si256(_mm256_cmp_ps(a.low, a.low, _CMP_UNORD_Q)),
          _mm256_castps_si256(_mm256_cmp_ps(a.high, a.high, _CMP_UNORD_Q))};
}
inline Line ifNan(Floats a, Line yes, Line no) {
  return blend(nanMask(a), yes, no);
}
inline Floats whereNotZero(Floats a, Floats yes) {
  const auto half = [](__m256 x, __m256 other) {
    return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NEQ_UQ),
                         other);
  };
  return {half(a.low, yes.low), half(a.high, yes.high)};
}
inline uint32_t nanLanes(Floats a) {
  const Floats mask = asFloats(nanMask(a));
  return static_cast<uint32_t>(_mm256_movemask_ps(mask.low) |
                               _mm256_movemask_ps(mask.high) << 8);
}
/// All ones in the lanes of a mask.
inline Line laneMask(uint32_t lanes) {
  const __m256i set = _mm256_set1_epi32(static_cast<int>(lanes));
  const __m256i low = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i high = _mm256_slli_epi32(low, 8);
  return {_mm256_cmpeq_epi32(_mm256_and_si256(set, low), low),
          _mm256_cmpeq_epi32(_mm256_and_si256(set, high), high)};
}
inline Floats select(uint32_t lanes, Floats yes, Floats no) {
  return asFloats(blend(laneMask(lanes), bitsOf(yes), bitsOf(no)));
}

/// One register, not two: a loop has few to spare.
using Maxima = __m256i;
inline Maxima max8(Maxima largest, Line a) {
  return _mm256_max_epu8(largest, _mm256_max_epu8(a.low, a.high));
}
inline Maxima max16(Maxima largest, Line a) {
  return _mm256_max_epu16(largest, _mm256_max_epu16(a.low, a.high));
}
inline bool anyNotLess8(Maxima largest, Line limit) {
  const __m256i mask =
      _mm256_cmpeq_epi8(_mm256_max_epu8(largest, limit.low), largest);
  return !_mm256_testz_si256(mask, mask);
}
inline bool anyNotLess16(Maxima largest, Line limit) {
  const __m256i mask =
      _mm256_cmpeq_epi16(_mm256_max_epu16(largest, limit.low), largest);
  return !_mm256_testz_si256(mask, mask);
}

inline uint16_t largest16(Maxima largest) {
  const __m128i eight = _mm_max_epu16(_mm256_castsi256_si128(largest),
                                      _mm256_extracti128_si256(largest, 1));
  // The least of eight words is one instruction.
  const __m128i least = _mm_minpos_epu16(~eight);
  return static_cast<uint16_t>(~_mm_cvtsi128_si32(least));
}

/// Reduces eight floats with `step`, halves first.
template <class Step> float reduce(__m256 a, const Step &step) {
  __m128 x = step(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  x = step(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(step(x, _mm_movehdup_ps(x)));
}
inline float largest(Floats a) {
  return reduce(_mm256_max_ps(a.low, a.high),
                [](__m128 x, __m128 y) { return _mm_max_ps(x, y); });
}
inline float sum(Floats a) {
  return reduce(_mm256_add_ps(a.low, a.high),
                [](__m128 x, __m128 y) { return _mm_add_ps(x, y); });
}

inline Line evenQuarters(Line a, Line b) {
  return {_mm256_permute2x128_si256(a.low, a.high, 0x20),
          _mm256_permute2x128_si256(b.low, b.high, 0x20)};
}
inline Line oddQuarters(Line a, Line b) {
  return {_mm256_permute2x128_si256(a.low, a.high, 0x31),
          _mm256_permute2x128_si256(b.low, b.high, 0x31)};
}
inline Line lowDwords(Line a, Line b) {
  const auto pack = [](Line x) {
    const __m256 dwords = _mm256_shuffle_ps(_mm256_castsi256_ps(x.low),
                                            _mm256_castsi256_ps(x.high), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(dwords), 0xd8);
  };
  return {pack(a), pack(b)};
}
inline Line fromHalves(Words low, Words high) { return {low, high}; }
inline Line widen(Words words) {
  return {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(words)),
          _mm256_cvtepu16_epi32(_mm256_extracti128_si256(words, 1))};
}
/// The low word of each integer, all of which are below 2^16.
inline Words narrow(Line integers) {
  return _mm256_permute4x64_epi64(
      _mm256_packus_epi32(integers.low, integers.high), 0xd8);
}
inline Words highWords(Line integers) {
  return narrow(shiftRight32<16>(integers));
}

inline Line widenBytes(Words bytes) {
  return {_mm256_cvtepu8_epi16(_mm256_castsi256_si128(bytes)),
          _mm256_cvtepu8_epi16(_mm256_extracti128_si256(bytes, 1))};
}
inline Words lowBytes(Line integers) {
  const Line bytes = bitAnd(integers, set16(0xff));
  return _mm256_permute4x64_epi64(_mm256_packus_epi16(bytes.low, bytes.high),
                                  0xd8);
}
inline Words lowWords(Line integers) {
  return narrow(bitAnd(integers, set32(0xffff)));
}
inline Words loadWords(const void *from) {
  return _mm256_load_si256(static_cast<const __m256i *>(from));
}
inline void storeWords(void *to, Words words) {
  _mm256_store_si256(static_cast<__m256i *>(to), words);
}

inline void storeBytes(uint8_t *to, uint32_t lanes, Line integers) {
  const __m256i words = narrow(integers);
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words),
                                         _mm256_extracti128_si256(words, 1));
  if (lanes == 0xffff)
    return _mm_storeu_si128(reinterpret_cast<__m128i *>(to), bytes);
  alignas(16) uint8_t all[16];
  _mm_store_si128(reinterpret_cast<__m128i *>(all), bytes);
  for (int i = 0; lanes >> i; ++i)
    to[i] = all[i];
}
template <int Bytes>
inline void storeParts(uint8_t *line, int64_t first, Line integers) {
  alignas(64) uint32_t all[16];
  store(all, integers);
  for (int i = 0; i < 16; ++i)
    __builtin_memcpy(line + 4 * i + first, all + i, Bytes);
}

} // namespace simd
} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX2_VECTORS_H
