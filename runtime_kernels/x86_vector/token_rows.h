//===- token_rows.h - tiles out of rows of channels -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In pages whose size is no multiple of 16, a token is a row of channels, and
// tokens that follow each other may be anywhere. Here the bytes of tiles of
// keys and of values are put together from such rows, in memory that stays in
// the first-level cache, for kernels to read as if they were those of a cache
// of granules: results are the same, bit by bit. Codes of 4 bits are bytes
// while that is done.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_TOKEN_ROWS_H
#define FP8ATTN_X86_VECTOR_TOKEN_ROWS_H

#include "x86_vector/decode.h"
#include "x86_vector/nibbles.h"
#include "x86_vector/transpose.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Channels 0, 2, 1, 3 of each four.
alignas(16) constexpr uint8_t kChannelOrder[16] = {
    0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15};

/// Returns bytes of the codes of 32 channels, and of 16, that are packed at
/// `row`.
inline __m256i unpackRow(__m128i row) {
  const __m256i wide = _mm256_cvtepu8_epi16(row);
  return _mm256_and_si256(_mm256_or_si256(wide, _mm256_slli_epi16(wide, 4)),
                          _mm256_set1_epi8(0xf));
}
inline __m128i unpackHalfRow(const uint8_t *row) {
  return _mm256_castsi256_si128(
      unpackRow(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(row))));
}

/// Writes the tile of keys whose bytes are at `rows`, of 16 tokens.
template <class Format>
inline void gatherKeyTile(const uint8_t *const *rows, int64_t offset,
                          uint8_t *tile) {
  // Of a token, the dwords of kKeyLines lines.
  constexpr int64_t kBytes = kKeyLines * 4;
  constexpr int64_t kParts = Format::kBits == 16 ? 2 : 1;
  const auto load = [&](int64_t token, int64_t part) {
    const uint8_t *from = rows[token] + offset + part * kBytes;
    if constexpr (Format::kBits == 4)
      return unpackRow(
          _mm_loadu_si128(reinterpret_cast<const __m128i *>(from)));
    else
      return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
  };
  const simd::Line order = simd::repeat16(kChannelOrder);
  for (int64_t part = 0; part < kParts; ++part) {
    simd::Line keys[kKeyLines];
    for (int64_t k = 0; k < kKeyLines; ++k) {
      const int64_t first = k < 4 ? k : k + 4;
      keys[k] = simd::fromHalves(load(first, part), load(first + 4, part));
      if constexpr (Format::kBits < 16)
        keys[k] = simd::lookUp(keys[k], order);
    }
    uint8_t *const lines = tile + part * kKeyLines * kLineBytes;
    transposeKeys(keys, [&](int i, simd::Line line) {
      storeCodes<Format>(lines, i, line);
    });
  }
}

/// Writes `tiles` tiles of keys of the 16 tokens from `first` on.
template <class Format>
[[gnu::noinline]] void gatherKeyTiles(const fp8attn_key_run &run, int64_t first,
                                      int64_t firstTile, int64_t tiles,
                                      uint8_t *memory) {
  constexpr int64_t kRowBytes = bytesOf<Format::kBits>(kPairedElements);
  const uint8_t *rows[kLanes];
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < kLanes; ++i)
    rows[i] = keyRow(run, first + i);
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < tiles; ++i)
    gatherKeyTile<Format>(rows, (firstTile + i) * kRowBytes,
                          memory + i * kCacheTileBytes<Format>);
}

/// Writes the tile of values whose bytes are at `rows`, of 32 tokens.
template <class Format>
inline void gatherValueTile(const uint8_t *const *rows, int64_t offset,
                            uint8_t *tile) {
  const auto load = [&](int64_t token, int64_t part) {
    return _mm_loadu_si128(
        reinterpret_cast<const __m128i *>(rows[token] + offset) + part);
  };
  auto *to = reinterpret_cast<__m128i *>(tile);
  if constexpr (Format::kBits == 4) {
    const auto loadPair = [&](int64_t token) {
      const __m128i low = unpackHalfRow(rows[token] + offset);
      const __m128i high = unpackHalfRow(rows[token + 2] + offset);
      return _mm_or_si128(low, _mm_slli_epi16(high, 4));
    };
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < FP8ATTN_GRANULE; t += 4, to += 2) {
      const __m128i even = loadPair(t), odd = loadPair(t + 1);
      _mm_store_si128(to, _mm_unpacklo_epi8(even, odd));
      _mm_store_si128(to + 1, _mm_unpackhi_epi8(even, odd));
    }
  } else if constexpr (Format::kBits == 8) {
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < FP8ATTN_GRANULE; t += 4, to += 4) {
      // Tokens 0, 2, 1, 3 of each channel.
      const __m128i a = load(t, 0), b = load(t + 2, 0);
      const __m128i c = load(t + 1, 0), d = load(t + 3, 0);
      const __m128i low = _mm_unpacklo_epi8(a, b),
                    high = _mm_unpackhi_epi8(a, b);
      const __m128i low1 = _mm_unpacklo_epi8(c, d);
      const __m128i high1 = _mm_unpackhi_epi8(c, d);
      _mm_store_si128(to, _mm_unpacklo_epi16(low, low1));
      _mm_store_si128(to + 1, _mm_unpackhi_epi16(low, low1));
      _mm_store_si128(to + 2, _mm_unpacklo_epi16(high, high1));
      _mm_store_si128(to + 3, _mm_unpackhi_epi16(high, high1));
    }
  } else {
#pragma clang loop unroll(disable)
    for (int64_t t = 0; t < FP8ATTN_GRANULE; t += 2, to += 4)
      for (int64_t part = 0; part < 2; ++part) {
        const __m128i a = load(t, part), b = load(t + 1, part);
        _mm_store_si128(to + 2 * part, _mm_unpacklo_epi16(a, b));
        _mm_store_si128(to + 2 * part + 1, _mm_unpackhi_epi16(a, b));
      }
  }
}

/// Writes `tiles` tiles of values of the granule that begins at token `first`.
template <class Format>
[[gnu::noinline]] void gatherValueTiles(const fp8attn_key_run &run,
                                        int64_t first, int64_t firstTile,
                                        int64_t tiles, uint8_t *memory) {
  constexpr int64_t kRowBytes = bytesOf<Format::kBits>(kLanes);
  const uint8_t *rows[FP8ATTN_GRANULE];
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < FP8ATTN_GRANULE; ++i)
    rows[i] = valueRow(run, first + i);
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < tiles; ++i)
    gatherValueTile<Format>(rows, (firstTile + i) * kRowBytes,
                            memory + i * kCacheTileBytes<Format>);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_TOKEN_ROWS_H
