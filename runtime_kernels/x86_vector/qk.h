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
// again from an exactly decoded copy. Keys that are rows are put together as
// tiles and decoded for any number of rows.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_QK_H
#define FP8ATTN_X86_VECTOR_QK_H

#include "x86_vector/prefetch.h"
#include "x86_vector/row_blocks.h"
#include "x86_vector/token_rows.h"

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

/// Adds the products with tiles of keys side by side, of which the first one is
/// tile `first` of the granule.
template <class Decode, class Prefetch, int Rows, int Tiles>
[[gnu::always_inline]] inline void
addProducts(const TileDotOperands &in, int /*first*/, Decode &decoder,
            Prefetch &prefetch, simd::Floats (&acc)[Rows][Tiles]) {
  tileDot(in, decoder, prefetch, RowDot::NoGuard(), acc);
}

/// Scores of `Rows` rows with one granule: `query` (prepared, here and below)
/// and `scores` are the first row in its first tile. Returns whether the
/// decoder saw a special value. `factors`, here and below, are none, or those
/// of blocks of channels (qk_blocks.h).
template <class Format, Specials Mode, int Rows, class Prefetch,
          class... Factors>
inline bool qkBlock(const GranuleHalves &keys, const uint8_t *query,
                    int64_t channels, float *scores, Prefetch &prefetch,
                    const Factors &...factors) {
  constexpr int kTiles =
      kWideTiles<Rows> < kGranuleKeyTiles ? kWideTiles<Rows> : kGranuleKeyTiles;
  Decoder<Format, Mode> decoder;
  const int64_t steps = channels / kPairedElements;
  for (int first = 0; first < kGranuleKeyTiles; first += kTiles) {
    const TileDotOperands in = {query, first == 0 ? keys.early : keys.late,
                                keys.late - keys.early, kCacheTileBytes<Format>,
                                steps};
    simd::Floats acc[Rows][kTiles];
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < kTiles; ++t)
        acc[r][t] = simd::set(0);
    addProducts(in, first, decoder, prefetch, acc, factors...);
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < kTiles; ++t)
        simd::storeFloats(scores + (first + t) * kTileFloats + r * kLanes,
                          acc[r][t]);
  }
  return decoder.sawSpecial();
}

/// Scores of any number of rows with a granule of exact words.
template <class... Factors>
inline void qkWords(const GranuleHalves &words, const uint8_t *query,
                    int64_t rows, int64_t channels, float *scores,
                    const Factors &...factors) {
  NoPrefetch none;
  for (int64_t r = 0; r < rows; r += kBlockRows)
    qkBlock<Bf16, Specials::kIgnore, kBlockRows>(
        words, preparedRowOf(query, r, channels / kPairedElements), channels,
        rowOf(scores, r, kScoreTiles), none, factors...);
}

/// Returns where the words of a granule are in `memory`.
inline GranuleHalves wordsIn(const uint8_t *memory, int64_t channels) {
  return {memory, memory + channels / kPairedElements * FP8ATTN_TILE_BYTES};
}

/// Decodes a granule to words. Returns whether there were NaN or infinity that
/// are not decoded.
template <class Format, Specials Mode>
inline bool decodeHalves(const GranuleHalves &keys, int64_t channels,
                         uint8_t *words) {
  const int64_t tiles = channels / kPairedElements;
  const bool special = decodeTiles<Format, Mode>(keys.early, tiles, words);
  return special | decodeTiles<Format, Mode>(
                       keys.late, tiles, words + tiles * FP8ATTN_TILE_BYTES);
}

/// Decodes a granule exactly, then as qkWords.
template <class Format, class... Factors>
[[gnu::noinline]] void qkExact(const GranuleHalves &keys, const uint8_t *query,
                               int64_t rows, int64_t channels, float *scores,
                               uint8_t *scratch, const Factors &...factors) {
  decodeHalves<Format, Specials::kExact>(keys, channels, scratch);
  qkWords(wordsIn(scratch, channels), query, rows, channels, scores,
          factors...);
}

