//===- row_blocks.h - from a number of rows to a template -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Register blocks have their number of rows as a template constant. Up to
// kBlockRows rows use the block of exactly that size, decoding the cache in
// registers; more rows share a decoded copy and use blocks of kBlockRows.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_ROW_BLOCKS_H
#define FP8ATTN_X86_AVX512_ROW_BLOCKS_H

#include "x86_avx512/tile_dot.h"

#include <type_traits>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of B in a block: enough chains to hide the latency of vdpbf16ps, few
/// enough for accumulators and decoded rows to stay in registers.
template <int Rows> constexpr int kWideTiles = Rows <= 2 ? 4 : 2;

/// Calls body(std::integral_constant<int, rows>) for 1 <= rows <= kBlockRows.
template <class Body>
[[gnu::always_inline]] inline void withRows(int64_t rows, const Body &body) {
  switch (rows) {
  case 1:
    return body(std::integral_constant<int, 1>());
  case 2:
    return body(std::integral_constant<int, 2>());
  case 3:
    return body(std::integral_constant<int, 3>());
  case 4:
    return body(std::integral_constant<int, 4>());
  case 5:
    return body(std::integral_constant<int, 5>());
  case 6:
    return body(std::integral_constant<int, 6>());
  case 7:
    return body(std::integral_constant<int, 7>());
  default:
    return body(std::integral_constant<int, kBlockRows>());
  }
}

/// Returns the offset, in bytes, of a row in a panel of row tiles with
/// `columnTiles` tiles side by side.
constexpr int64_t rowBytes(int64_t row, int64_t columnTiles) {
  return row / FP8ATTN_TILE_ROWS * columnTiles * FP8ATTN_TILE_BYTES +
         row % FP8ATTN_TILE_ROWS * kLineBytes;
}

/// Returns the row `row` of a panel of row tiles.
template <class T> inline T *rowOf(T *tiles, int64_t row, int64_t columnTiles) {
  return tiles + rowBytes(row, columnTiles) / static_cast<int64_t>(sizeof(T));
}

/// Floats in a tile.
constexpr int64_t kTileFloats = FP8ATTN_TILE_BYTES / sizeof(float);

/// Tiles side by side in a step's scores and probabilities.
constexpr int64_t kScoreTiles = FP8ATTN_BLOCK_KEYS / 16;
constexpr int64_t kProbTiles = FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_ROW_BLOCKS_H
