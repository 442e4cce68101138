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

#ifndef FP8ATTN_X86_AVX512_QK_H
#define FP8ATTN_X86_AVX512_QK_H

#include "x86_avx512/row_blocks.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of keys in a granule.
constexpr int kGranuleKeyTiles = FP8ATTN_GRANULE / FP8ATTN_TILE_ROWS;

/// Scores of `Rows` rows with one granule: `query` and `scores` are the first
/// row in its first tile. Returns whether the decoder saw a special value.
template <class Format, Specials Mode, int Rows, class Prefetch>
inline bool qkBlock(const uint8_t *granule, const uint8_t *query,
                    int64_t channels, float *scores, Prefetch &prefetch) {
  Decoder<Format, Mode> decoder;
  const int64_t steps = channels / kPairedElements;
  const TileDotOperands in = {query, granule, steps * kCacheTileBytes<Format>,
                              kCacheTileBytes<Format>, steps};
  __m512 acc[Rows][kGranuleKeyTiles] = {};
  tileDot(in, decoder, prefetch, NoGuard(), acc);
  for (int r = 0; r < Rows; ++r)
    for (int t = 0; t < kGranuleKeyTiles; ++t)
      _mm512_store_ps(scores + t * kTileFloats + r * 16, acc[r][t]);
  return decoder.sawSpecial();
}

/// Scores of any number of rows with a granule of exact words.
inline void qkWords(const uint8_t *words, const uint8_t *query, int64_t rows,
                    int64_t channels, float *scores) {
  NoPrefetch none;
  for (int64_t r = 0; r < rows; r += kBlockRows)
    qkBlock<Bf16, Specials::kIgnore, kBlockRows>(
        words, rowOf(query, r, channels / kPairedElements), channels,
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
template <class Format, int Rows, class Prefetch>
inline void qkFewRows(const uint8_t *granule, const uint8_t *query,
                      int64_t channels, float *scores, uint8_t *scratch,
                      Prefetch &prefetch) {
  // The words of bf16 are right, whatever they are.
  constexpr Specials kMode =
      Format::kBytes == 1 ? Specials::kDetect : Specials::kIgnore;
  if (qkBlock<Format, kMode, Rows>(granule, query, channels, scores, prefetch))
    qkExact<Format>(granule, query, Rows, channels, scores, scratch);
}

/// Scores of a granule for many rows, through scratch.
template <class Format>
inline void qkManyRows(const uint8_t *granule, const uint8_t *query,
                       int64_t rows, int64_t channels, float *scores,
                       uint8_t *scratch) {
  if constexpr (Format::kBytes == 2)
    return qkWords(granule, query, rows, channels, scores);
  const int64_t tiles = kGranuleKeyTiles * channels / kPairedElements;
  if (decodeTiles<Format, Specials::kDetect>(granule, tiles, scratch))
    return qkExact<Format>(granule, query, rows, channels, scores, scratch);
  qkWords(scratch, query, rows, channels, scores);
}

/// An fp8attn_uk_qk_fn, with a policy that fetches ahead.
template <class Format, class Prefetch>
inline void qkStep(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const uint8_t *query, int64_t rows,
                   int64_t channels, float *scores, uint8_t *scratch,
                   Prefetch &prefetch) {
  const auto forGranules = [&](const auto &body) {
    for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
      body(keyGranule<Format::kBytes>(run, firstKey + j, channels),
           scores + j / 16 * kTileFloats);
      prefetch.endGranule();
    }
  };
  if (rows > kBlockRows)
    return forGranules([&](const uint8_t *granule, float *out) {
      qkManyRows<Format>(granule, query, rows, channels, out, scratch);
    });
  withRows(rows, [&](auto few) {
    forGranules([&](const uint8_t *granule, float *out) {
      qkFewRows<Format, decltype(few)::value>(granule, query, channels, out,
                                              scratch, prefetch);
    });
  });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_QK_H
