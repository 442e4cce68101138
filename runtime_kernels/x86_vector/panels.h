//===- panels.h - keys and values of a step, decoded once -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decodes the keys and values of a step of at most FP8ATTN_BLOCK_KEYS keys into
// panels (panel_dot.h) for all rows of a work item:
//   keys    a panel for kPanelTiles * 16 keys, of all channels
//   values  a panel for kPanelTiles * 16 channels, of all keys; where tiles of
//           channels are left over, a panel of one tile for each of them
//
// NaN and infinity are decoded exactly. Values of tokens at or beyond the run's
// end are 0. Reads whole granules and nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PANELS_H
#define FP8ATTN_X86_VECTOR_PANELS_H

#include "x86_vector/decode.h"
#include "x86_vector/panel_dot.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The keys and values [firstKey, firstKey + numKeys) of a run as panels.
struct StepPanels {
  int64_t keyChannels;
  int64_t valueChannels;
  /// Room for those of FP8ATTN_BLOCK_KEYS keys, and of as many values.
  uint8_t *keys;
  uint8_t *values;
  int64_t firstKey;
  int64_t numKeys;
  /// Whether a value is NaN or infinite.
  bool hasSpecialValues;

  /// Bytes of all panels of keys, and of values.
  static constexpr int64_t bytes(int64_t channels) {
    return channels / kLanes * panelBytes(FP8ATTN_BLOCK_KEYS, 1);
  }
  /// The panel of the keys from number `key` of the step on, a multiple of a
  /// panel's keys.
  uint8_t *keyPanel(int64_t key) const {
    return keys + key / kLanes * panelBytes(keyChannels, 1);
  }
  /// The panel that begins with a tile of channels.
  uint8_t *valuePanel(int64_t tile) const {
    return values + tile * panelBytes(FP8ATTN_BLOCK_KEYS, 1);
  }
};

/// Where the lines of a tile go: the first one, and how far apart they are.
struct PanelPlace {
  uint8_t *first;
  int64_t stride;
};

/// Decodes `tiles` tiles at `cache` into panels, tile t to placeOf(t). Returns
/// whether there were NaN or infinity, which are wrong if Mode is kDetect.
template <class Format, Specials Mode, class PlaceOf>
[[gnu::always_inline]] inline bool
decodePanels(const uint8_t *cache, int64_t tiles, const PlaceOf &placeOf) {
  Decoder<Format, Mode> decoder;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const PanelPlace place = placeOf(tile);
    uint8_t *to = place.first;
#pragma clang loop unroll(disable)
    for (int64_t pair = 0; pair < kTileRowPairs; ++pair) {
      const RowPair rows = decoder.load(cache);
      const int64_t rowBytes = RowDot::kOperandLines * place.stride;
      RowDot::storeOperand(RowDot::operand(rows.even), to, place.stride);
      RowDot::storeOperand(RowDot::operand(rows.odd), to + rowBytes,
                           place.stride);
      to += 2 * rowBytes;
      cache += kRowPairBytes<Format>;
    }
  }
  if constexpr (Mode == Specials::kDetect)
    return decoder.sawSpecial();
  return false;
}

/// Decodes the tiles of 16 keys, `channels` channels, to a panel's tile.
template <class Format, Specials Mode>
[[gnu::noinline]] bool decodeKeyTiles(const uint8_t *cache, int64_t channels,
                                      uint8_t *to) {
  constexpr int64_t kStride = kPanelTiles * kLineBytes;
  return decodePanels<Format, Mode>(
      cache, channels / kPairedElements, [&](int64_t step) -> PanelPlace {
        return {to + step * kPanelLines * kStride, kStride};
      });
}

/// Returns where tile `tile` of the values of granule `granule` goes.
inline PanelPlace placeOfValues(const StepPanels &panels, int64_t granule,
                                int64_t tile) {
  const int64_t tiles = panels.valueChannels / kLanes;
  const int64_t slot = tile % kPanelTiles;
  const int64_t first = tile - slot;
  const int64_t width = first + kPanelTiles <= tiles ? kPanelTiles : 1;
  const int64_t stride = width * kLineBytes;
  if (width == 1)
    return {panels.valuePanel(tile) + granule * kPanelLines * stride, stride};
  return {panels.valuePanel(first) + granule * kPanelLines * stride +
              slot * kLineBytes,
          stride};
}

