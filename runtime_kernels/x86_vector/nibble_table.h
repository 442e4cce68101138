//===- nibble_table.h - the bf16 word of each code of 4 bits ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the lookups of all ISAs are made from. Words are the values: none has
// more than two bits of mantissa, and none but 0 is a bf16 denormal.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_NIBBLE_TABLE_H
#define FP8ATTN_X86_VECTOR_NIBBLE_TABLE_H

#include "common/fp8_format.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Codes of a format of 4 bits.
constexpr int kNibbles = 16;

/// The word of each code, once more behind all of them, and its bytes alone.
template <class Format> struct alignas(64) NibbleTable {
  static_assert(Format::kBits == 4);

  uint16_t words[2 * kNibbles];
  alignas(16) uint8_t low[kNibbles];
  alignas(16) uint8_t high[kNibbles];

  constexpr NibbleTable() : words(), low(), high() {
    for (int code = 0; code < kNibbles; ++code) {
      const uint32_t word =
          floatBits(Format::decode(static_cast<uint8_t>(code))) >> 16;
      words[code] = words[code + kNibbles] = static_cast<uint16_t>(word);
      low[code] = static_cast<uint8_t>(word);
      high[code] = static_cast<uint8_t>(word >> 8);
    }
  }
};
template <class Format>
inline constexpr NibbleTable<Format> kNibbleTable = NibbleTable<Format>();

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_NIBBLE_TABLE_H
