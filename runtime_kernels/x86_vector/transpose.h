//===- transpose.h - tokens to lines of keys --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line of a tile of keys has 4 bytes of each of 16 tokens (common/
// cache_layout.h).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_TRANSPOSE_H
#define FP8ATTN_X86_VECTOR_TRANSPOSE_H

#include "x86_vector/instructions.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Lines that a transposition of 8 dwords of each of 16 keys fills.
constexpr int64_t kKeyLines = 8;

/// Calls store(i, line) with dword i of tokens 0 to 15, where keys[k] has
/// tokens k and k + 4 for k < 4, k + 4 and k + 8 for the rest.
template <class Store>
[[gnu::always_inline]] inline void
transposeKeys(const simd::Line (&keys)[kKeyLines], const Store &store) {
  simd::Line quads[2][4];
  for (int g = 0; g < 2; ++g) {
    const simd::Line *k = keys + 4 * g;
    const simd::Line low01 = simd::unpackLow32(k[0], k[1]);
    const simd::Line low23 = simd::unpackLow32(k[2], k[3]);
    const simd::Line high01 = simd::unpackHigh32(k[0], k[1]);
    const simd::Line high23 = simd::unpackHigh32(k[2], k[3]);
    quads[g][0] = simd::unpackLow64(low01, low23);
    quads[g][1] = simd::unpackHigh64(low01, low23);
    quads[g][2] = simd::unpackLow64(high01, high23);
    quads[g][3] = simd::unpackHigh64(high01, high23);
  }
  for (int i = 0; i < 4; ++i) {
    store(i, simd::evenQuarters(quads[0][i], quads[1][i]));
    store(i + 4, simd::oddQuarters(quads[0][i], quads[1][i]));
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_TRANSPOSE_H