/// Scores of a granule for at most kBlockRows rows, in registers.
template <class Format, int Rows, class... Factors>
[[gnu::noinline]] void
qkFewRows(const GranuleHalves &keys, const uint8_t *query, int64_t channels,
          float *scores, uint8_t *scratch, PrefetchStream &prefetch,
          const Factors &...factors) {
  // The words of bf16 are right, whatever they are.
  constexpr Specials kMode =
      Format::kBits < 16 ? Specials::kDetect : Specials::kIgnore;
  if (qkBlock<Format, kMode, Rows>(keys, query, channels, scores, prefetch,
                                   factors...))
    qkExact<Format>(keys, query, Rows, channels, scores, scratch, factors...);
}

/// Scores of a granule for many rows, through scratch.
template <class Format, class... Factors>
inline void qkManyRows(const GranuleHalves &keys, const uint8_t *query,
                       int64_t rows, int64_t channels, float *scores,
                       uint8_t *scratch, const Factors &...factors) {
  if constexpr (Format::kBits == 16)
    return qkWords(keys, query, rows, channels, scores, factors...);
  if (decodeHalves<Format, Specials::kDetect>(keys, channels, scratch))
    return qkExact<Format>(keys, query, rows, channels, scores, scratch,
                           factors...);
  qkWords(wordsIn(scratch, channels), query, rows, channels, scores,
          factors...);
}

/// Scores of a granule for any number of rows.
template <class Format, class... Factors>
[[gnu::always_inline]] inline void
qkGranule(const GranuleHalves &keys, const uint8_t *query, int64_t rows,
          int64_t channels, float *scores, uint8_t *scratch,
          PrefetchStream &prefetch, const Factors &...factors) {
  if (rows > kBlockRows)
    qkManyRows<Format>(keys, query, rows, channels, scores, scratch,
                       factors...);
  else
    withRows(rows, [&](auto few) {
      qkFewRows<Format, decltype(few)::value>(keys, query, channels, scores,
                                              scratch, prefetch, factors...);
    });
}

/// Writes the exact words of the granule that begins at token `first`, whose
/// tokens are rows.
template <class Format>
[[gnu::noinline]] void decodeKeyRows(const fp8attn_key_run &run, int64_t first,
                                     int64_t channels, uint8_t *words) {
  const int64_t tiles = channels / kPairedElements;
  for (int64_t half = 0; half < kGranuleKeyTiles; ++half) {
    if constexpr (Format::kBits == 16) {
      gatherKeyTiles<Format>(run, first + half * kLanes, 0, tiles, words);
    } else {
      alignas(kLineBytes) uint8_t codes[kLanes * FP8ATTN_MAX_CHANNELS];
      gatherKeyTiles<Format>(run, first + half * kLanes, 0, tiles, codes);
      if (decodeTiles<Format, Specials::kDetect>(codes, tiles, words))
        decodeTiles<Format, Specials::kExact>(codes, tiles, words);
    }
    words += tiles * FP8ATTN_TILE_BYTES;
  }
}

/// An fp8attn_uk_qk_fn, with the stream that it takes along; or, with scales of
/// blocks, an fp8attn_uk_blocks_fn, whose keys are tiles.
template <class Format, class... Scales>
inline void qkStep(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const uint8_t *query, int64_t rows,
                   int64_t channels, float *scores, uint8_t *scratch,
                   PrefetchStream &prefetch, const Scales &...scales) {
  const int64_t queryTiles = channels / kPairedElements;
  const uint8_t *prepared = RowDot::prepare(query, rows, queryTiles, scratch);
  scratch += RowDot::scratchBytes(rows, queryTiles);
  for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
    float *out = scores + j / 16 * kTileFloats;
    if constexpr (sizeof...(Scales) == 0)
      if (hasRows(run)) {
        decodeKeyRows<Format>(run, firstKey + j, channels, scratch);
        qkWords(wordsIn(scratch, channels), prepared, rows, channels, out);
        prefetch.endGranule();
        continue;
      }
    const GranuleHalves keys =
        keyHalves<Format::kBits>(run, firstKey + j, channels);
    qkGranule<Format>(keys, prepared, rows, channels, out, scratch, prefetch,
                      scales.load(run, firstKey + j, channels)...);
    prefetch.endGranule();
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QK_H
