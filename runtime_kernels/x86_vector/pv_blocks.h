//===- pv_blocks.h - values with scales of blocks of channels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][c] += sum over j of
//                (probs[r][j] * scale(j, c / 32)) * word(first_key + j, c)
//
// The probabilities of a granule are multiplied by the scales of each 32
// channels, which are two tiles of values. Scales are powers of two, so that a
// product is as exact as the probability: each lane is the chain of additions
// of pv.h, of products that are those of the scaled values.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PV_BLOCKS_H
#define FP8ATTN_X86_VECTOR_PV_BLOCKS_H

#include "x86_vector/block_scales.h"
#include "x86_vector/pv.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of values in a group of channels.
constexpr int64_t kGroupTiles = kPairedElements / kLanes;

/// Bytes of the probabilities of a block of rows with a granule, for a group of
/// channels and for all.
constexpr int64_t kGroupProbBytes = kBlockRows * RowDot::kRowBytes;
constexpr int64_t kScaledProbBytes = kMostGroups * kGroupProbBytes;

/// Scratch behind the rows of A: scaled probabilities, exact words of a group,
/// words of a granule and values that are put together.
constexpr int64_t kGroupWordBytes = kGroupTiles * FP8ATTN_TILE_BYTES;
constexpr int64_t kPvBlocksScratchBytes =
    kScaledProbBytes + kGroupWordBytes + 2 * kGranuleTileBytes;
static_assert(RowDot::scratchBytes(FP8ATTN_BLOCK_ROWS, kProbTiles) +
                  kPvBlocksScratchBytes <=
              FP8ATTN_KERNEL_SCRATCH_BYTES);

/// A granule of values, and where its results go.
struct PvBlocksGranule {
  /// Whole tiles.
  const uint8_t *values;
  /// The tile of the first of its rows, prepared.
  const uint8_t *probs;
  const BlockFactors &factors;
  int64_t channels;
  float *acc;
  /// kScaledProbBytes, and behind them kGroupWordBytes.
  uint8_t *scratch;
};

/// Adds tiles with special values for at most kBlockRows rows. What a value
/// that is NaN or infinite reaches is told by its probabilities that are not 0:
/// a scale must not make them so.
template <class Format>
[[gnu::noinline]] void pvBlocksExact(const PvBlocksGranule &in, int64_t rows,
                                     int64_t firstTile, int64_t tiles) {
  const int64_t group = firstTile / kGroupTiles;
  for (int64_t r = 0; r < rows; ++r)
    RowDot::scaleRow<true>(
        in.probs + r * RowDot::kRowBytes, in.factors.of[group],
        in.scratch + group * kGroupProbBytes + r * RowDot::kRowBytes);
  pvExact<Format>(in.values + firstTile * kCacheTileBytes<Format>,
                  in.scratch + group * kGroupProbBytes, rows, in.channels,
                  firstTile, tiles, in.acc, in.scratch + kScaledProbBytes);
}

/// A granule for `Rows` rows, at most kBlockRows.
template <class Format, int Rows, class Prefetch>
[[gnu::noinline]] void pvBlocksFewRows(const PvBlocksGranule &in,
                                       Prefetch &prefetch) {
  constexpr int kTiles =
      kWideTiles<Rows> < kGroupTiles ? kWideTiles<Rows> : kGroupTiles;
  RowDot::scaleRows<Rows>(in.probs, in.factors.of[0],
                          in.channels / kPairedElements, in.scratch,
                          kGroupProbBytes);
#pragma clang loop unroll(disable)
  for (int64_t tile = 0; tile < in.channels / kLanes; tile += kTiles)
    if (pvBlock<Format, Specials::kDetect, Rows, kTiles>(
            in.values + tile * kCacheTileBytes<Format>, 1, 0,
            in.scratch + tile / kGroupTiles * kGroupProbBytes,
            in.acc + tile * kTileFloats, prefetch, RowDot::NoGuard()))
      pvBlocksExact<Format>(in, Rows, tile, kTiles);
}

/// A granule for any number of rows, which share its words. `in` has the first
/// rows, and its values are codes.
template <class Format>
[[gnu::noinline]] void pvBlocksManyRows(PvBlocksGranule in, int64_t rows) {
  const int64_t tiles = in.channels / kLanes;
  uint8_t *words = in.scratch + kScaledProbBytes + kGroupWordBytes;
  if (decodeTiles<Format, Specials::kDetect>(in.values, tiles, words))
    decodeTiles<Format, Specials::kExact>(in.values, tiles, words);
  in.values = words;
  const uint8_t *probs = in.probs;
  float *acc = in.acc;
  NoPrefetch none;
  for (int64_t r = 0; r < rows; r += kBlockRows) {
    in.probs = preparedRowOf(probs, r, kProbTiles);
    in.acc = rowOf(acc, r, tiles);
    pvBlocksFewRows<Bf16, kBlockRows>(in, none);
  }
}

/// An fp8attn_uk_blocks_fn, with the stream that it takes along.
template <class Format>
inline void pvBlocksStep(const fp8attn_key_run &run, int64_t firstKey,
                         int64_t numKeys, const uint8_t *probs, int64_t rows,
                         int64_t channels, float *acc, uint8_t *scratch,
                         PrefetchStream &prefetch, const BlockScales &scales) {
  const uint8_t *prepared = RowDot::prepare(probs, rows, kProbTiles, scratch);
  scratch += RowDot::scratchBytes(rows, kProbTiles);
  uint8_t *memory =
      scratch + kScaledProbBytes + kGroupWordBytes + kGranuleTileBytes;
  for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
    const uint8_t *values = valueTiles<Format>(run, firstKey + j, channels, 0,
                                               channels / kLanes, memory);
    const BlockFactors factors =
        scales.load(run, firstKey + j, channels / kPairedElements);
    const PvBlocksGranule granule = {
        values,  prepared + j / FP8ATTN_GRANULE * RowDot::kTileBytes,
        factors, channels,
        acc,     scratch};
    if (rows > kBlockRows)
      pvBlocksManyRows<Format>(granule, rows);
    else
      withRows(rows, [&](auto few) {
        pvBlocksFewRows<Format, decltype(few)::value>(granule, prefetch);
      });
    prefetch.endGranule();
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PV_BLOCKS_H
