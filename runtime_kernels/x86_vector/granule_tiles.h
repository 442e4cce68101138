//===- granule_tiles.h - tiles as kernels multiply them ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where pages are whole granules, tiles are multiplied where they lie in the
// cache. Others are put together first, in memory that stays in the first-level
// cache: values of a latent cache (latent.h), those of pages of 16 tokens,
// whose tiles are halves in two pages, and keys and values that are rows
// (token_rows.h). What kernels then do is the same, and so are the bits.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_GRANULE_TILES_H
#define FP8ATTN_X86_VECTOR_GRANULE_TILES_H

#include "x86_vector/latent.h"
#include "x86_vector/token_rows.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bytes of memory for the values of a granule.
constexpr int64_t kGranuleTileBytes =
    FP8ATTN_GRANULE * FP8ATTN_MAX_CHANNELS * 2;

/// Copies half of a tile.
template <class Format>
inline void copyHalfTile(const uint8_t *half, uint8_t *to) {
  for (int64_t i = 0; i < kCacheTileBytes<Format> / 2; i += kLineBytes)
    simd::store(to + i, simd::load(half + i));
}

/// Copies a tile of values.
template <class Format>
inline void copyTile(const GranuleHalves &tile, uint8_t *values) {
  copyHalfTile<Format>(tile.early, values);
  copyHalfTile<Format>(tile.late, values + kCacheTileBytes<Format> / 2);
}

/// Writes a tile of values whose halves are in the cache, if not hasRows.
template <class Format>
inline void joinHalves(const fp8attn_key_run &run, const GranuleHalves &tile,
                       uint8_t *values) {
  if (isLatent(run))
    return transposeTile<Format>(tile, values);
  copyTile<Format>(tile, values);
}

/// Writes `tiles` tiles of values that follow each other, `tile` being the
/// first.
template <class Format>
[[gnu::noinline]] void copyTiles(GranuleHalves tile, int64_t tiles,
                                 uint8_t *values) {
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < tiles; ++i) {
    copyTile<Format>(tile, values);
    tile.early += kCacheTileBytes<Format> / 2;
    tile.late += kCacheTileBytes<Format> / 2;
    values += kCacheTileBytes<Format>;
  }
}

/// Returns `tiles` tiles of values from `firstTile` on, of the granule that
/// begins at token `first`: those in the cache, or in `memory`, which has room
/// for them and is aligned to 64 bytes.
template <class Format>
inline const uint8_t *valueTiles(const fp8attn_key_run &run, int64_t first,
                                 int64_t channels, int64_t firstTile,
                                 int64_t tiles, uint8_t *memory) {
  if (hasValueTiles(run))
    return valueGranule<Format::kBits>(run, first, channels) +
           firstTile * kCacheTileBytes<Format>;
  if (hasRows(run))
    gatherValueTiles<Format>(run, first, firstTile, tiles, memory);
  else if (isLatent(run))
    transposeTiles<Format>(valueHalves<Format::kBits>(run, first, firstTile),
                           tiles, memory);
  else
    copyTiles<Format>(valueHalves<Format::kBits>(run, first, firstTile), tiles,
                      memory);
  return memory;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_GRANULE_TILES_H
