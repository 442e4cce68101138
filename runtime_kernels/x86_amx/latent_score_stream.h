//===- latent_score_stream.h - scores and softmax, by granules --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As score_stream.h, of two row tiles and a granule of keys, whose words lie in
// the first-level cache: four accumulators, of two tiles of queries and two of
// keys. Beside the products vectors do the softmax of the two row tiles before,
// fetch keys, and, behind the last row tiles that need a tile of keys, decode
// that of the next granule in its place.
//
// Queries come from the second-level cache, past the first one (TILELOADDT1).
// Keys are walked forwards by every pair: backwards in turn would find those in
// the first-level cache that were used last, and give sums another order.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_SCORE_STREAM_H
#define FP8ATTN_X86_AMX_LATENT_SCORE_STREAM_H

#include "x86_amx/row_maxima.h"
#include "x86_amx/score_stream.h"
#include "x86_vector/decode.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Rows of two row tiles.
constexpr int64_t kPairRows = 2 * FP8ATTN_TILE_ROWS;

/// Bytes of their scores of a granule: tiles [2][2].
constexpr int64_t kPairScoreBytes = 2 * kPairPitch;

/// What is multiplied.
struct PairProduct {
  /// Query tiles [row tiles][depth], and key tiles [2][depth].
  const uint8_t *query;
  const uint8_t *keys;
  int64_t depth;
  /// kPairScoreBytes.
  uint8_t *scores;
  /// What is fetched: `lines` lines beside each step of depth.
  const uint8_t *ahead;
  int64_t lines;
};

/// Scores whose softmax is computed.
struct PairScores {
  const SomeRows<kPairRows> *rows;
  int64_t firstKey;
  /// kPairScoreBytes, and tiles kProbPitch bytes apart.
  const uint8_t *scores;
  uint8_t *probs;
};

/// No keys to decode.
struct NoKeys {
  [[gnu::always_inline]] void decode(int64_t, int64_t) {}
};

/// The keys of a granule, which are decoded to tiles [2][depth] while the tiles
/// that are there are used.
template <class Format> class NextKeys {
public:
  /// bf16 tiles are their own words: they are looked at only.
  static constexpr bool kWordsInCache = Format::kBits == 16;

  NextKeys(const uint8_t *granule, int64_t depth, uint8_t *words)
      : granule(granule), halfBytes(depth * kCacheTileBytes<Format>),
        wordPitch(depth * FP8ATTN_TILE_BYTES), words(words) {}

  /// Decodes fourth `part` of the tiles at depth `k`, which have been loaded.
  [[gnu::always_inline]] void decode(int64_t k, int64_t part) {
    constexpr int64_t kPairs = kTileRowPairs / 4;
    const uint8_t *from = granule + k * kCacheTileBytes<Format> +
                          part * kPairs * kRowPairBytes<Format>;
    uint8_t *to =
        words + k * FP8ATTN_TILE_BYTES + part * kPairs * 2 * kLineBytes;
#pragma clang loop unroll(full)
    for (int64_t pair = 0; pair < kPairs; ++pair) {
      decodePair(from, to);
      decodePair(from + halfBytes, to + wordPitch);
      from += kRowPairBytes<Format>;
      to += 2 * kLineBytes;
    }
  }

  bool sawSpecial() const { return decoder.sawSpecial(); }

private:
  [[gnu::always_inline]] void decodePair(const uint8_t *from, uint8_t *to) {
    const RowPair rows = decoder.load(from);
    if constexpr (!kWordsInCache) {
      simd::store(to, rows.even);
      simd::store(to + kLineBytes, rows.odd);
    }
    decoder.keepOrder();
  }

  const uint8_t *granule;
  int64_t halfBytes, wordPitch;
  uint8_t *words;
  Decoder<Format, Specials::kDetect> decoder;
};

