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
// NaN and infinity are decoded exactly. Tokens behind the run's end are decoded
// as those before it: their probabilities are 0, and 0 times NaN is 0 in the
// slow path that a special value leads to. Reads whole granules and nothing
// else. What is not a tile in the cache is put together a tile at a time
// (granule_tiles.h).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PANELS_H
#define FP8ATTN_X86_VECTOR_PANELS_H

#include "x86_vector/granule_tiles.h"
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

/// Where tiles of the cache are, and where their lines go.
struct PanelTiles {
  const uint8_t *cache;
  uint8_t *panel;
  int64_t tiles;
  /// Bytes from one tile to the next in panels, and from a line to the next
  /// one.
  int64_t pitch;
  int64_t stride;
};

/// Decodes tiles into panels. Returns whether there were NaN or infinity, which
/// are wrong if Mode is kDetect.
template <class Format, Specials Mode>
[[gnu::noinline]] bool decodePanels(const PanelTiles &in) {
  Decoder<Format, Mode> decoder;
  const int64_t rowBytes = RowDot::kOperandLines * in.stride;
  const uint8_t *cache = in.cache;
  for (int64_t tile = 0; tile < in.tiles; ++tile) {
    uint8_t *to = in.panel + tile * in.pitch;
#pragma clang loop unroll(disable)
    for (int64_t pair = 0; pair < kTileRowPairs; ++pair) {
      const auto rows = loadRows(decoder, cache, pair, static_cast<int>(tile));
      RowDot::storeOperand(operandOf(rows, 0), to, in.stride);
      RowDot::storeOperand(operandOf(rows, 1), to + rowBytes, in.stride);
      cache += kRowPairBytes<Format>;
      to += 2 * rowBytes;
    }
  }
  if constexpr (Mode == Specials::kDetect)
    return decoder.sawSpecial();
  return false;
}

/// Decodes tiles exactly. Returns whether there were NaN or infinity.
template <class Format> inline bool decodeExactly(const PanelTiles &in) {
  if (!decodePanels<Format, Specials::kDetect>(in)) [[likely]]
    return false;
  decodePanels<Format, Specials::kExact>(in);
  return true;
}

/// Decodes tile `tile` of 16 keys whose tokens are rows.
template <class Format>
[[gnu::noinline]] void decodeKeyRow(const fp8attn_key_run &run, int64_t first,
                                    int64_t tile, const PanelTiles &to) {
  alignas(kLineBytes) uint8_t codes[kCacheTileBytes<Format>];
  gatherKeyTiles<Format>(run, first, tile, 1, codes);
  decodeExactly<Format>(
      {codes, to.panel + tile * to.pitch, 1, to.pitch, to.stride});
}

/// Decodes the keys of the granule `number` tokens into the step.
template <class Format>
inline void decodeKeys(const fp8attn_key_run &run, const StepPanels &panels,
                       int64_t number) {
  constexpr int64_t kStride = kPanelTiles * kLineBytes;
  const int64_t tiles = panels.keyChannels / kPairedElements;
  const int64_t first = panels.firstKey + number;
  GranuleHalves keys = {};
  if (!hasRows(run))
    keys = keyHalves<Format::kBits>(run, first, panels.keyChannels);
  for (int64_t half = 0; half < 2; ++half) {
    const int64_t key = number + half * kLanes;
    const int64_t slot = key / kLanes % kPanelTiles;
    const PanelTiles to = {half == 0 ? keys.early : keys.late,
                           panels.keyPanel(key - slot * kLanes) +
                               slot * kLineBytes,
                           tiles, kPanelLines * kStride, kStride};
    if (!hasRows(run)) {
      decodeExactly<Format>(to);
      continue;
    }
    for (int64_t tile = 0; tile < tiles; ++tile)
      decodeKeyRow<Format>(run, first + half * kLanes, tile, to);
  }
}

/// Decodes the values of the granule `number` tokens into the step. Returns
/// whether there were NaN or infinity.
template <class Format>
inline bool decodeValues(const fp8attn_key_run &run, const StepPanels &panels,
                         int64_t number) {
  alignas(kLineBytes) uint8_t memory[kCacheTileBytes<Format>];
  const int64_t tiles = panels.valueChannels / kLanes;
  const int64_t lines = number / kPairedElements * kPanelLines;
  bool special = false;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int64_t slot = tile % kPanelTiles, first = tile - slot;
    // Tiles that do not fill a panel have one each.
    const bool isAlone = first + kPanelTiles > tiles;
    const int64_t stride = (isAlone ? 1 : kPanelTiles) * kLineBytes;
    uint8_t *panel = isAlone ? panels.valuePanel(tile)
                             : panels.valuePanel(first) + slot * kLineBytes;
    const uint8_t *values = valueTiles<Format>(
        run, panels.firstKey + number, panels.valueChannels, tile, 1, memory);
    special |=
        decodeExactly<Format>({values, panel + lines * stride, 1, 0, stride});
  }
  return special;
}

/// Decodes the step that `panels` names.
template <class Format>
[[gnu::noinline]] void decodeStep(const fp8attn_key_run &run,
                                  StepPanels &panels) {
  panels.hasSpecialValues = false;
  for (int64_t key = 0; key < panels.numKeys; key += FP8ATTN_GRANULE) {
    decodeKeys<Format>(run, panels, key);
    panels.hasSpecialValues |= decodeValues<Format>(run, panels, key);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PANELS_H
