//===- row_blocks.h - from a number of rows to a template -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Register blocks have their number of rows as a template constant. Up to
// kBlockRows rows use the block of exactly that size, decoding the cache in
// registers; more rows share a decoded copy and use blocks of kBlockRows.
// Blocks for numbers of rows that do not occur are not part of an object.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_ROW_BLOCKS_H
#define FP8ATTN_X86_VECTOR_ROW_BLOCKS_H

#include "common/products.h"
#include "common/run_kinds.h"
#include "x86_vector/tile_dot.h"

#include <type_traits>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Calls body(std::integral_constant<int, rows>) for 1 <= rows <= kBlockRows;
/// of rows that are no multiple as they should be, with the next one.
template <int Rows = 1, class Body>
[[gnu::always_inline]] inline void withRows(int64_t rows, const Body &body) {
  if constexpr (Rows < kBlockRows)
    if (rows > Rows || Rows % fp8attn_row_multiple != 0)
      return withRows<Rows + 1>(rows, body);
  body(std::integral_constant<int, Rows>());
}

/// Returns the row `row` of a panel of row tiles with `columnTiles` tiles side
/// by side.
template <class T> inline T *rowOf(T *tiles, int64_t row, int64_t columnTiles) {
  const int64_t bytes =
      row / FP8ATTN_TILE_ROWS * columnTiles * FP8ATTN_TILE_BYTES +
      row % FP8ATTN_TILE_ROWS * kLineBytes;
  return tiles + bytes / static_cast<int64_t>(sizeof(T));
}

/// The same for tiles of A that RowDot has prepared.
inline const uint8_t *preparedRowOf(const uint8_t *tiles, int64_t row,
                                    int64_t columnTiles) {
  return tiles + row / FP8ATTN_TILE_ROWS * columnTiles * RowDot::kTileBytes +
         row % FP8ATTN_TILE_ROWS * RowDot::kRowBytes;
}

/// Bytes of a row, and of a tile, of queries and probabilities.
constexpr int64_t kProductRowBytes =
    kProductColumns * static_cast<int64_t>(sizeof(ProductElement::Storage));
constexpr int64_t kProductTileBytes = FP8ATTN_TILE_ROWS * kProductRowBytes;

/// Floats in a tile.
constexpr int64_t kTileFloats = FP8ATTN_TILE_BYTES / sizeof(float);

/// Tiles side by side in a step's scores and probabilities.
constexpr int64_t kScoreTiles = FP8ATTN_BLOCK_KEYS / 16;
constexpr int64_t kProbTiles = FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_ROW_BLOCKS_H
