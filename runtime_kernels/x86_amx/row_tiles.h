//===- row_tiles.h - three row tiles against a stream of tiles --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sets of accumulators of a full block: three row tiles of one column. One
// set computes while the other is stored, a tile after each step of depth.
// Keys, values and sums pass through the first-level cache once (TILELOADDT1),
// so that they do not drive out what is read again and again: queries, scores
// and probabilities.
//
// Everything is inlined, and work on vectors stands between the products: with
// a call among them, vectors would go through memory.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_ROW_TILES_H
#define FP8ATTN_X86_AMX_ROW_TILES_H

#include "x86_amx/tiles.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Row tiles of a full block.
constexpr int kRowTiles = FP8ATTN_BLOCK_ROWS / FP8ATTN_TILE_ROWS;
static_assert(kRowTiles == kAccumulatorsPerSet);

/// Accumulators `Set` (0 or 1) of the three row tiles of a column, which are
/// `pitch` bytes apart in memory.
template <int Set> struct RowTiles {
  static constexpr int kFirst = kAccumulators + Set * kAccumulatorsPerSet;

  [[gnu::always_inline]] static void zero() {
    _tile_zero(kFirst);
    _tile_zero(kFirst + 1);
    _tile_zero(kFirst + 2);
  }

  [[gnu::always_inline]] static void load(const uint8_t *sums, int64_t pitch) {
    _tile_stream_loadd(kFirst, sums, kTileStride);
    _tile_stream_loadd(kFirst + 1, sums + pitch, kTileStride);
    _tile_stream_loadd(kFirst + 2, sums + 2 * pitch, kTileStride);
  }

  template <int Tile>
  [[gnu::always_inline]] static void store(uint8_t *sums, int64_t pitch) {
    _tile_stored(kFirst + Tile, sums + Tile * pitch, kTileStride);
  }

  [[gnu::always_inline]] static void storeAll(uint8_t *sums, int64_t pitch) {
    store<0>(sums, pitch);
    store<1>(sums, pitch);
    store<2>(sums, pitch);
  }

  /// Adds the products of one step of depth: `left` has the three row tiles,
  /// `pitch` bytes apart, `right` the tile of the column. work(tile) comes
  /// after the product of each row tile.
  template <typename Work>
  [[gnu::always_inline]] static void multiply(const uint8_t *left,
                                              int64_t pitch,
                                              const uint8_t *right, Work work) {
    _tile_stream_loadd(kRight, right, kTileStride);
    _tile_loadd(kLeft, left, kTileStride);
    _tile_dpbf16ps(kFirst, kLeft, kRight);
    work(0);
    _tile_loadd(kLeft, left + pitch, kTileStride);
    _tile_dpbf16ps(kFirst + 1, kLeft, kRight);
    work(1);
    _tile_loadd(kLeft, left + 2 * pitch, kTileStride);
    _tile_dpbf16ps(kFirst + 2, kLeft, kRight);
    work(2);
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_ROW_TILES_H
