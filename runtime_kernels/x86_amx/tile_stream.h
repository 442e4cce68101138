//===- tile_stream.h - decodes cache tiles ahead of their use ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The B operand of the loop nest: the tiles of a walk (cache_tiles.h) as bf16
// words, each decoded when the tile kLookAhead places before it has been used.
// A tile load cannot be forwarded from fresh stores; by the time it comes, the
// words have reached the cache. The out-of-order window overlaps the decode of
// one tile with the multiplications of the others.
//
// Keys with NaN or infinity are decoded exactly, so that their scores show it.
// In values, NaN and infinity count as 0 (special_values.h adds them later);
// other bytes behind the run's end are values with probabilities of 0. bf16
// tiles without NaN and infinity are used where they lie in the cache, if they
// are tiles there.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_TILE_STREAM_H
#define FP8ATTN_X86_AMX_TILE_STREAM_H

#include "x86_amx/cache_tiles.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Copies the bf16 words of a value tile, with 0 for NaN and infinity. In place
/// is allowed.
[[gnu::noinline, gnu::cold]] inline void copyFiniteWords(const uint8_t *from,
                                                         uint8_t *to) {
  const __m512i exponent = _mm512_set1_epi16(0x7f80);
  for (int64_t row = 0; row < FP8ATTN_TILE_ROWS; ++row) {
    const __m512i words = _mm512_load_si512(from + row * kTileStride);
    const __mmask32 finite =
        _mm512_cmpneq_epi16_mask(_mm512_and_si512(words, exponent), exponent);
    _mm512_store_si512(to + row * kTileStride,
                       _mm512_maskz_mov_epi16(finite, words));
  }
}

/// Returns whether a tile has NaN or infinity.
template <class Format> inline bool hasSpecial(const uint8_t *tile) {
  Decoder<Format, Specials::kDetect> decoder;
  for (int64_t pair = 0; pair < kTileRowPairs; ++pair)
    decoder.load(tile + pair * kRowPairBytes<Format>);
  return decoder.sawSpecial();
}

/// Delivers the tiles of `Walk` to the loop nest.
template <class Format, class Walk> class TileStream {
public:
  /// Tiles that are decoded ahead. Four: a load waits for a fresh store whose
  /// address equals its own modulo 4 KB, so the tile about to be loaded and
  /// those being decoded must differ modulo four.
  static constexpr int64_t kLookAhead = 4;

  /// Scratch that a stream needs, aligned to 64 bytes.
  static constexpr int64_t kScratchBytes = kLookAhead * FP8ATTN_TILE_BYTES;

  TileStream(const Walk &walk, uint8_t *scratch) : walk(walk), slots(scratch) {
    for (int64_t i = 0; i < kLookAhead; ++i)
      decodeNext();
  }

  /// The next tile's words. Valid until advance().
  const uint8_t *front() const { return ready[used % kLookAhead]; }

  void advance() {
    ++used;
    decodeNext();
  }

  /// Returns whether a value tile so far, used or not, had NaN or infinity.
  bool sawSpecialValue() const { return specialValue; }

private:
  /// Out of line: inlined into every shape of the nest it would crowd the
  /// instruction cache, and a call costs little beside a decode.
  [[gnu::noinline]] void decodeNext() {
    if (walk.done())
      return;
    uint8_t *slot = slots + decoded % kLookAhead * FP8ATTN_TILE_BYTES;
    ready[decoded++ % kLookAhead] =
        walk.operand() == Operand::kKeys ? keyWords(slot) : valueWords(slot);
    walk.advance();
  }

  /// bf16 tiles are their own words.
  static constexpr bool kWordsInCache = Format::kBits == 16;

  const uint8_t *keyWords(uint8_t *slot) {
    alignas(kLineBytes) uint8_t codes[kCacheTileBytes<Format>];
    const uint8_t *tile = walk.tile(kWordsInCache ? slot : codes);
    if constexpr (kWordsInCache)
      return tile;
    if (decodeTiles<Format, Specials::kDetect>(tile, 1, slot)) [[unlikely]]
      decodeTiles<Format, Specials::kExact>(tile, 1, slot);
    return slot;
  }

  const uint8_t *valueWords(uint8_t *slot) {
    alignas(kLineBytes) uint8_t codes[kCacheTileBytes<Format>];
    const uint8_t *const tile = walk.tile(kWordsInCache ? slot : codes);
    const uint8_t *words = tile;
    bool special;
    if constexpr (kWordsInCache) {
      special = hasSpecial<Format>(words);
    } else {
      special = decodeTiles<Format, Specials::kDetect>(words, 1, slot);
      words = slot;
    }
    if (!special) [[likely]]
      return words;
    specialValue = true;
    if constexpr (!kWordsInCache)
      decodeTiles<Format, Specials::kExact>(tile, 1, slot);
    copyFiniteWords(words, slot);
    return slot;
  }

  Walk walk;
  uint8_t *slots;
  const uint8_t *ready[kLookAhead];
  uint64_t decoded = 0;
  uint64_t used = 0;
  bool specialValue = false;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_TILE_STREAM_H
