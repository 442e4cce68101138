//===- nibble_lookup.h - codes of 4 bits to words, VPSHUFB ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bytes of words are looked up apart, and interleaved.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX2_NIBBLE_LOOKUP_H
#define FP8ATTN_X86_AVX2_NIBBLE_LOOKUP_H

#include "x86_avx2/vectors.h"
#include "x86_vector/nibble_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See x86_avx512/nibble_lookup.h.
template <class Format> class NibbleLookup {
public:
  NibbleLookup()
      : lowBytes(simd::repeat16(kNibbleTable<Format>.low).low),
        highBytes(simd::repeat16(kNibbleTable<Format>.high).low) {}

  void operator()(const uint8_t *line, simd::Line &low,
                  simd::Line &high) const {
    // Interleaving stays within halves of a register: quarters 0 and 2 become
    // its low half, so that words come in order.
    constexpr int kQuarters = 0xd8;
    const __m256i bytes = _mm256_permute4x64_epi64(
        _mm256_load_si256(reinterpret_cast<const __m256i *>(line)), kQuarters);
    low = words(bytes);
    high = words(_mm256_srli_epi16(bytes, 4));
  }

private:
  simd::Line words(__m256i bytes) const {
    const __m256i codes = _mm256_and_si256(bytes, _mm256_set1_epi8(0xf));
    const __m256i low = _mm256_shuffle_epi8(lowBytes, codes);
    const __m256i high = _mm256_shuffle_epi8(highBytes, codes);
    return {_mm256_unpacklo_epi8(low, high), _mm256_unpackhi_epi8(low, high)};
  }

  __m256i lowBytes, highBytes;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX2_NIBBLE_LOOKUP_H
