//===- float_products.h - products of floats with decoded words -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For ISAs without bf16 products, and for f32 queries and probabilities: each
// half of a pair of words is the high half of a float, and is multiplied and
// added by one fused operation. A is floats, so that one load broadcasts an
// element. See row_dot.h and f32_row_dot.h for how it becomes that.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_FLOAT_PRODUCTS_H
#define FP8ATTN_X86_VECTOR_FLOAT_PRODUCTS_H

#include "common/tile_layout.h"
#include "x86_vector/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// What RowDot has whatever A is made of.
struct FloatProducts {
  /// Bytes of a row of 32 elements, and of a tile, of a prepared A.
  static constexpr int64_t kRowBytes = 2 * kLineBytes;
  static constexpr int64_t kTileBytes = 2 * FP8ATTN_TILE_BYTES;

  /// A row of B: the first and the second elements of its pairs.
  struct Operand {
    simd::Floats element[2];
  };
  static Operand operand(simd::Line words) {
    return {{simd::asFloats(simd::shiftLeft32<16>(words)),
             simd::asFloats(simd::bitAnd(words, simd::set32(0xffff0000)))}};
  }

  /// A line of a panel (panel_dot.h): an element of each lane. Those of an
  /// operand are `stride` bytes apart.
  using PanelLine = simd::Floats;
  static constexpr int64_t kOperandLines = 2;
  static PanelLine loadLine(const uint8_t *line) {
    return simd::loadFloats(reinterpret_cast<const float *>(line));
  }
  static Operand loadOperand(const uint8_t *panel, int64_t stride) {
    return {{loadLine(panel), loadLine(panel + stride)}};
  }
  static void storeOperand(const Operand &rows, uint8_t *panel,
                           int64_t stride) {
    for (int64_t i = 0; i < kOperandLines; ++i)
      simd::storeFloats(reinterpret_cast<float *>(panel + i * stride),
                        rows.element[i]);
  }

  /// acc[t] += the product of the element at `part` of a prepared row of A with
  /// b[t].
  template <int Tiles>
  [[gnu::always_inline]] static void addLine(const uint8_t *part,
                                             const PanelLine (&b)[Tiles],
                                             simd::Floats (&acc)[Tiles]) {
    float a;
    __builtin_memcpy(&a, part, sizeof(a));
#pragma GCC unroll 8
    for (int t = 0; t < Tiles; ++t)
      acc[t] = simd::fma(b[t], simd::set(a), acc[t]);
  }

  /// Elements of B count where their partner in A is not zero: 0 times NaN is 0
  /// here.
  struct ZeroGuard {
    static bool counts(float a) { return a != 0; }
  };
  /// Every element of B counts.
  struct NoGuard {
    static bool counts(float) { return true; }
  };

  /// acc[t] += the products of pair `pair` of a prepared row of A with b[t].
  template <int Tiles, class Guard>
  [[gnu::always_inline]] static void
  addPair(const uint8_t *row, int64_t pair, const Operand (&b)[Tiles],
          const Guard &, simd::Floats (&acc)[Tiles]) {
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      float a;
      __builtin_memcpy(&a, row + (2 * pair + i) * sizeof(a), sizeof(a));
      if (!Guard::counts(a))
        continue;
#pragma GCC unroll 8
      for (int t = 0; t < Tiles; ++t)
        acc[t] = simd::fma(b[t].element[i], simd::set(a), acc[t]);
    }
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_FLOAT_PRODUCTS_H
