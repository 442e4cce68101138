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

/// Decodes a granule of keys to [channels][32 tokens].
template <typename Format>
void decodeKeys(const uint8_t *granule, int64_t channels, float *keys) {
  for (int64_t token = 0; token < FP8ATTN_GRANULE; token += kLanes)
    for (int64_t channel = 0; channel < channels; channel += kPairedElements)
      decodeTile<Format>(
          granule + keyOffset<Format::kBits>(token, channel, channels),
          keys + channel * FP8ATTN_GRANULE + token, FP8ATTN_GRANULE);
}

/// Decodes the values of a latent cache from the granule of keys to [32
/// tokens][channels]. `keyBytes` are those of the granule.
template <typename Format>
void decodeLatentValues(const uint8_t *granule, int64_t keyBytes,
                        int64_t channels, float *values) {
  const int64_t keyChannels =
      keyBytes / bytesOf<Format::kBits>(FP8ATTN_GRANULE);
  for (int64_t token = 0; token < FP8ATTN_GRANULE; token += kLanes)
    for (int64_t channel = 0; channel < channels; channel += kPairedElements) {
      const int64_t left = channels - channel;
      decodeTile<Format>(
          granule + keyOffset<Format::kBits>(token, channel, keyChannels),
          values + token * channels + channel, 1, channels,
          left < kPairedElements ? left : kPairedElements);
    }
}

/// Decodes the granule of values that begins at token `first` to [32
/// tokens][channels].
template <typename Format>
void decodeValues(const fp8attn_key_run &run, int64_t first, int64_t channels,
                  float *values) {
  if (isLatent(run))
    return decodeLatentValues<Format>(
        latentTile<Format::kBits>(run, first, 0).early, run.key_granule_bytes,
        channels, values);
  const uint8_t *granule = valueGranule<Format::kBits>(run, first, channels);
  for (int64_t channel = 0; channel < channels; channel += kLanes)
    decodeTile<Format>(granule +
                           valueOffset<Format::kBits>(0, channel, channels),
                       values + channel, channels);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_GENERIC_GRANULE_H
