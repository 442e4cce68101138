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
/// destination[paired * pairedStride + lane].
template <typename Format>
void decodeTile(const uint8_t *tile, float *destination, int64_t pairedStride) {
  constexpr int kBytes = Format::kBytes;
  // First in the order of the bytes, which vectorises, then into place.
  float values[kTileElements];
  for (int64_t i = 0; i < kTileElements; ++i) {
    typename Format::Storage code;
    __builtin_memcpy(&code, tile + i * kBytes, kBytes);
    values[i] = Format::decode(code);
  }
  for (int64_t paired = 0; paired < kPairedElements; ++paired)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      destination[paired * pairedStride + lane] =
          values[tileOffset<kBytes>(lane, paired) / kBytes];
}

/// Decodes a granule of keys to [channels][32 tokens].
template <typename Format>
void decodeKeys(const uint8_t *granule, int64_t channels, float *keys) {
  for (int64_t token = 0; token < FP8ATTN_GRANULE; token += kLanes)
    for (int64_t channel = 0; channel < channels; channel += kPairedElements)
      decodeTile<Format>(
          granule + keyOffset<Format::kBytes>(token, channel, channels),
          keys + channel * FP8ATTN_GRANULE + token, FP8ATTN_GRANULE);
}

/// Decodes a granule of values to [32 tokens][channels].
template <typename Format>
void decodeValues(const uint8_t *granule, int64_t channels, float *values) {
  for (int64_t channel = 0; channel < channels; channel += kLanes)
    decodeTile<Format>(granule +
                           valueOffset<Format::kBytes>(0, channel, channels),
                       values + channel, channels);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_GENERIC_GRANULE_H
