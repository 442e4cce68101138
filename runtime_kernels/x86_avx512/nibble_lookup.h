//===- nibble_lookup.h - codes of 4 bits to words, VPERMW -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// VPERMW takes five bits of each index. The table is there twice, so that the
// fifth, which is one of the byte's other code, need not be cleared.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_NIBBLE_LOOKUP_H
#define FP8ATTN_X86_AVX512_NIBBLE_LOOKUP_H

#include "x86_avx512/vectors.h"
#include "x86_vector/nibble_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Finds the words of 32 bytes, each of two codes.
template <class Format> class NibbleLookup {
public:
  NibbleLookup() : table(simd::load(kNibbleTable<Format>.words)) {}

  /// Those of the low halves and of the high ones of the aligned bytes at
  /// `line`, both in order.
  void operator()(const uint8_t *line, __m512i &low, __m512i &high) const {
    const __m512i bytes = _mm512_cvtepu8_epi16(
        _mm256_load_si256(reinterpret_cast<const __m256i *>(line)));
    low = _mm512_permutexvar_epi16(bytes, table);
    high = _mm512_permutexvar_epi16(_mm512_srli_epi16(bytes, 4), table);
  }

private:
  __m512i table;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_NIBBLE_LOOKUP_H
