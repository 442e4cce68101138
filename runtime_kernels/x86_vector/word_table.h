//===- word_table.h - the byte of a bf16 word for each FP8 code -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The words of the FP8 formats and the byte u of each magnitude, which decode.h
// explains; what the lookups of all ISAs are made from.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_WORD_TABLE_H
#define FP8ATTN_X86_VECTOR_WORD_TABLE_H

#include "common/cache_layout.h"
#include "common/fp8_format.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

constexpr int64_t kLineBytes = 64;

/// The words of an FP8 format.
template <class Format> struct WordFormat;
template <> struct WordFormat<E4M3> {
  static constexpr int kExponent = 104;
  static constexpr int kShift = 4;
  static constexpr bool kHasInf = false;
};
template <> struct WordFormat<E5M2> {
  static constexpr int kExponent = 80;
  static constexpr int kShift = 5;
  static constexpr bool kHasInf = true;
};

/// The byte u of each magnitude.
template <class Format> struct alignas(kLineBytes) WordTable {
  uint8_t u[128];

  constexpr WordTable() : u() {
    using Words = WordFormat<Format>;
    for (int c = 0; c < 128; ++c) {
      const float finite =
          c > Format::kMaxFinite ? 0 : Format::decode(static_cast<uint8_t>(c));
      const uint32_t word = floatBits(finite * powerOfTwo(-Words::kExponent));
      u[c] = static_cast<uint8_t>(
          c > Format::kMaxFinite ? 128 + c : word >> (16 + Words::kShift));
    }
  }
};
template <class Format>
inline constexpr WordTable<Format> kWordTable = WordTable<Format>();

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_WORD_TABLE_H
