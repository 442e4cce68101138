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

/// Whether tiles of values are made of keys beside products. Elements of 4 bits
/// take too many instructions: they are put in order first, in memory.
template <class Format> constexpr bool kHasLatentUnits = Format::kBits >= 8;

/// Bytes of the words of a block, half of a tile.
constexpr int64_t kLatentWordBytes = FP8ATTN_TILE_BYTES / 2;

/// Decodes tiles of values. Holds the order of bytes in a register: make one,
/// and the decoder that it is given, for each loop.
template <class Format> class LatentTiles {
public:
  LatentTiles() : order(latentOrder<Format>()) {}

  /// Keeps the order of bytes in a register. Without, clang loads it again
  /// wherever a branch comes before its use.
  [[gnu::always_inline]] void keepOrder() { asm volatile("" : "+v"(order)); }

  /// Writes the words of the tile whose first half is at `early` and whose
  /// other half is `halfBytes` bytes behind it.
  template <class Decoder>
  [[gnu::always_inline]] void decode(Decoder &decoder, const uint8_t *early,
                                     int64_t halfBytes, uint8_t *words) const {
    decodeBlock(decoder, early, words);
    decodeBlock(decoder, early + halfBytes, words + kLatentWordBytes);
  }

  /// Writes the words of the block at `keys`, 16 tokens, to `words`.
  template <class Decoder>
  [[gnu::always_inline]] void decodeBlock(Decoder &decoder, const uint8_t *keys,
                                          uint8_t *words) const {
    if constexpr (Format::kBits == 16) {
      transposeBlock<Format>(keys, order, words);
      // For what it detects.
      for (int64_t pair = 0; pair < kTileRowPairs / 2; ++pair)
        decoder.load(keys + pair * kRowPairBytes<Format>);
      decoder.keepOrder();
    } else {
      decodeBytes(decoder, keys, words);
    }
  }

private:
  template <class Decoder>
  [[gnu::always_inline]] void decodeBytes(Decoder &decoder, const uint8_t *keys,
                                          uint8_t *words) const {
    const __m512i first = simd::load(keys);
    const __m512i second = simd::load(keys + kLineBytes);
    const __m512i third = simd::load(keys + 2 * kLineBytes);
    const __m512i fourth = simd::load(keys + 3 * kLineBytes);
    // The lower and the upper halves of two lines, then the parts of four: even
    // and odd ones of the halves.
    constexpr int kLower = 0x44, kUpper = 0xee, kEven = 0x88, kOdd = 0xdd;
    const __m512i lower = _mm512_shuffle_i32x4(first, second, kLower);
    const __m512i lower2 = _mm512_shuffle_i32x4(third, fourth, kLower);
    const __m512i upper = _mm512_shuffle_i32x4(first, second, kUpper);
    const __m512i upper2 = _mm512_shuffle_i32x4(third, fourth, kUpper);
    const auto widen = [&](__m512i parts,
                           uint8_t *to) __attribute__((always_inline)) {
      const RowPair rows = decoder.widen(simd::lookUp(parts, order));
      simd::store(to, rows.even);
      simd::store(to + kLineBytes, rows.odd);
      decoder.keepOrder();
    };
    widen(_mm512_shuffle_i32x4(lower, lower2, kEven), words);
    widen(_mm512_shuffle_i32x4(lower, lower2, kOdd), words + 2 * kLineBytes);
    widen(_mm512_shuffle_i32x4(upper, upper2, kEven), words + 4 * kLineBytes);
    widen(_mm512_shuffle_i32x4(upper, upper2, kOdd), words + 6 * kLineBytes);
  }

  simd::Line order;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_TILES_H
