//===- word_lookup.h - magnitudes to bytes of words, VBMI -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One vpermi2b over the whole table; it ignores the sign bit.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_BF16_WORD_LOOKUP_H
#define FP8ATTN_X86_AVX512_BF16_WORD_LOOKUP_H

#include "x86_avx512/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Finds the byte u of 64 codes.
template <class Format> class WordLookup {
public:
  WordLookup()
      : low(_mm512_load_si512(kWordTable<Format>.u)),
        high(_mm512_load_si512(kWordTable<Format>.u + 64)) {}

  __m512i operator()(__m512i codes) const {
    return _mm512_permutex2var_epi8(low, codes, high);
  }

private:
  __m512i low, high;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_BF16_WORD_LOOKUP_H
