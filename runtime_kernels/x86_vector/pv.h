//===- pv.h - weighted values of a step of keys -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][c] += sum over j of probs[r][j] * word(first_key + j, c)
//
// Lanes are the 16 channels of a tile. One granule of 32 keys at a time, as in
// qk.h; those with special values go through pv_exact.h. Behind the last key of
// a run, probabilities are 0, and so are products with whatever is there,
// unless it is special. Few rows take halves of tiles where they lie. Other
// values that are not tiles in the cache are put into scratch first, a granule
// or, for many rows, some tiles of it at a time (granule_tiles.h).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PV_H
#define FP8ATTN_X86_VECTOR_PV_H

#include "x86_vector/granule_tiles.h"
#include "x86_vector/prefetch.h"
#include "x86_vector/pv_exact.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Scratch of pv behind the rows of A: decoded tiles, then values that are put
/// together.
constexpr int64_t kMostPanelTiles = 4;
constexpr int64_t kPvWordBytes =
    FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE * kMostPanelTiles * FP8ATTN_TILE_BYTES;
constexpr int64_t kPvScratchBytes = kPvWordBytes + kGranuleTileBytes;
static_assert(kWideTiles<1> <= kMostPanelTiles);

/// Returns whether tiles of values are in the cache as halves.
inline bool hasHalfTiles(const fp8attn_key_run &run) {
  return !hasWholeGranules(run) && !hasRows(run) && !isLatent(run);
}

/// One granule of values, and where its results go.
struct PvGranule {
  /// Tiles, or the halves of tiles.
  GranuleHalves values;
  /// Its tile of the first rows, prepared.
  const uint8_t *probs;
  int64_t rows;
  int64_t channels;
  float *acc;
  uint8_t *scratch;
};

/// `Tiles` tiles of channels of a granule for at most kBlockRows rows, in
/// registers.
template <class Format, int Rows, int Tiles, bool Halves>
inline void pvFewRowsTiles(const PvGranule &in, int64_t firstTile,
                           PrefetchStream &prefetch) {
  constexpr int64_t kBytes = kCacheTileBytes<Format> / (Halves ? 2 : 1);
  const GranuleHalves values = {in.values.early + firstTile * kBytes,
                                in.values.late + firstTile * kBytes};
  if (!pvBlock<Format, Specials::kDetect, Rows, Tiles, Halves>(
          values.early, 1, 0, in.probs, in.acc + firstTile * kTileFloats,
          prefetch, RowDot::NoGuard(), values.late))
    return;
  const uint8_t *tiles = values.early;
  if constexpr (Halves) {
    copyTiles<Format>(values, Tiles, in.scratch + kPvWordBytes);
    tiles = in.scratch + kPvWordBytes;
  }
  pvExact<Format>(tiles, in.probs, Rows, in.channels, firstTile, Tiles, in.acc,
                  in.scratch);
}

/// The last tile of an odd number of them, for at most `Rows` rows.
template <class Format, int Rows, bool Halves>
[[gnu::noinline]] void pvLastTile(const PvGranule &in, int64_t tile,
                                  PrefetchStream &prefetch) {
  pvFewRowsTiles<Format, Rows, 1, Halves>(in, tile, prefetch);
}

/// A granule for at most kBlockRows rows.
template <class Format, int Rows, bool Halves>
[[gnu::noinline]] void pvFewRows(const PvGranule &in,
                                 PrefetchStream &prefetch) {
  constexpr int kTiles = kWideTiles<Rows>;
  const int64_t tiles = in.channels / kLanes;
  int64_t t = 0;
  for (; t + kTiles <= tiles; t += kTiles)
    pvFewRowsTiles<Format, Rows, kTiles, Halves>(in, t, prefetch);
  if constexpr (kTiles > 2) {
    for (; t < tiles; ++t)
      pvFewRowsTiles<Format, Rows, 1, Halves>(in, t, prefetch);
  } else if (t < tiles) {
    // One chain a row is far from enough, so that more rows cost nothing: two
    // blocks serve all.
    pvLastTile<Format, Rows <= kBlockRows / 2 ? kBlockRows / 2 : kBlockRows,
               Halves>(in, t, prefetch);
  }
}

