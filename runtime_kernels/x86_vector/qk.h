//===- qk.h - scores of a step of keys --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scores[r][j] = sum over channels of query[r][c] * word(first_key + j, c)
//
// Lanes are the 16 keys of a tile. One granule of 32 keys at a time: few rows
// decode it in registers, many rows decode it once into scratch (at most
// 32 * 576 words) and reuse it from the L1 cache. A granule with NaN is done
// again from an exactly decoded copy.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_QK_H
#define FP8ATTN_X86_VECTOR_QK_H

#include "x86_vector/prefetch.h"
#include "x86_vector/row_blocks.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of keys in a granule.
constexpr int kGranuleKeyTiles = FP8ATTN_GRANULE / FP8ATTN_TILE_ROWS;

/// Bytes of a decoded granule of keys.
constexpr int64_t kGranuleWordBytes =
    FP8ATTN_GRANULE * FP8ATTN_MAX_CHANNELS * Bf16::kBits / 8;
static_assert(kGranuleWordBytes + RowDot::scratchBytes(FP8ATTN_BLOCK_ROWS,
                                                       FP8ATTN_MAX_CHANNELS /
                                                           kPairedElements) <=
              FP8ATTN_KERNEL_SCRATCH_BYTES);

/// Scores of `Rows` rows with one granule: `query` (prepared, here and below)
/// and `scores` are the first row in its first tile. Returns whether the
/// decoder saw a special value.
template <class Format, Specials Mode, int Rows, class Prefetch>
inline bool qkBlock(const uint8_t *granule, const uint8_t *query,
                    int64_t channels, float *scores, Prefetch &prefetch) {
  constexpr int kTiles =
      kWideTiles<Rows> < kGranuleKeyTiles ? kWideTiles<Rows> : kGranuleKeyTiles;
  Decoder<Format, Mode> decoder;
  const int64_t steps = channels / kPairedElements;
  const int64_t tileBytes = steps * kCacheTileBytes<Format>;
  for (int first = 0; first < kGranuleKeyTiles; first += kTiles) {
    const TileDotOperands in = {query, granule + first * tileBytes, tileBytes,
                                kCacheTileBytes<Format>, steps};
    simd::Floats acc[Rows][kTiles];
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < kTiles; ++t)
        acc[r][t] = simd::set(0);
    tileDot(in, decoder, prefetch, RowDot::NoGuard(), acc);
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < kTiles; ++t)
        simd::storeFloats(scores + (first + t) * kTileFloats + r * kLanes,
                          acc[r][t]);
  }
  return decoder.sawSpecial();
}

/// Scores of any number of rows with a granule of exact words.
inline void qkWords(const uint8_t *words, const uint8_t *query, int64_t rows,
                    int64_t channels, float *scores) {
  NoPrefetch none;
  for (int64_t r = 0; r < rows; r += kBlockRows)
    qkBlock<Bf16, Specials::kIgnore, kBlockRows>(
        words, preparedRowOf(query, r, channels / kPairedElements), channels,
        rowOf(scores, r, kScoreTiles), none);
}

/// Decodes a granule exactly, then as qkWords.
template <class Format>
[[gnu::noinline]] void qkExact(const uint8_t *granule, const uint8_t *query,
                               int64_t rows, int64_t channels, float *scores,
                               uint8_t *scratch) {
  decodeTiles<Format, Specials::kExact>(
      granule, kGranuleKeyTiles * channels / kPairedElements, scratch);
  qkWords(scratch, query, rows, channels, scores);
}

/// Scores of a granule for at most kBlockRows rows, in registers.
template <class Format, int Rows>
[[gnu::noinline]] void qkFewRows(const uint8_t *granule, const uint8_t *query,
                                 int64_t channels, float *scores,
                                 uint8_t *scratch, PrefetchStream &prefetch) {
  // The words of bf16 are right, whatever they are.
  constexpr Specials kMode =
      Format::kBits < 16 ? Specials::kDetect : Specials::kIgnore;
  if (qkBlock<Format, kMode, Rows>(granule, query, channels, scores, prefetch))
    qkExact<Format>(granule, query, Rows, channels, scores, scratch);
}

/// Scores of a granule for many rows, through scratch.
template <class Format>
inline void qkManyRows(const uint8_t *granule, const uint8_t *query,
                       int64_t rows, int64_t channels, float *scores,
                       uint8_t *scratch) {
  if constexpr (Format::kBits == 16)
    return qkWords(granule, query, rows, channels, scores);
  const int64_t tiles = kGranuleKeyTiles * channels / kPairedElements;
  if (decodeTiles<Format, Specials::kDetect>(granule, tiles, scratch))
    return qkExact<Format>(granule, query, rows, channels, scores, scratch);
  qkWords(scratch, query, rows, channels, scores);
}

/// An fp8attn_uk_qk_fn, with the stream that it takes along.
template <class Format>
inline void qkStep(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const uint8_t *query, int64_t rows,
                   int64_t channels, float *scores, uint8_t *scratch,
                   PrefetchStream &prefetch) {
  const int64_t queryTiles = channels / kPairedElements;
  const uint8_t *prepared = RowDot::prepare(query, rows, queryTiles, scratch);
  scratch += RowDot::scratchBytes(rows, queryTiles);
  for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
    const uint8_t *granule =
        keyGranule<Format::kBits>(run, firstKey + j, channels);
    float *out = scores + j / 16 * kTileFloats;
    if (rows > kBlockRows)
      qkManyRows<Format>(granule, prepared, rows, channels, out, scratch);
    else
      withRows(rows, [&](auto few) {
        qkFewRows<Format, decltype(few)::value>(granule, prepared, channels,
                                                out, scratch, prefetch);
      });
    prefetch.endGranule();
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QK_H
