//===- cache_layout.h - where the bytes of a cache are ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout of one head's keys, and of its values, within a page. Both are
// made of tiles of 16 rows that pair neighbours along the dimension that a GEMM
// sums over (channels of K, tokens of V); in a row, 16 lanes of one pair each.
//   2-byte elements: a row is 64 bytes, lane by lane; a tile 1 KB.
//   1-byte elements: rows 2i and 2i + 1 share 64 bytes, byte by byte, so that
//   even and odd bytes widen into the two rows; a tile is 512 bytes.
//   4-bit elements: the same, two bytes in one: rows 2i and 2i + 1 share 32
//   bytes, the former in their low halves; a tile is 256 bytes.
// K: tile (token / 16, channel / 32); lanes are tokens, rows pairs of channels.
// V: tile (token / 32, channel / 16); lanes are channels, rows pairs of tokens.
// So a granule of 32 tokens is contiguous in both. Head sizes are rounded up to
// whole tiles; who stores a token stores zeros in the channels beyond its own.
//
// That is so where pages are whole granules. Where they are multiples of 16
// tokens, each 16 are contiguous: whole tiles of K, upper or lower halves of
// those of V. In pages of any other size, a token is a row of channels; of 4
// bits, channels 2i and 2i + 1 share a byte, the former in its low half.
//
// In a latent cache the values are the first channels of the keys, and nothing
// but keys is stored. 16 channels of 16 keys are half of a tile of keys, which
// holds the elements of half of a tile of values in another order.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_CACHE_LAYOUT_H
#define FP8ATTN_COMMON_CACHE_LAYOUT_H

#include "common/kernel_namespace.h"
#include "common/run_kinds.h"
#include "fp8attn/Runtime/page_layout.h"

#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Lanes of a tile's row, and elements along a tile's paired dimension.
constexpr int64_t kLanes = 16;
constexpr int64_t kPairedElements = 32;
constexpr int64_t kTileElements = kLanes * kPairedElements;

/// Returns the channels that keys, and values, of a head size are stored as.
constexpr int64_t paddedKeyChannels(int64_t headSize) {
  return (headSize + kPairedElements - 1) / kPairedElements * kPairedElements;
}
constexpr int64_t paddedValueChannels(int64_t headSize) {
  return (headSize + kLanes - 1) / kLanes * kLanes;
}

/// Returns the bytes of so many elements.
template <int ElementBits> constexpr int64_t bytesOf(int64_t elements) {
  return elements * ElementBits / 8;
}

/// Returns the place of an element within a tile: `lane` in [0, 16), `paired`
/// in [0, 32).
template <int ElementBits>
constexpr int64_t tileElement(int64_t lane, int64_t paired) {
  static_assert(ElementBits == 4 || ElementBits == 8 || ElementBits == 16);
  const int64_t row = paired / 2, half = paired & 1;
  if (ElementBits == 16)
    return row * 32 + 2 * lane + half;
  return (row / 2) * 64 + 2 * (2 * lane + half) + (row & 1);
}

/// Returns the offset, in bytes, of the byte that has the element, or begins
/// with it.
template <int ElementBits>
constexpr int64_t tileOffset(int64_t lane, int64_t paired) {
  return bytesOf<ElementBits>(tileElement<ElementBits>(lane, paired));
}

/// Returns where in that byte the element begins: `paired` is its channel, if
/// it is a key's, or the token.
template <int ElementBits> constexpr int elementShift(int64_t paired) {
  return ElementBits == 4 && (paired & 2) ? 4 : 0;
}

/// Returns the same for an element of a row.
template <int ElementBits> constexpr int rowShift(int64_t channel) {
  return ElementBits == 4 && (channel & 1) ? 4 : 0;
}

/// Returns the code of an element of a row.
template <class Format>
inline typename Format::Storage rowCode(const uint8_t *row, int64_t channel) {
  typename Format::Storage code;
  __builtin_memcpy(&code, row + bytesOf<Format::kBits>(channel), sizeof(code));
  if constexpr (Format::kBits == 4)
    return (code >> rowShift<4>(channel)) & 0xf;
  return code;
}

/// Returns the code of an element of a tile.
template <class Format>
inline typename Format::Storage tileCode(const uint8_t *tile, int64_t lane,
                                         int64_t paired) {
  typename Format::Storage code;
  __builtin_memcpy(&code, tile + tileOffset<Format::kBits>(lane, paired),
                   sizeof(code));
  if constexpr (Format::kBits == 4)
    return (code >> elementShift<4>(paired)) & 0xf;
  return code;
}

/// Returns the offset, in bytes, of a key's element in the head's part of a
/// page. `channels` is the padded head size, a multiple of 32.
template <int ElementBits>
inline int64_t keyOffset(int64_t token, int64_t channel, int64_t channels,
                         int64_t pageTokens) {
  if (fp8attn_tokens_together(pageTokens) == 1)
    return bytesOf<ElementBits>(token * channels + channel);
  const int64_t tile =
      token / kLanes * (channels / kPairedElements) + channel / kPairedElements;
  return bytesOf<ElementBits>(tile * kTileElements) +
         tileOffset<ElementBits>(token % kLanes, channel % kPairedElements);
}

/// Returns the offset, in bytes, of a value's element in the head's part of a
/// page. `channels` is the padded head size, a multiple of 16.
template <int ElementBits>
inline int64_t valueOffset(int64_t token, int64_t channel, int64_t channels,
                           int64_t pageTokens) {
  const int64_t together = fp8attn_tokens_together(pageTokens);
  if (together == 1)
    return bytesOf<ElementBits>(token * channels + channel);
  const int64_t tile =
      token / together * (channels / kLanes) + channel / kLanes;
  return bytesOf<ElementBits>(tile * kLanes * together) +
         tileOffset<ElementBits>(channel % kLanes, token % together);
}

