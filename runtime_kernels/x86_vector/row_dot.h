//===- row_dot.h - products of floats that are bf16 pairs -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For ISAs without bf16 products: each half of a pair of words is the high half
// of a float, and is multiplied and added by one fused operation. A is widened
// to floats once for each step of keys, so that one load broadcasts an element.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_ROW_DOT_H
#define FP8ATTN_X86_VECTOR_ROW_DOT_H

#include "common/tile_layout.h"
#include "x86_vector/vectors.h"
#include "x86_vector/word_table.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The products of a row of A with rows of B.
struct RowDot {
  /// Bytes of a row of 32 elements, and of a tile, of a prepared A.
  static constexpr int64_t kRowBytes = 2 * kLineBytes;
  static constexpr int64_t kTileBytes = 2 * FP8ATTN_TILE_BYTES;

  /// Returns the scratch, in bytes, that prepare needs for tiles of A, `rows`
  /// by `columnTiles`.
  static constexpr int64_t scratchBytes(int64_t rows, int64_t columnTiles) {
    return roundUp(rows, FP8ATTN_TILE_ROWS) / FP8ATTN_TILE_ROWS * columnTiles *
           kTileBytes;
  }

  /// Returns A as addPair takes it: 16 rows of 32 floats in the place of each
  /// tile of 16 rows of 32 bf16. Rows are those of whole blocks.
  [[gnu::noinline]] static const uint8_t *prepare(const uint8_t *tiles,
                                                  int64_t rows,
                                                  int64_t columnTiles,
                                                  uint8_t *scratch) {
    const int64_t blockRows = roundUp(rows, kBlockRows);
    for (int64_t row = 0; row < blockRows; ++row)
#pragma clang loop unroll(disable)
      for (int64_t t = 0; t < columnTiles; ++t) {
        const int64_t line =
            (row / FP8ATTN_TILE_ROWS * columnTiles + t) * FP8ATTN_TILE_ROWS +
            row % FP8ATTN_TILE_ROWS;
        prepareRow(tiles + line * kLineBytes, scratch + line * kRowBytes);
      }
    return scratch;
  }

  /// The same for a row of a tile.
  static void prepareRow(const uint8_t *line, uint8_t *row) {
    const auto *words = reinterpret_cast<const __m256i *>(line);
    auto *floats = reinterpret_cast<float *>(row);
    simd::storeFloats(floats, floatFromBf16(words[0]));
    simd::storeFloats(floats + kLanes, floatFromBf16(words[1]));
  }

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

  /// Returns 32 floats as bf16 in their order, and adds what they are rounded
  /// to to `sum`.
  static simd::Line packProbs(simd::Floats low, simd::Floats high,
                              simd::Floats &sum) {
    const simd::Words first = simd::highWords(roundProbs(low, sum));
    return simd::fromHalves(first, simd::highWords(roundProbs(high, sum)));
  }

  /// The same, written as a row of a prepared A.
  static void storeProbs(simd::Floats low, simd::Floats high, simd::Floats &sum,
                         uint8_t *row) {
    simd::store(row, roundProbs(low, sum));
    simd::store(row + kLineBytes, roundProbs(high, sum));
  }

private:
  /// Returns the bits of floats that are bf16.
  static simd::Line roundProbs(simd::Floats x, simd::Floats &sum) {
    const simd::Line bits =
        simd::bitAnd(roundToBf16(x), simd::set32(0xffff0000));
    sum = simd::add(sum, simd::asFloats(bits));
    return bits;
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_ROW_DOT_H
