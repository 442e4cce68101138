//===- word_lookup.h - magnitudes to bytes of words, pshufb -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For ISAs whose widest table has 16 entries: u - c depends on the magnitude c
// only where c is subnormal, and is 128 from there on. So the entry of
// min(c, 15) is added.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_WORD_LOOKUP_H
#define FP8ATTN_X86_VECTOR_WORD_LOOKUP_H

#include "x86_vector/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// u - c, modulo 256, of the magnitudes 0 to 15.
template <class Format> struct alignas(16) WordDifferences {
  uint8_t difference[16];

  constexpr WordDifferences() : difference() {
    for (int c = 0; c < 16; ++c)
      difference[c] = static_cast<uint8_t>(kWordTable<Format>.u[c] - c);
  }
};
template <class Format>
inline constexpr WordDifferences<Format> kWordDifferences =
    WordDifferences<Format>();

/// Finds the byte u of 64 codes.
template <class Format> class WordLookup {
public:
  WordLookup() : table(simd::repeat16(kWordDifferences<Format>.difference)) {}

  simd::Line operator()(simd::Line codes) const {
    const simd::Line c = simd::bitAnd(codes, simd::set8(0x7f));
    const simd::Line index = simd::min8(c, simd::set8(15));
    return simd::add8(c, simd::lookUp(table, index));
  }

private:
  simd::Line table;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_WORD_LOOKUP_H
