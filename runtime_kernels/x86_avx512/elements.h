//===- elements.h - vectors of tensor elements ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads and stores of 16 or 32 elements of bf16, f16 or f32 as floats or as
// bf16. Lanes outside of a mask are neither read nor written; loads give 0
// there. With a mask of all ones as a constant, these are plain loads and
// stores.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_ELEMENTS_H
#define FP8ATTN_X86_AVX512_ELEMENTS_H

#include "common/element_types.h"
#include "x86_avx512/vector_math.h"
#include "x86_vector/for_channels.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Loads and stores of elements of a type.
template <class Element> struct Vectors;

template <> struct Vectors<Bf16> {
  static __m256i loadBf16(const uint16_t *from, __mmask16 lanes) {
    return _mm256_maskz_loadu_epi16(lanes, from);
  }
  static __m512 load(const uint16_t *from, __mmask16 lanes) {
    return floatFromBf16(loadBf16(from, lanes));
  }
  /// Loads 32 elements; returns those with an even index, then the others.
  static void loadPairs(const uint16_t *from, __mmask32 lanes, __m512 &even,
                        __m512 &odd) {
    const __m512i pairs = _mm512_maskz_loadu_epi16(lanes, from);
    const __m512i high = _mm512_set1_epi32(static_cast<int>(0xffff0000));
    even = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
    odd = _mm512_castsi512_ps(_mm512_and_si512(pairs, high));
  }
  static void store(uint16_t *to, __mmask16 lanes, __m512 values) {
    _mm256_mask_storeu_epi16(to, lanes, bf16FromFloat(values));
  }
};

template <> struct Vectors<F16> {
  static __m512 load(const uint16_t *from, __mmask16 lanes) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, from));
  }
  static __m256i loadBf16(const uint16_t *from, __mmask16 lanes) {
    return bf16FromFloat(load(from, lanes));
  }
  static void loadPairs(const uint16_t *from, __mmask32 lanes, __m512 &even,
                        __m512 &odd) {
    const __m512i pairs = _mm512_maskz_loadu_epi16(lanes, from);
    even = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(pairs));
    odd = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(pairs, 16)));
  }
  static void store(uint16_t *to, __mmask16 lanes, __m512 values) {
    _mm256_mask_storeu_epi16(
        to, lanes,
        _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
};

template <> struct Vectors<F32> {
  static __m512 load(const float *from, __mmask16 lanes) {
    return _mm512_maskz_loadu_ps(lanes, from);
  }
  static __m256i loadBf16(const float *from, __mmask16 lanes) {
    return bf16FromFloat(load(from, lanes));
  }
  static void loadPairs(const float *from, __mmask32 lanes, __m512 &even,
                        __m512 &odd) {
    const __m512i evenLanes = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16,
                                                18, 20, 22, 24, 26, 28, 30);
    const __m512i oddLanes = _mm512_add_epi32(evenLanes, _mm512_set1_epi32(1));
    const __m512 low = load(from, static_cast<__mmask16>(lanes));
    const __m512 high = load(from + 16, static_cast<__mmask16>(lanes >> 16));
    even = _mm512_permutex2var_ps(low, evenLanes, high);
    odd = _mm512_permutex2var_ps(low, oddLanes, high);
  }
  static void store(float *to, __mmask16 lanes, __m512 values) {
    _mm512_mask_storeu_ps(to, lanes, values);
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_ELEMENTS_H