/// Multiplies `Tiles` row tiles with a granule. Beside each step of depth
/// computes `RowsBeside` rows of both row tiles of the scores `beside`, and
/// takes the keys of `next`.
template <int Tiles, int RowsBeside, class Next>
[[gnu::always_inline]] inline void
multiplyPair(const PairProduct &product, const PairScores &beside,
             int64_t exponent, __m512i &largest, Next &next) {
  constexpr int kLaterKeys = kLeft - 1, kLaterLeft = kLeft - 2;
  // Tile intrinsics may write any memory: a copy has no address.
  const int64_t depth = product.depth, pitch = depth * FP8ATTN_TILE_BYTES;
  const uint8_t *const query = product.query, *const keys = product.keys;
  const uint8_t *ahead = product.ahead;
  const int64_t aheadBytes = product.lines * kLineBytes;
  int64_t k = 0, row = 0;
  HalfSoftmax softmax(exponent, largest);
  softmax.begin(*beside.rows, 0, beside.scores, beside.probs, beside.firstKey);
  const auto multiply = [&](auto rows) __attribute__((always_inline)) {
    const auto work = [&](int part) __attribute__((always_inline)) {
      next.decode(k, part);
      if constexpr (rows > 0)
        if (part & 1)
          softmax.template rows<false, rows>(part / 2, row);
    };
    const int64_t at = k * FP8ATTN_TILE_BYTES;
    _tile_loadd(kRight, keys + at, kTileStride);
    _tile_stream_loadd(kLeft, query + at, kTileStride);
    _tile_loadd(kLaterKeys, keys + pitch + at, kTileStride);
    _tile_dpbf16ps(0, kLeft, kRight);
    work(0);
    _tile_dpbf16ps(1, kLeft, kLaterKeys);
    work(1);
    if constexpr (Tiles > 1) {
      _tile_stream_loadd(kLaterLeft, query + pitch + at, kTileStride);
      _tile_dpbf16ps(2, kLaterLeft, kRight);
    }
    work(2);
    if constexpr (Tiles > 1)
      _tile_dpbf16ps(3, kLaterLeft, kLaterKeys);
    work(3);
#pragma clang loop unroll(disable)
    for (int64_t line = 0; line < aheadBytes; line += kLineBytes)
      _mm_prefetch(reinterpret_cast<const char *>(ahead + line), _MM_HINT_T1);
    ahead += aheadBytes;
    ++k;
  };
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (Tiles > 1) {
    _tile_zero(2);
    _tile_zero(3);
  }
#pragma clang loop unroll(disable)
  for (; k < depth && row < FP8ATTN_TILE_ROWS; row += RowsBeside)
    multiply(std::integral_constant<int, RowsBeside>());
#pragma clang loop unroll(disable)
  while (k < depth)
    multiply(std::integral_constant<int, 0>());
  _tile_stored(0, product.scores, kTileStride);
  _tile_stored(1, product.scores + FP8ATTN_TILE_BYTES, kTileStride);
  if constexpr (Tiles > 1) {
    _tile_stored(2, product.scores + kPairPitch, kTileStride);
    _tile_stored(3, product.scores + kPairPitch + FP8ATTN_TILE_BYTES,
                 kTileStride);
  }
  // Of few steps of depth.
#pragma clang loop unroll(disable)
  for (; row < FP8ATTN_TILE_ROWS; ++row) {
    softmax.template rows<false, 1>(0, row);
    softmax.template rows<false, 1>(1, row);
  }
  largest = softmax.largestSoFar();
}

/// Multiplies a granule with one row tile or two; see multiplyPair.
template <int Tiles, int RowsBeside>
[[gnu::noinline]] void streamPair(const PairProduct &product,
                                  const PairScores &beside, int64_t exponent,
                                  __m512i &largest) {
  NoKeys none;
  multiplyPair<Tiles, RowsBeside>(product, beside, exponent, largest, none);
}

/// The same, and decodes the next granule of keys at `granule` to `words`,
/// those that are multiplied. Returns whether there are NaN or infinity, which
/// are not decoded.
template <class Format, int Tiles, int RowsBeside>
[[gnu::noinline]] bool
streamPairAndKeys(const PairProduct &product, const PairScores &beside,
                  int64_t exponent, __m512i &largest, const uint8_t *granule,
                  uint8_t *words) {
  NextKeys<Format> next(granule, product.depth, words);
  multiplyPair<Tiles, RowsBeside>(product, beside, exponent, largest, next);
  return next.sawSpecial();
}

/// Computes the softmax of scores that nothing else is done beside, whichever
/// keys the rows see.
[[gnu::noinline]] inline void finishPair(const PairScores &pair,
                                         int64_t exponent, __m512i &largest) {
  HalfSoftmax softmax(exponent, largest);
  softmax.begin(*pair.rows, 0, pair.scores, pair.probs, pair.firstKey);
#pragma clang loop unroll(disable)
  for (int64_t row = 0; row < FP8ATTN_TILE_ROWS; ++row) {
    softmax.template rows<true, 1>(0, row);
    softmax.template rows<true, 1>(1, row);
  }
  largest = softmax.largestSoFar();
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_SCORE_STREAM_H