/// Decodes the values of a granule of the step.
template <class Format, Specials Mode>
[[gnu::noinline]] bool decodeValueTiles(const uint8_t *cache,
                                        const StepPanels &panels,
                                        int64_t granule) {
  return decodePanels<Format, Mode>(
      cache, panels.valueChannels / kLanes,
      [&](int64_t tile) { return placeOfValues(panels, granule, tile); });
}

/// Copies a tile of values with zeros for the tokens from `tokens` on.
template <class Format>
inline void copyTokens(const uint8_t *tile, int64_t tokens, uint8_t *copy) {
  // The elements of a dword that are before a token: bytes of tokens 0, 2, 1
  // and 3, or two words.
  constexpr int64_t kTokens = Format::kBytes == 1 ? 4 : 2;
  constexpr uint32_t kBefore[] = {0, 0xff, 0xff00ff, 0xffffff, ~0u};
  for (int64_t line = 0; line < kCacheTileBytes<Format> / kLineBytes; ++line) {
    const int64_t count = clamp(tokens - line * kTokens, 0, kTokens);
    const uint32_t mask = Format::kBytes == 1 ? kBefore[count]
                          : count == 1        ? 0xffff
                                              : kBefore[2 * count];
    simd::store(
        copy + line * kLineBytes,
        simd::bitAnd(simd::load(tile + line * kLineBytes), simd::set32(mask)));
  }
}

/// Decodes the values of a granule of which only the first `tokens` count.
template <class Format>
[[gnu::noinline]] bool decodeLastValues(const uint8_t *cache, int64_t tokens,
                                        const StepPanels &panels,
                                        int64_t granule) {
  alignas(kLineBytes) uint8_t copy[kCacheTileBytes<Format>];
  bool special = false;
  for (int64_t tile = 0; tile < panels.valueChannels / kLanes; ++tile) {
    copyTokens<Format>(cache + tile * kCacheTileBytes<Format>, tokens, copy);
    const auto place = [&](int64_t) {
      return placeOfValues(panels, granule, tile);
    };
    if (decodePanels<Format, Specials::kDetect>(copy, 1, place)) [[unlikely]] {
      decodePanels<Format, Specials::kExact>(copy, 1, place);
      special = true;
    }
  }
  return special;
}

/// Decodes the step that `panels` names.
template <class Format>
[[gnu::noinline]] void decodeStep(const fp8attn_key_run &run,
                                  StepPanels &panels) {
  constexpr int64_t kBytes = Format::kBytes;
  const int64_t keyTileBytes =
      panels.keyChannels / kPairedElements * kCacheTileBytes<Format>;
  panels.hasSpecialValues = false;
  for (int64_t key = 0; key < panels.numKeys; key += FP8ATTN_GRANULE) {
    const int64_t token = panels.firstKey + key;
    const uint8_t *keys = keyGranule<kBytes>(run, token, panels.keyChannels);
    for (int64_t tile = 0; tile < kGranuleKeyTiles; ++tile) {
      const int64_t number = key / kLanes + tile, slot = number % kPanelTiles;
      uint8_t *to =
          panels.keyPanel((number - slot) * kLanes) + slot * kLineBytes;
      const uint8_t *cache = keys + tile * keyTileBytes;
      if (decodeKeyTiles<Format, Specials::kDetect>(cache, panels.keyChannels,
                                                    to)) [[unlikely]]
        decodeKeyTiles<Format, Specials::kExact>(cache, panels.keyChannels, to);
    }
    const uint8_t *values =
        valueGranule<kBytes>(run, token, panels.valueChannels);
    const int64_t granule = key / FP8ATTN_GRANULE;
    if (run.num_keys - token < FP8ATTN_GRANULE) {
      panels.hasSpecialValues |= decodeLastValues<Format>(
          values, run.num_keys - token, panels, granule);
    } else if (decodeValueTiles<Format, Specials::kDetect>(
                   values, panels, granule)) [[unlikely]] {
      decodeValueTiles<Format, Specials::kExact>(values, panels, granule);
      panels.hasSpecialValues = true;
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PANELS_H
