//===- row_dot.h - products of floats that are bf16 pairs -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For ISAs without bf16 products. A is widened to floats once for each step of
// keys.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_ROW_DOT_H
#define FP8ATTN_X86_VECTOR_ROW_DOT_H

#include "x86_vector/float_products.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The products of a row of A with rows of B.
struct RowDot : FloatProducts {
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

  /// Writes 32 floats as a row of a tile, and adds what they are rounded to to
  /// `sum`.
  static void packProbs(simd::Floats low, simd::Floats high, simd::Floats &sum,
                        uint16_t *line) {
    const simd::Words first = simd::highWords(roundProbs(low, sum));
    simd::store(
        line, simd::fromHalves(first, simd::highWords(roundProbs(high, sum))));
  }

  /// The same, written as a row of a prepared A.
  static void storeProbs(simd::Floats low, simd::Floats high, simd::Floats &sum,
                         uint8_t *row) {
    simd::store(row, roundProbs(low, sum));
    simd::store(row + kLineBytes, roundProbs(high, sum));
  }

  /// Multiplies a row of a prepared A, probabilities, by 32 factors. 0 stays 0
  /// whatever its factor is; if `KeepsNonZero`, nothing else becomes 0.
  template <bool KeepsNonZero>
  static void scaleRow(const uint8_t *row, const float *factors, uint8_t *to) {
    for (int64_t i = 0; i < 2 * kLanes; i += kLanes) {
      const simd::Floats probs =
          simd::loadFloats(reinterpret_cast<const float *>(row) + i);
      simd::Floats scaled = simd::mul(probs, simd::loadFloats(factors + i));
      if (KeepsNonZero)
        scaled = simd::max(simd::set(0x1p-126f), scaled);
      simd::storeFloats(reinterpret_cast<float *>(to) + i,
                        simd::whereNotZero(probs, scaled));
    }
  }
  /// The same of `Rows` rows, for each of `groups` groups of factors, to rows
  /// `stride` bytes apart.
  template <int Rows>
  static void scaleRows(const uint8_t *rows, const float *factors,
                        int64_t groups, uint8_t *to, int64_t stride) {
    for (int r = 0; r < Rows; ++r)
#pragma clang loop unroll(disable)
      for (int64_t g = 0; g < groups; ++g)
        scaleRow<false>(rows + r * kRowBytes, factors + 2 * g * kLanes,
                        to + g * stride + r * kRowBytes);
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
