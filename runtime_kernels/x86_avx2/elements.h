//===- elements.h - vectors of tensor elements ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads and stores of 16 or 32 elements of bf16, f16 or f32 as floats or as
// bf16, as in x86_avx512/elements.h. AVX2 has no masks for words: what is
// outside of a mask, which is always the end, is left out by a copy.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX2_ELEMENTS_H
#define FP8ATTN_X86_AVX2_ELEMENTS_H

#include "common/element_types.h"
#include "x86_avx2/vector_math.h"
#include "x86_vector/for_channels.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Elements of a load.
constexpr int kLoadElements = 16;

/// Returns 16 elements of which the lanes of the mask exist, zeros for the
/// others, as two vectors of 32 bytes or (words) as the first of them.
template <class Storage>
inline simd::Line loadElements(const Storage *from, uint32_t lanes) {
  constexpr bool kWide = sizeof(Storage) == 4;
  alignas(32) Storage copy[kLoadElements];
  if (lanes != 0xffff) {
    copyPadded(from, 0, 1, __builtin_popcount(lanes), kLoadElements, copy);
    from = copy;
  }
  const auto *halves = reinterpret_cast<const __m256i *>(from);
  return {_mm256_loadu_si256(halves),
          kWide ? _mm256_loadu_si256(halves + kWide) : _mm256_setzero_si256()};
}

/// Writes the elements of 16 whose lanes are in the mask: 32 bytes of words, or
/// two vectors of 32 bytes.
template <class Storage>
inline void storeElements(Storage *to, uint32_t lanes, simd::Line elements) {
  constexpr bool kWide = sizeof(Storage) == 4;
  alignas(32) Storage copy[kLoadElements];
  auto *halves = reinterpret_cast<__m256i *>(lanes == 0xffff ? to : copy);
  _mm256_storeu_si256(halves, elements.low);
  if (kWide)
    _mm256_storeu_si256(halves + 1, elements.high);
  if (lanes != 0xffff)
    copyPadded(copy, 0, 1, __builtin_popcount(lanes), __builtin_popcount(lanes),
               to);
}

template <class Element> struct Vectors;

/// Loads 32 elements as floats; returns those with an even index, then the
/// others.
template <class Element>
inline void separate(const typename Element::Storage *from, uint32_t lanes,
                     simd::Floats &even, simd::Floats &odd) {
  const simd::Floats first = Vectors<Element>::load(from, lanes & 0xffff);
  // The second half may lie beyond the elements altogether.
  const simd::Floats second =
      lanes >> 16 ? Vectors<Element>::load(from + 16, lanes >> 16)
                  : simd::set(0);
  const auto inOrder = [](__m256 quarters) {
    return _mm256_castpd_ps(
        _mm256_permute4x64_pd(_mm256_castps_pd(quarters), 0xd8));
  };
  even = {inOrder(_mm256_shuffle_ps(first.low, first.high, 0x88)),
          inOrder(_mm256_shuffle_ps(second.low, second.high, 0x88))};
  odd = {inOrder(_mm256_shuffle_ps(first.low, first.high, 0xdd)),
         inOrder(_mm256_shuffle_ps(second.low, second.high, 0xdd))};
}

/// Loads of elements of a type.
template <> struct Vectors<Bf16> {
  static __m256i loadBf16(const uint16_t *from, uint32_t lanes) {
    return loadElements(from, lanes).low;
  }
  static simd::Floats load(const uint16_t *from, uint32_t lanes) {
    return floatFromBf16(loadBf16(from, lanes));
  }
  /// Loads 32 elements; returns those with an even index, then the others.
  static void loadPairs(const uint16_t *from, uint32_t lanes,
                        simd::Floats &even, simd::Floats &odd) {
    const simd::Line pairs = {loadBf16(from, lanes & 0xffff),
                              lanes >> 16 ? loadBf16(from + 16, lanes >> 16)
                                          : _mm256_setzero_si256()};
    even = simd::asFloats(simd::shiftLeft32<16>(pairs));
    odd = simd::asFloats(simd::bitAnd(pairs, simd::set32(0xffff0000)));
  }
  static void store(uint16_t *to, uint32_t lanes, simd::Floats values) {
    storeElements(to, lanes, {bf16FromFloat(values), _mm256_setzero_si256()});
  }
};

template <> struct Vectors<F16> {
  static simd::Floats load(const uint16_t *from, uint32_t lanes) {
    const __m256i words = loadElements(from, lanes).low;
    return {_mm256_cvtph_ps(_mm256_castsi256_si128(words)),
            _mm256_cvtph_ps(_mm256_extracti128_si256(words, 1))};
  }
  static __m256i loadBf16(const uint16_t *from, uint32_t lanes) {
    return bf16FromFloat(load(from, lanes));
  }
  static void loadPairs(const uint16_t *from, uint32_t lanes,
                        simd::Floats &even, simd::Floats &odd) {
    separate<F16>(from, lanes, even, odd);
  }
  static void store(uint16_t *to, uint32_t lanes, simd::Floats values) {
    constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    const __m256i words =
        _mm256_setr_m128i(_mm256_cvtps_ph(values.low, kNearest),
                          _mm256_cvtps_ph(values.high, kNearest));
    storeElements(to, lanes, {words, _mm256_setzero_si256()});
  }
};

template <> struct Vectors<F32> {
  static simd::Floats load(const float *from, uint32_t lanes) {
    return simd::asFloats(loadElements(from, lanes));
  }
  static __m256i loadBf16(const float *from, uint32_t lanes) {
    return bf16FromFloat(load(from, lanes));
  }
  static void loadPairs(const float *from, uint32_t lanes, simd::Floats &even,
                        simd::Floats &odd) {
    separate<F32>(from, lanes, even, odd);
  }
  static void store(float *to, uint32_t lanes, simd::Floats values) {
    storeElements(to, lanes, simd::bitsOf(values));
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX2_ELEMENTS_H
