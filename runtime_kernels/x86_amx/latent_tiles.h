//===- latent_tiles.h - values out of keys, in registers --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tiles of values of a latent cache, as words, from where its keys are. A block
// of 16 tokens x 16 channels is four lines of FP8 or i8: their 16-byte parts
// are transposed in registers (8 shuffles), put in order (4), and widened like
// lines of values. So a byte is read once for a tile, where x86_vector/latent.h
// reads each line four times and writes lines of values to memory.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_TILES_H
#define FP8ATTN_X86_AMX_LATENT_TILES_H

#include "x86_amx/tiles.h"
#include "x86_vector/latent.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bytes of the words of a block, half of a tile.
constexpr int64_t kLatentWordBytes = FP8ATTN_TILE_BYTES / 2;

/// Decodes blocks of values. Holds the decoder and the order of bytes in
/// registers: make one for each loop.
template <class Format, Specials Mode> class LatentDecoder {
public:
  LatentDecoder() : order(simd::repeat16(kLatentOrder)) {}

  /// Writes the words of the block at `keys`, 16 tokens, to `words`.
  [[gnu::always_inline]] void block(const uint8_t *keys, uint8_t *words) {
    const __m512i first = simd::load(keys);
    const __m512i second = simd::load(keys + kLineBytes);
    const __m512i third = simd::load(keys + 2 * kLineBytes);
    const __m512i fourth = simd::load(keys + 3 * kLineBytes);
    // The lower and the upper halves of two lines, then the parts of four: even
    // and odd ones of the halves.
    constexpr int kLower = 0x44, kUpper = 0xee, kEven = 0x88, kOdd = 0xdd;
    const __m512i early = _mm512_shuffle_i32x4(first, second, kLower);
    const __m512i late = _mm512_shuffle_i32x4(third, fourth, kLower);
    line(_mm512_shuffle_i32x4(early, late, kEven), words);
    line(_mm512_shuffle_i32x4(early, late, kOdd), words + 2 * kLineBytes);
    const __m512i early2 = _mm512_shuffle_i32x4(first, second, kUpper);
    const __m512i late2 = _mm512_shuffle_i32x4(third, fourth, kUpper);
    line(_mm512_shuffle_i32x4(early2, late2, kEven), words + 4 * kLineBytes);
    line(_mm512_shuffle_i32x4(early2, late2, kOdd), words + 6 * kLineBytes);
  }

  bool takeSpecial() { return decoder.takeSpecial(); }

private:
  [[gnu::always_inline]] void line(__m512i parts, uint8_t *words) {
    const RowPair rows = decoder.widen(simd::lookUp(parts, order));
    simd::store(words, rows.even);
    simd::store(words + kLineBytes, rows.odd);
    decoder.keepOrder();
  }

  const __m512i order;
  Decoder<Format, Mode> decoder;
};

/// Values of bf16 are their own words.
template <Specials Mode> class LatentDecoder<Bf16, Mode> {
public:
  [[gnu::always_inline]] void block(const uint8_t *keys, uint8_t *words) {
    transposeBlock<Bf16>(keys, words);
    if constexpr (Mode == Specials::kDetect)
      for (int64_t pair = 0; pair < kTileRowPairs / 2; ++pair)
        decoder.load(keys + pair * kRowPairBytes<Bf16>);
    decoder.keepOrder();
  }

  bool takeSpecial() { return decoder.takeSpecial(); }

private:
  Decoder<Bf16, Mode> decoder;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_TILES_H
