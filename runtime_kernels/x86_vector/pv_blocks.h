//===- pv_blocks.h - values with scales of blocks of channels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][c] += sum over j of
//                (probs[r][j] * scale(j, c / B)) * word(first_key + j, c)
//
// The probabilities of a granule are multiplied by the scales of each B = 16 or
// 32 channels, which are one or two tiles of values. That is as exact as the
// probability, for powers of two, and for f8E4M3FN where products are of f32:
// each lane is the chain of additions of pv.h, of products that are those of
// the scaled values. Where products are of bf16, those with f8E4M3FN are in
// scaled_words.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PV_BLOCKS_H
#define FP8ATTN_X86_VECTOR_PV_BLOCKS_H

#include "x86_vector/block_scales.h"
#include "x86_vector/pv.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of values in a group of channels that have one scale.
template <class Scale>
constexpr int64_t kGroupTiles = Scale::kChannels / kLanes;

/// Bytes of the probabilities of a block of rows with a granule, for a group of
/// channels and for all.
constexpr int64_t kGroupProbBytes = kBlockRows * RowDot::kRowBytes;
template <class Scale>
constexpr int64_t kScaledProbBytes =
    FP8ATTN_MAX_CHANNELS / Scale::kChannels * kGroupProbBytes;

/// Scratch behind the rows of A: scaled probabilities, exact words of a group,
/// words of a granule and values that are put together.
template <class Scale>
constexpr int64_t kGroupWordBytes = kGroupTiles<Scale> * FP8ATTN_TILE_BYTES;
template <class Format, class Scale>
constexpr int64_t kPvBlocksScratchBytes =
    kScaledProbBytes<Scale> + kGroupWordBytes<Scale> + kGranuleTileBytes +
    bytesOf<Format::kBits>(kGranuleTileBytes / 2);
template <class Format, class Scale>
constexpr bool kFitsPvBlocks =
    RowDot::scratchBytes(FP8ATTN_BLOCK_ROWS, kProbTiles) +
        kPvBlocksScratchBytes<Format, Scale> <=
    FP8ATTN_KERNEL_SCRATCH_BYTES;
static_assert(kFitsPvBlocks<E4M3, PowerScale> &&
              kFitsPvBlocks<E2M1, E4m3Scale>);

/// A granule of values, and where its results go.
template <class Scale> struct PvBlocksGranule {
  /// Whole tiles.
  const uint8_t *values;
  /// The tile of the first of its rows, prepared.
  const uint8_t *probs;
  const BlockFactors<Scale> &factors;
  int64_t channels;
  float *acc;
  /// kScaledProbBytes, and behind them kGroupWordBytes.
  uint8_t *scratch;
};

/// Adds tiles of a group, with special values, for at most kBlockRows rows.
/// What a value that is NaN or infinite reaches is told by its probabilities
/// that are not 0: a scale must not make them so.
template <class Format, class Scale>
[[gnu::noinline]] void pvBlocksExact(const PvBlocksGranule<Scale> &in,
                                     int64_t rows, int64_t firstTile,
                                     int64_t tiles) {
  const int64_t group = firstTile / kGroupTiles<Scale>;
  for (int64_t r = 0; r < rows; ++r)
    RowDot::scaleRow<true>(
        in.probs + r * RowDot::kRowBytes, in.factors.of[group],
        in.scratch + group * kGroupProbBytes + r * RowDot::kRowBytes);
  pvExact<Format>(in.values + firstTile * kCacheTileBytes<Format>,
                  in.scratch + group * kGroupProbBytes, rows, in.channels,
                  firstTile, tiles, in.acc,
                  in.scratch + kScaledProbBytes<Scale>);
}

/// A granule for `Rows` rows, at most kBlockRows. There are tiles for an even
/// number of groups of 16 channels.
template <class Format, int Rows, class Prefetch, class Scale>
[[gnu::noinline]] void pvBlocksFewRows(const PvBlocksGranule<Scale> &in,
                                       Prefetch &prefetch) {
  constexpr int kTiles = kWideTiles<Rows> < 2 ? 1 : 2;
  constexpr int64_t kInGroup =
      kTiles < kGroupTiles<Scale> ? kTiles : kGroupTiles<Scale>;
  RowDot::scaleRows<Rows>(in.probs, in.factors.of[0],
                          in.channels / Scale::kChannels, in.scratch,
                          kGroupProbBytes);
#pragma clang loop unroll(disable)
  for (int64_t tile = 0; tile < in.channels / kLanes; tile += kTiles)
    if (pvBlock<Format, Specials::kDetect, Rows, kTiles>(
            in.values + tile * kCacheTileBytes<Format>, 1, 0,
            in.scratch + tile / kGroupTiles<Scale> * kGroupProbBytes,
            in.acc + tile * kTileFloats, prefetch, RowDot::NoGuard(), nullptr,
            kInGroup < kTiles ? kGroupProbBytes : 0))
      for (int64_t t = tile; t < tile + kTiles; t += kInGroup)
        pvBlocksExact<Format>(in, Rows, t, kInGroup);
}

/// A granule for any number of rows, which share its words. `in` has the first
/// rows, and its values are codes.
template <class Format, class Scale>
[[gnu::noinline]] void pvBlocksManyRows(PvBlocksGranule<Scale> in,
                                        int64_t rows) {
  const int64_t tiles = in.channels / kLanes;
  uint8_t *words =
      in.scratch + kScaledProbBytes<Scale> + kGroupWordBytes<Scale>;
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
template <class Format, class Scale>
inline void pvBlocksStep(const fp8attn_key_run &run, int64_t firstKey,
                         int64_t numKeys, const uint8_t *probs, int64_t rows,
                         int64_t channels, float *acc, uint8_t *scratch,
                         PrefetchStream &prefetch,
                         const BlockScales<Scale> &scales) {
  const uint8_t *prepared = RowDot::prepare(probs, rows, kProbTiles, scratch);
  scratch += RowDot::scratchBytes(rows, kProbTiles);
  uint8_t *memory = scratch + kScaledProbBytes<Scale> + kGroupWordBytes<Scale> +
                    kGranuleTileBytes;
  for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
    const uint8_t *values = valueTiles<Format>(run, firstKey + j, channels, 0,
                                               channels / kLanes, memory);
    const BlockFactors<Scale> factors =
        scales.load(run, firstKey + j, channels);
    const PvBlocksGranule<Scale> granule = {
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
