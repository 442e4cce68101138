//===- latent.h - tiles of values out of tiles of keys ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a latent cache, values are the first channels of the keys, which alone are
// stored. Tiles of keys pair channels and have tokens in their lanes, tiles of
// values the other way round (common/cache_layout.h): here the bytes of some
// tiles of values are put into memory that stays in the first-level cache, for
// kernels to read as if they were those of a cache of values. So results are
// the same, bit by bit.
//
// A block is 16 tokens x 16 channels: half of a tile, of both. 16 bytes of one
// of its lines of keys are 4 tokens x 4 channels of FP8, or x 2 of bf16, and so
// are those of a line of values: 16 bytes of each of four lines make a line,
// and a shuffle within 16 bytes puts them in order. Codes of 4 bits are bytes
// while that is done.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_LATENT_H
#define FP8ATTN_X86_VECTOR_LATENT_H

#include "x86_vector/decode.h"
#include "x86_vector/nibbles.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bytes of a block.
template <class Format>
constexpr int64_t kLatentBlockBytes = kCacheTileBytes<Format> / 2;

/// The order of bytes within 16, of keys to those of values. Of FP8, dwords of
/// a token, of channels 0, 2, 1, 3, to those of a channel, of tokens 0, 2,
/// 1, 3.
alignas(16) inline constexpr uint8_t kByteOrder[16] = {
    0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};
/// Of bf16, of two lines, channels 0 and 1, 2 and 3: pairs of channels of two
/// tokens to pairs of tokens of four channels.
alignas(16) inline constexpr uint8_t kWordOrder[16] = {
    0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15};

/// Returns the one of a format.
template <class Format> inline simd::Line latentOrder() {
  return simd::repeat16(Format::kBits == 16 ? kWordOrder : kByteOrder);
}

/// Writes a block of keys as one of values; `order` is latentOrder.
template <class Format>
inline void transposeBlock(const uint8_t *keys, simd::Line order,
                           uint8_t *values) {
  // Lines that hold four tokens (FP8: of values, and four channels of keys).
  constexpr int64_t kQuads = kLanes / 4;
  if constexpr (Format::kBits == 4) {
    alignas(kLineBytes) uint8_t bytes[2][kLatentBlockBytes<I8>];
    constexpr int64_t kHalf = kLineBytes / 2;
    for (int64_t i = 0; i < kQuads; ++i)
      simd::store(bytes[0] + i * kLineBytes,
                  unpackNibbles(simd::loadWords(keys + i * kHalf)));
    transposeBlock<I8>(bytes[0], order, bytes[1]);
    for (int64_t i = 0; i < kQuads; ++i)
      storeCodes<Format>(values, i, simd::load(bytes[1] + i * kLineBytes));
  } else if constexpr (Format::kBits == 8) {
    for (int64_t i = 0; i < kQuads; ++i)
      simd::store(
          values + i * kLineBytes,
          simd::lookUp(simd::gather16(keys + 16 * i, kLineBytes), order));
  } else {
    for (int64_t i = 0; i < kQuads; ++i) {
      const uint8_t *from = keys + 16 * i;
      const simd::Line first = simd::gather16(from, 2 * kLineBytes);
      const simd::Line second =
          simd::gather16(from + kLineBytes, 2 * kLineBytes);
      uint8_t *to = values + 2 * i * kLineBytes;
      simd::store(to, simd::lookUp(simd::unpackLow64(first, second), order));
      simd::store(to + kLineBytes,
                  simd::lookUp(simd::unpackHigh64(first, second), order));
    }
  }
}

/// Writes a tile of values.
template <class Format>
inline void transposeTile(const GranuleHalves &tile, uint8_t *values) {
  const simd::Line order = latentOrder<Format>();
  transposeBlock<Format>(tile.early, order, values);
  transposeBlock<Format>(tile.late, order, values + kLatentBlockBytes<Format>);
}

/// Writes `tiles` tiles of values that follow each other.
template <class Format>
[[gnu::noinline]] void transposeTiles(GranuleHalves tile, int64_t tiles,
                                      uint8_t *values) {
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < tiles; ++i) {
    transposeTile<Format>(tile, values);
    tile.early += kLatentBlockBytes<Format>;
    tile.late += kLatentBlockBytes<Format>;
    values += kCacheTileBytes<Format>;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_LATENT_H
