//===- word_tiles.h - a chunk of keys and values as words -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decodes keys and values of a run once, for all blocks of rows of a work item,
// into contiguous tiles of bf16 words that stay in the second-level cache:
//   keys    [keys/16][channels/32], as the cache has them
//   values  [channels/16][granules]: a column of the product after the other
//
// As in tile_stream.h, NaN and infinity are decoded exactly in keys and count
// as 0 in values. Reads whole granules and nothing else; fetches one granule
// ahead. What are no tiles in the cache is put together first, some tiles at a
// time (x86_vector/granule_tiles.h); a latent cache of whole granules has a
// stream of its own (latent_stream.h), but for elements of 4 bits.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_WORD_TILES_H
#define FP8ATTN_X86_AMX_WORD_TILES_H

#include "x86_amx/tile_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles that are put together at a time.
constexpr int64_t kTilesTogether = 8;

/// Keys and values [firstKey, firstKey + numKeys) of a run.
struct WordTiles {
  int64_t firstKey;
  /// 0 to the room that there is.
  int64_t numKeys;
  int64_t keyChannels;
  int64_t valueChannels;
  /// Room for the words of `mostKeys` keys, and of as many values.
  uint8_t *keys;
  uint8_t *values;
  int64_t mostKeys;
  /// Room for kTilesTogether tiles of the cache.
  uint8_t *memory;
  /// Whether a value is NaN or infinite.
  bool hasSpecialValues;

  /// Bytes from one column of values to the next.
  int64_t valuePitch() const {
    return mostKeys / FP8ATTN_GRANULE * FP8ATTN_TILE_BYTES;
  }
  /// The first tile of the keys from `key` on, a multiple of 16.
  const uint8_t *keysFrom(int64_t key) const {
    return keys + (key - firstKey) * keyChannels * kWordBytes;
  }
  /// The tile of the first column of the values from `key` on, a granule.
  uint8_t *valuesFrom(int64_t key) const {
    return values + (key - firstKey) / FP8ATTN_GRANULE * FP8ATTN_TILE_BYTES;
  }
};

/// Decodes `tiles` tiles at `cache` to tiles that are `pitch` bytes apart, and
/// fetches as many from `next`. Returns whether there were NaN or infinity,
/// which are not decoded unless Mode says so.
template <class Format, Specials Mode>
inline bool decodeApart(const uint8_t *cache, const uint8_t *next,
                        int64_t tiles, uint8_t *words, int64_t pitch) {
  Decoder<Format, Mode> decoder;
  for (int64_t tile = 0; tile < tiles; ++tile, words += pitch)
#pragma clang loop unroll_count(2)
    for (int64_t pair = 0; pair < kTileRowPairs; ++pair) {
      for (int64_t line = 0; line < kRowPairBytes<Format>; line += kLineBytes)
        _mm_prefetch(next + line, _MM_HINT_T0);
      const RowPair rows = decoder.load(cache);
      simd::store(words + pair * 2 * kLineBytes, rows.even);
      simd::store(words + pair * 2 * kLineBytes + kLineBytes, rows.odd);
      cache += kRowPairBytes<Format>;
      next += kRowPairBytes<Format>;
    }
  if constexpr (Mode == Specials::kDetect)
    return decoder.sawSpecial();
  return false;
}

/// Decodes the granule of values at `cache` again, with 0 for NaN and infinity.
template <class Format>
[[gnu::noinline, gnu::cold]] void
decodeFiniteValues(const uint8_t *cache, int64_t columns, uint8_t *words,
                   int64_t pitch) {
  decodeApart<Format, Specials::kExact>(cache, cache, columns, words, pitch);
  for (int64_t column = 0; column < columns; ++column, words += pitch)
    copyFiniteWords(words, words);
}

/// Decodes `count` tiles of keys at `keys`, exactly, and fetches as many from
/// `next`.
template <class Format>
inline void decodeKeyWords(const uint8_t *keys, const uint8_t *next,
                           int64_t count, uint8_t *words) {
  if (decodeApart<Format, Specials::kDetect>(keys, next, count, words,
                                             FP8ATTN_TILE_BYTES)) [[unlikely]]
    decodeTiles<Format, Specials::kExact>(keys, count, words);
}

/// Decodes the keys of the granule that begins at token `key`, and fetches
/// those of the one at `next`.
template <class Format>
inline void decodeKeys(const fp8attn_key_run &run, int64_t key, int64_t next,
                       const WordTiles &tiles, uint8_t *words) {
  const int64_t count = tiles.keyChannels / kBf16Columns;
  if (!hasRows(run)) {
    const GranuleHalves keys =
        keyHalves<Format::kBits>(run, key, tiles.keyChannels);
    const GranuleHalves later =
        keyHalves<Format::kBits>(run, next, tiles.keyChannels);
    decodeKeyWords<Format>(keys.early, later.early, count, words);
    decodeKeyWords<Format>(keys.late, later.late, count,
                           words + count * FP8ATTN_TILE_BYTES);
    return;
  }
  for (int64_t half = 0; half < FP8ATTN_GRANULE; half += kLanes)
    for (int64_t tile = 0; tile < count; ++tile) {
      gatherKeyTiles<Format>(run, key + half, tile, 1, tiles.memory);
      decodeKeyWords<Format>(tiles.memory, tiles.memory, 1, words);
      words += FP8ATTN_TILE_BYTES;
    }
}

/// Decodes the chunk that `tiles` names.
template <class Format>
[[gnu::noinline]] void decodeWords(const fp8attn_key_run &run,
                                   WordTiles &tiles) {
  const int64_t end = tiles.firstKey + tiles.numKeys;
  const int64_t columns = tiles.valueChannels / kFloatColumns;
  uint8_t *keyWords = tiles.keys;
  tiles.hasSpecialValues = false;
  for (int64_t key = tiles.firstKey; key < end; key += FP8ATTN_GRANULE) {
    const int64_t later = key + FP8ATTN_GRANULE < end ? FP8ATTN_GRANULE : 0;
    decodeKeys<Format>(run, key, key + later, tiles, keyWords);
    keyWords += FP8ATTN_GRANULE * tiles.keyChannels * kWordBytes;

    for (int64_t column = 0, count; column < columns; column += count) {
      count = columns - column;
      if (!hasValueTiles(run) && count > kTilesTogether)
        count = kTilesTogether;
      const uint8_t *values = valueTiles<Format>(run, key, tiles.valueChannels,
                                                 column, count, tiles.memory);
      const uint8_t *next =
          hasValueTiles(run) ? valueGranule<Format::kBits>(run, key + later,
                                                           tiles.valueChannels)
                             : values;
      uint8_t *words = tiles.valuesFrom(key) + column * tiles.valuePitch();
      if (decodeApart<Format, Specials::kDetect>(
              values, next, count, words, tiles.valuePitch())) [[unlikely]] {
        tiles.hasSpecialValues = true;
        decodeFiniteValues<Format>(values, count, words, tiles.valuePitch());
      }
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_WORD_TILES_H