/// The step's granules for many rows, `Tiles` tiles of channels: they
/// are decoded into scratch together, a panel that stays in L1 while the
/// accumulators of each block of rows stay in registers for the whole step.
template <class Format, int Tiles>
inline void pvPanel(const fp8attn_key_run &run, int64_t firstKey,
                    int64_t granules, const PvGranule &in, int64_t firstTile) {
  constexpr int64_t kStride = Tiles * FP8ATTN_TILE_BYTES;
  const auto values = [&](int64_t g) {
    return valueTiles<Format>(run, firstKey + g * FP8ATTN_GRANULE, in.channels,
                              firstTile, Tiles, in.scratch + kPvWordBytes);
  };
  bool special = false;
  for (int64_t g = 0; g < granules; ++g)
    special |= decodeTiles<Format, Specials::kDetect>(values(g), Tiles,
                                                      in.scratch + g * kStride);
  if (special) {
    for (int64_t g = 0; g < granules; ++g)
      pvExact<Format>(values(g), in.probs + g * RowDot::kTileBytes, in.rows,
                      in.channels, firstTile, Tiles, in.acc, in.scratch);
    return;
  }
  NoPrefetch none;
  for (int64_t r = 0; r < in.rows; r += kBlockRows)
    pvBlock<Bf16, Specials::kIgnore, kBlockRows, Tiles>(
        in.scratch, granules, kStride, preparedRowOf(in.probs, r, kProbTiles),
        rowOf(in.acc, r, in.channels / kLanes) + firstTile * kTileFloats, none,
        RowDot::NoGuard());
}

/// The step's granules for many rows. `in` has the probabilities of the first
/// one.
template <class Format>
inline void pvManyRows(const fp8attn_key_run &run, int64_t firstKey,
                       int64_t granules, const PvGranule &in,
                       PrefetchStream &prefetch) {
  constexpr int kTiles = kWideTiles<kBlockRows>;
  const int64_t tiles = in.channels / kLanes;
  int64_t fetched = 0;
  for (int64_t t = 0; t < tiles;) {
    if (t + kTiles <= tiles) {
      pvPanel<Format, kTiles>(run, firstKey, granules, in, t);
      t += kTiles;
    } else {
      pvPanel<Format, 1>(run, firstKey, granules, in, t);
      ++t;
    }
    // A panel is a slice of all granules; fetch as much as it consumed.
    for (; fetched < granules * t / tiles; ++fetched)
      prefetch.endGranule();
  }
}

/// An fp8attn_uk_pv_fn, with the stream that it takes along.
template <class Format>
inline void pvStep(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const uint8_t *probs, int64_t rows,
                   int64_t channels, float *acc, uint8_t *scratch,
                   PrefetchStream &prefetch) {
  const uint8_t *prepared = RowDot::prepare(probs, rows, kProbTiles, scratch);
  scratch += RowDot::scratchBytes(rows, kProbTiles);
  PvGranule granule = {{}, prepared, rows, channels, acc, scratch};
  const int64_t granules = (numKeys + FP8ATTN_GRANULE - 1) / FP8ATTN_GRANULE;
  if (rows > kBlockRows)
    return pvManyRows<Format>(run, firstKey, granules, granule, prefetch);
  for (int64_t g = 0; g < granules; ++g) {
    const int64_t first = firstKey + g * FP8ATTN_GRANULE;
    granule.probs = prepared + g * RowDot::kTileBytes;
    // Halves of tiles are multiplied where they lie.
    if (hasHalfTiles(run)) {
      granule.values = valueHalves<Format::kBits>(run, first, 0);
      withRows(rows, [&](auto few) {
        pvFewRows<Format, decltype(few)::value, true>(granule, prefetch);
      });
    } else {
      const uint8_t *tiles = valueTiles<Format>(
          run, first, channels, 0, channels / kLanes, scratch + kPvWordBytes);
      granule.values = {tiles, tiles};
      withRows(rows, [&](auto few) {
        pvFewRows<Format, decltype(few)::value, false>(granule, prefetch);
      });
    }
    prefetch.endGranule();
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PV_H
