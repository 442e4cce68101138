//===- granule.h - decodes 32 tokens of a cache to float --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Undoes the cache layout: every code to its exact value, lanes contiguous.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_GENERIC_GRANULE_H
#define FP8ATTN_GENERIC_GRANULE_H

#include "common/cache_layout.h"
#include "common/fp8_format.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Decodes a tile so that element (lane, paired) is at
/// destination[paired * pairedStride + lane * laneStride], for `paired` below
/// `numPaired`.
template <typename Format>
void decodeTile(const uint8_t *tile, float *destination, int64_t pairedStride,
                int64_t laneStride = 1, int64_t numPaired = kPairedElements) {
  constexpr int kBits = Format::kBits;
  // First in the order of the bytes, which vectorises, then into place.
  float values[kTileElements];
  if constexpr (kBits == 4) {
    for (int64_t i = 0; i < kTileElements; i += 2) {
      values[i] = Format::decode(tile[i / 2] & 0xf);
      values[i + 1] = Format::decode(tile[i / 2] >> 4);
    }
  } else {
    for (int64_t i = 0; i < kTileElements; ++i) {
      typename Format::Storage code;
      __builtin_memcpy(&code, tile + bytesOf<kBits>(i), sizeof(code));
      values[i] = Format::decode(code);
    }
  }
  for (int64_t paired = 0; paired < numPaired; ++paired)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      destination[paired * pairedStride + lane * laneStride] =
          values[tileElement<kBits>(lane, paired)];
}

/// Decodes `channels` channels of a row so that they are `stride` apart.
template <typename Format>
void decodeRow(const uint8_t *row, int64_t channels, float *destination,
               int64_t stride = 1) {
  for (int64_t channel = 0; channel < channels; ++channel)
    destination[channel * stride] =
        Format::decode(rowCode<Format>(row, channel));
}

/// Decodes the granule of keys that begins at token `first` to [channels][32
/// tokens].
template <typename Format>
void decodeKeys(const fp8attn_key_run &run, int64_t first, int64_t channels,
                float *keys) {
  if (hasRows(run)) {
    for (int64_t token = 0; token < FP8ATTN_GRANULE; ++token)
      decodeRow<Format>(keyRow(run, first + token), channels, keys + token,
                        FP8ATTN_GRANULE);
    return;
  }
  const GranuleHalves halves = keyHalves<Format::kBits>(run, first, channels);
  constexpr int64_t kTileBytes = bytesOf<Format::kBits>(kTileElements);
  for (int64_t tile = 0; tile < channels / kPairedElements; ++tile) {
    float *to = keys + tile * kPairedElements * FP8ATTN_GRANULE;
    decodeTile<Format>(halves.early + tile * kTileBytes, to, FP8ATTN_GRANULE);
    decodeTile<Format>(halves.late + tile * kTileBytes, to + kLanes,
                       FP8ATTN_GRANULE);
  }
}

/// Decodes the values of a latent cache from the granule of keys to [32
/// tokens][channels], unless tokens are rows.
template <typename Format>
void decodeLatentValues(const GranuleHalves &keys, int64_t channels,
                        float *values) {
  constexpr int64_t kTileBytes = bytesOf<Format::kBits>(kTileElements);
  for (int64_t channel = 0; channel < channels; channel += kPairedElements) {
    const int64_t left = channels - channel;
    const int64_t count = left < kPairedElements ? left : kPairedElements;
    const int64_t offset = channel / kPairedElements * kTileBytes;
    decodeTile<Format>(keys.early + offset, values + channel, 1, channels,
                       count);
    decodeTile<Format>(keys.late + offset, values + kLanes * channels + channel,
                       1, channels, count);
  }
}

/// Decodes the granule of values that begins at token `first` to [32
/// tokens][channels].
template <typename Format>
void decodeValues(const fp8attn_key_run &run, int64_t first, int64_t channels,
                  float *values) {
  if (hasRows(run)) {
    for (int64_t token = 0; token < FP8ATTN_GRANULE; ++token)
      decodeRow<Format>(valueRow(run, first + token), channels,
                        values + token * channels);
    return;
  }
  if (isLatent(run))
    return decodeLatentValues<Format>(valueHalves<Format::kBits>(run, first, 0),
                                      channels, values);
  constexpr int64_t kTileBytes = bytesOf<Format::kBits>(kTileElements);
  for (int64_t channel = 0; channel < channels; channel += kLanes) {
    const int64_t tile = channel / kLanes;
    if (hasWholeGranules(run)) {
      decodeTile<Format>(valueGranule<Format::kBits>(run, first, channels) +
                             tile * kTileBytes,
                         values + channel, channels);
      continue;
    }
    uint8_t both[kTileBytes];
    const GranuleHalves halves = valueHalves<Format::kBits>(run, first, tile);
    __builtin_memcpy(both, halves.early, kTileBytes / 2);
    __builtin_memcpy(both + kTileBytes / 2, halves.late, kTileBytes / 2);
    decodeTile<Format>(both, values + channel, channels);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_GENERIC_GRANULE_H
