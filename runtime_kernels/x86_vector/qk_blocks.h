//===- qk_blocks.h - scores with scales of blocks of channels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scores[r][j] = sum over groups g of 32 channels of
//                  scale(j, g) * (sum over c in g of query[r][c] * word(j, c))
//
// A tile of keys is a group of 16 tokens, so that its scales are a vector, and
// its product with a row of the query a sum of its own. Each is multiplied by a
// power of two and added at once, groups ascending, whatever the block's shape:
// as in qk.h, few rows decode in registers and many rows share a decoded
// granule, with the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_QK_BLOCKS_H
#define FP8ATTN_X86_VECTOR_QK_BLOCKS_H

#include "x86_vector/block_scales.h"
#include "x86_vector/qk.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// As qkBlock, with the scales of the granule.
template <class Format, Specials Mode, int Rows, class Prefetch>
inline bool qkBlocksBlock(const GranuleHalves &keys, const uint8_t *query,
                          int64_t channels, const BlockFactors &factors,
                          float *scores, Prefetch &prefetch) {
  constexpr int kTiles =
      kWideTiles<Rows> < kGranuleKeyTiles ? kWideTiles<Rows> : kGranuleKeyTiles;
  Decoder<Format, Mode> decoder;
  for (int first = 0; first < kGranuleKeyTiles; first += kTiles) {
    TileDotOperands in = {query, first == 0 ? keys.early : keys.late,
                          keys.late - keys.early, 0, 1};
    simd::Floats acc[Rows][kTiles];
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < kTiles; ++t)
        acc[r][t] = simd::set(0);
#pragma clang loop unroll(disable)
    for (int64_t group = 0; group < channels / kPairedElements; ++group) {
      simd::Floats part[Rows][kTiles];
      for (int r = 0; r < Rows; ++r)
        for (int t = 0; t < kTiles; ++t)
          part[r][t] = simd::set(0);
      tileDot(in, decoder, prefetch, RowDot::NoGuard(), part);
      for (int t = 0; t < kTiles; ++t) {
        const simd::Floats factor =
            simd::loadFloats(factors.of[group] + (first + t) * kLanes);
        for (int r = 0; r < Rows; ++r)
          acc[r][t] = simd::fma(part[r][t], factor, acc[r][t]);
      }
      in.a += RowDot::kTileBytes;
      in.b += kCacheTileBytes<Format>;
    }
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < kTiles; ++t)
        simd::storeFloats(scores + (first + t) * kTileFloats + r * kLanes,
                          acc[r][t]);
  }
  return decoder.sawSpecial();
}

/// As qkWords.
inline void qkBlocksWords(const GranuleHalves &words, const uint8_t *query,
                          int64_t rows, int64_t channels,
                          const BlockFactors &factors, float *scores) {
  NoPrefetch none;
  for (int64_t r = 0; r < rows; r += kBlockRows)
    qkBlocksBlock<Bf16, Specials::kIgnore, kBlockRows>(
        words, preparedRowOf(query, r, channels / kPairedElements), channels,
        factors, rowOf(scores, r, kScoreTiles), none);
}

/// As qkExact.
template <class Format>
[[gnu::noinline]] void
qkBlocksExact(const GranuleHalves &keys, const uint8_t *query, int64_t rows,
              int64_t channels, const BlockFactors &factors, float *scores,
              uint8_t *scratch) {
  decodeHalves<Format, Specials::kExact>(keys, channels, scratch);
  qkBlocksWords(wordsIn(scratch, channels), query, rows, channels, factors,
                scores);
}

/// As qkFewRows.
template <class Format, int Rows>
[[gnu::noinline]] void
qkBlocksFewRows(const GranuleHalves &keys, const uint8_t *query,
                int64_t channels, const BlockFactors &factors, float *scores,
                uint8_t *scratch, PrefetchStream &prefetch) {
  if (qkBlocksBlock<Format, Specials::kDetect, Rows>(keys, query, channels,
                                                     factors, scores, prefetch))
    qkBlocksExact<Format>(keys, query, Rows, channels, factors, scores,
                          scratch);
}

/// As qkManyRows.
template <class Format>
inline void qkBlocksManyRows(const GranuleHalves &keys, const uint8_t *query,
                             int64_t rows, int64_t channels,
                             const BlockFactors &factors, float *scores,
                             uint8_t *scratch) {
  if (decodeHalves<Format, Specials::kDetect>(keys, channels, scratch))
    return qkBlocksExact<Format>(keys, query, rows, channels, factors, scores,
                                 scratch);
  qkBlocksWords(wordsIn(scratch, channels), query, rows, channels, factors,
                scores);
}

/// An fp8attn_uk_blocks_fn, with the stream that it takes along.
template <class Format>
inline void qkBlocksStep(const fp8attn_key_run &run, int64_t firstKey,
                         int64_t numKeys, const uint8_t *query, int64_t rows,
                         int64_t channels, const BlockScales &scales,
                         float *scores, uint8_t *scratch,
                         PrefetchStream &prefetch) {
  const int64_t groups = channels / kPairedElements;
  const uint8_t *prepared = RowDot::prepare(query, rows, groups, scratch);
  scratch += RowDot::scratchBytes(rows, groups);
  BlockFactors factors;
  for (int64_t j = 0; j < numKeys; j += FP8ATTN_GRANULE) {
    float *out = scores + j / 16 * kTileFloats;
    const GranuleHalves keys =
        keyHalves<Format::kBits>(run, firstKey + j, channels);
    scales.load(run, firstKey + j, groups, factors);
    if (rows > kBlockRows)
      qkBlocksManyRows<Format>(keys, prepared, rows, channels, factors, out,
                               scratch);
    else
      withRows(rows, [&](auto few) {
        qkBlocksFewRows<Format, decltype(few)::value>(
            keys, prepared, channels, factors, out, scratch, prefetch);
      });
    prefetch.endGranule();
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QK_BLOCKS_H