/// Returns whether granules are contiguous.
inline bool hasWholeGranules(const fp8attn_key_run &run) {
  return !fp8attn_has_small_pages || run.page_tokens % FP8ATTN_GRANULE == 0;
}

/// Returns whether tokens are rows of channels.
inline bool hasRows(const fp8attn_key_run &run) {
  return fp8attn_has_small_pages && run.page_tokens % kLanes != 0;
}

/// Returns whether the values of a run are the first channels of its keys.
inline bool isLatent(const fp8attn_key_run &run) {
  return fp8attn_has_latent_runs && run.values == nullptr;
}

/// Returns whether tiles of values are in the cache as they are multiplied.
inline bool hasValueTiles(const fp8attn_key_run &run) {
  return hasWholeGranules(run) && !isLatent(run);
}

/// Returns whether there may be tiles that are not in the cache as they are
/// multiplied.
inline bool areTilesMade() {
  return fp8attn_has_latent_runs || fp8attn_has_small_pages;
}

/// Returns the offset, in bytes, of `token` from page 0 of a head: the first
/// one of those that are contiguous, and below num_keys.
inline int64_t tokenOffset(const fp8attn_key_run &run, int64_t pageBytes,
                           int64_t token, int64_t tokenBytes) {
  return run.pages[token / run.page_tokens] * pageBytes +
         token % run.page_tokens * tokenBytes;
}

/// Where the first 16 tokens of a granule are, and where the others.
struct GranuleHalves {
  const uint8_t *early, *late;
};

/// Returns the halves of the granule that begins at token `first`, a multiple
/// of FP8ATTN_GRANULE and below num_keys, unless tokens are rows. A half that
/// is behind the run's end, where there may be no page, is the first one again.
inline GranuleHalves findHalves(const fp8attn_key_run &run, const uint8_t *head,
                                int64_t pageBytes, int64_t first,
                                int64_t tokenBytes) {
  const uint8_t *early = head + tokenOffset(run, pageBytes, first, tokenBytes);
  if (hasWholeGranules(run))
    return {early, early + kLanes * tokenBytes};
  if (first + kLanes >= run.num_keys)
    return {early, early};
  return {early,
          head + tokenOffset(run, pageBytes, first + kLanes, tokenBytes)};
}

/// Bytes of a token's keys, and of its values.
inline int64_t keyTokenBytes(const fp8attn_key_run &run) {
  return run.key_granule_bytes / FP8ATTN_GRANULE;
}
inline int64_t valueTokenBytes(const fp8attn_key_run &run) {
  return run.value_granule_bytes / FP8ATTN_GRANULE;
}

/// Returns the keys of the granule that begins at token `first`: tiles of each
/// half. Tokens are not rows.
template <int ElementBits>
GranuleHalves keyHalves(const fp8attn_key_run &run, int64_t first,
                        int64_t channels) {
  return findHalves(run, run.keys, run.key_page_bytes, first,
                    bytesOf<ElementBits>(channels));
}

/// Returns halves of tile `tile` of the values of the granule that begins at
/// token `first`: of a latent cache, halves of tiles of keys, which have the
/// same elements in another order. Tokens are not rows.
template <int ElementBits>
GranuleHalves valueHalves(const fp8attn_key_run &run, int64_t first,
                          int64_t tile) {
  constexpr int64_t kHalfBytes = bytesOf<ElementBits>(kTileElements / 2);
  GranuleHalves halves = isLatent(run)
                             ? findHalves(run, run.keys, run.key_page_bytes,
                                          first, keyTokenBytes(run))
                             : findHalves(run, run.values, run.value_page_bytes,
                                          first, valueTokenBytes(run));
  halves.early += tile * kHalfBytes;
  halves.late += tile * kHalfBytes;
  return halves;
}

/// Returns the values of the granule that begins at token `first`, if
/// hasValueTiles.
template <int ElementBits>
const uint8_t *valueGranule(const fp8attn_key_run &run, int64_t first,
                            int64_t channels) {
  return run.values + tokenOffset(run, run.value_page_bytes, first,
                                  bytesOf<ElementBits>(channels));
}

/// Returns the keys of the granule that begins at token `first`, if
/// hasWholeGranules.
template <int ElementBits>
const uint8_t *keyGranule(const fp8attn_key_run &run, int64_t first,
                          int64_t channels) {
  return run.keys + tokenOffset(run, run.key_page_bytes, first,
                                bytesOf<ElementBits>(channels));
}

/// Returns the row of a token, which is that of the last one behind the run's
/// end.
inline const uint8_t *findRow(const fp8attn_key_run &run, const uint8_t *head,
                              int64_t pageBytes, int64_t token,
                              int64_t tokenBytes) {
  if (token >= run.num_keys)
    token = run.num_keys - 1;
  // Without a division, as most pages without tiles are of one token.
  if (run.page_tokens == 1)
    return head + run.pages[token] * pageBytes;
  return head + tokenOffset(run, pageBytes, token, tokenBytes);
}

/// Returns the rows of a token's keys, and of its values, with which those
/// begin in a latent cache.
inline const uint8_t *keyRow(const fp8attn_key_run &run, int64_t token) {
  return findRow(run, run.keys, run.key_page_bytes, token, keyTokenBytes(run));
}
inline const uint8_t *valueRow(const fp8attn_key_run &run, int64_t token) {
  if (isLatent(run))
    return keyRow(run, token);
  return findRow(run, run.values, run.value_page_bytes, token,
                 valueTokenBytes(run));
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_CACHE_LAYOUT_H
