//===- nibbles.h - lines of bytes and of halves of bytes --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line of codes of 4 bits is one of 8 bits with each two bytes in one
// (common/cache_layout.h). So what brings codes into place works on bytes, for
// both, and lines are packed behind it, or unpacked before.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_NIBBLES_H
#define FP8ATTN_X86_VECTOR_NIBBLES_H

#include "common/cache_layout.h"
#include "x86_vector/vectors.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Packs a line of 64 bytes, of which the high halves are 0.
inline simd::Words packNibbles(simd::Line codes) {
  const simd::Line pairs = simd::bitOr(
      codes, simd::shiftLeft16<4>(simd::shiftRightSigned16<8>(codes)));
  return simd::lowBytes(pairs);
}

/// The inverse.
inline simd::Line unpackNibbles(simd::Words bytes) {
  const simd::Line wide = simd::widenBytes(bytes);
  return simd::bitAnd(simd::bitOr(wide, simd::shiftLeft16<4>(wide)),
                      simd::set8(0xf));
}

/// Writes the line that would be number `i` from `lines` on if codes were
/// bytes, or elements bf16, as the format has it.
template <class Format>
inline void storeCodes(uint8_t *lines, int64_t i, simd::Line codes) {
  constexpr int64_t kLine = 64;
  if constexpr (Format::kBits == 4)
    simd::storeWords(lines + i * (kLine / 2), packNibbles(codes));
  else
    simd::store(lines + i * kLine, codes);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_NIBBLES_H
