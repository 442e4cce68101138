//===- pv_scaled_words.h - values times scales of f8E4M3FN ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// pv_blocks.h with words of values that are multiplied by their scales, where
// products are of bf16. Few rows decode them in registers, many rows share the
// words of a granule; the chains of additions are the same.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_BF16_PV_SCALED_WORDS_H
#define FP8ATTN_X86_AVX512_BF16_PV_SCALED_WORDS_H

#include "x86_avx512_bf16/scaled_words.h"
#include "x86_vector/pv_blocks.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of channels side by side, of which there is an even number.
constexpr int kScaledTiles = 2;

/// A granule of values with a scale of f8E4M3FN for each token and block, and
/// where its results go.
struct ScaledGranule {
  /// Whole tiles.
  const uint8_t *values;
  /// The scales of its first token, and of its half.
  GranuleHalves codes;
  const BlockScales<E4m3Scale> &scales;
  /// The tile of the first of its rows, prepared.
  const uint8_t *probs;
  int64_t channels;
  float *acc;
  /// For its words.
  uint8_t *words;

  /// Returns what decodes tiles from `tile` on.
  ScaledNibbles<kScaledTiles> decoderOf(int64_t tile) const {
    ScaledNibbles<kScaledTiles> decoder(scales.tokenStride);
    for (int t = 0; t < kScaledTiles; ++t) {
      const int64_t offset = scales.offsetOf(tile + t);
      decoder.scales[t] = {codes.early + offset, codes.late + offset};
    }
    return decoder;
  }
};

/// Writes the words of kScaledTiles tiles. Returns whether there is NaN among
/// the scales.
inline bool decodeScaledTiles(const ScaledGranule &in, int64_t tile) {
  ScaledNibbles<kScaledTiles> decoder = in.decoderOf(tile);
  for (int t = 0; t < kScaledTiles; ++t)
#pragma clang loop unroll(disable)
    for (int64_t pair = 0; pair < kTileRowPairs; ++pair) {
      const RowPair rows =
          decoder.load(in.values + (tile + t) * kCacheTileBytes<E2M1> +
                           pair * kRowPairBytes<E2M1>,
                       pair, t);
      uint8_t *to =
          in.words + (tile + t) * FP8ATTN_TILE_BYTES + pair * 2 * kLineBytes;
      simd::store(to, rows.even);
      simd::store(to + kLineBytes, rows.odd);
    }
  return decoder.sawSpecial();
}

/// Adds words of kScaledTiles tiles for a block of `Rows` rows, of which
/// `first` is the first one.
template <int Rows, class Guard>
inline void addScaledWords(const ScaledGranule &in, int64_t first,
                           int64_t tile) {
  NoPrefetch none;
  pvBlock<Bf16, Specials::kIgnore, Rows, kScaledTiles>(
      in.words + tile * FP8ATTN_TILE_BYTES, 1, 0,
      preparedRowOf(in.probs, first, kProbTiles),
      rowOf(in.acc, first, in.channels / kLanes) + tile * kTileFloats, none,
      Guard());
}

/// Tiles with a scale that is NaN, which reaches rows whose probability for the
/// token is not 0.
[[gnu::noinline]] inline void addNanScales(const ScaledGranule &in,
                                           int64_t rows, int64_t tile) {
  decodeScaledTiles(in, tile);
  for (int64_t r = 0; r < rows; r += kBlockRows)
    addScaledWords<kBlockRows, RowDot::ZeroGuard>(in, r, tile);
}

/// A granule for `Rows` rows, at most kBlockRows.
template <int Rows>
[[gnu::noinline]] void pvScaledFewRows(const ScaledGranule &in,
                                       PrefetchStream &prefetch) {
#pragma clang loop unroll(disable)
  for (int64_t tile = 0; tile < in.channels / kLanes; tile += kScaledTiles) {
    ScaledNibbles<kScaledTiles> decoder = in.decoderOf(tile);
    const TileDotOperands operands = {in.probs,
                                      in.values + tile * kCacheTileBytes<E2M1>,
                                      kCacheTileBytes<E2M1>, 0, 1};
    if (addTileDot<Rows, kScaledTiles>(operands, in.acc + tile * kTileFloats,
                                       decoder, prefetch, RowDot::NoGuard()))
      addNanScales(in, Rows, tile);
  }
}

/// A granule for any number of rows, which share its words.
[[gnu::noinline]] inline void pvScaledManyRows(const ScaledGranule &in,
                                               int64_t rows) {
  for (int64_t tile = 0; tile < in.channels / kLanes; tile += kScaledTiles)
    if (decodeScaledTiles(in, tile))
      addNanScales(in, rows, tile);
    else
      for (int64_t r = 0; r < rows; r += kBlockRows)
        addScaledWords<kBlockRows, RowDot::NoGuard>(in, r, tile);
}

/// As in pv_blocks.h.
template <class Format>
inline void pvBlocksStep(const fp8attn_key_run &run, int64_t firstKey,
                         int64_t numKeys, const uint8_t *probs, int64_t rows,
                         int64_t channels, float *acc, uint8_t *scratch,
                         PrefetchStream &prefetch,
                         const BlockScales<E4m3Scale> &scales) {
  uint8_t *memory = scratch + kGranuleTileBytes;
  for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
    const ScaledGranule granule = {
        valueTiles<Format>(run, firstKey + j, channels, 0, channels / kLanes,
                           memory),
        scales.find(run, firstKey + j),
        scales,
        probs + j / FP8ATTN_GRANULE * RowDot::kTileBytes,
        channels,
        acc,
        scratch};
    if (rows > kBlockRows)
      pvScaledManyRows(granule, rows);
    else
      withRows(rows, [&](auto few) {
        pvScaledFewRows<decltype(few)::value>(granule, prefetch);
      });
    prefetch.endGranule();
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_BF16_PV_SCALED_WORDS_H
