//===- attended_values.h - the values of a step of attend -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values of a step are multiplied with probabilities two tiles of channels at a
// time, over the granules of the step: where they are, what is added to, and
// how they are computed again, exactly, if there are NaN or infinity among
// them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_ATTENDED_VALUES_H
#define FP8ATTN_X86_AMX_ATTENDED_VALUES_H

#include "x86_amx/step.h"
#include "x86_vector/granule_tiles.h"

#include <type_traits>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Columns of tiles that compute together.
constexpr int kSumColumns = 2;

/// The values of one step, and what becomes of them.
struct AttendedValues {
  const fp8attn_key_run &run;
  int64_t firstKey;
  int64_t granules;
  int64_t channels;
  /// Tiles as in fp8attn_uk_pv_fn.
  const uint8_t *probs;
  uint8_t *acc;

  /// Tiles of channels.
  int64_t columns() const { return channels / kLanes; }
  bool hasColumn(int64_t column) const { return column < columns(); }
  /// Where the sums of a row tile and a tile of channels are.
  uint8_t *sum(int64_t column, int64_t row = 0) const {
    return acc + (row * columns() + column) * FP8ATTN_TILE_BYTES;
  }
  /// The probabilities of a row tile and a granule.
  const uint8_t *left(int64_t granule, int64_t row = 0) const {
    return probs + (row * kProbTiles + granule) * FP8ATTN_TILE_BYTES;
  }
};

/// Counts the tiles of values that are consumed, and tells the prefetcher when
/// they are as many as a granule has.
template <class Ahead> class ValueTileCount {
public:
  ValueTileCount(Ahead &ahead, int64_t channels)
      : ahead(ahead), tilesOfGranule(channels / kLanes), left(tilesOfGranule) {}

  [[gnu::always_inline]] void add(int64_t tiles) {
    for (left -= tiles; left <= 0; left += tilesOfGranule)
      ahead.endGranule();
  }

private:
  Ahead &ahead;
  int64_t tilesOfGranule, left;
};

/// Goes over the values of two tiles of channels in memory, finite ones only:
/// of each granule calls loadLeft(granule), and then, for each tile, loads it
/// as the right operand and calls multiply(0 or 1, as a constant).
template <class Format, class LoadLeft, class Multiply>
[[gnu::always_inline]] inline void
forFiniteValues(const AttendedValues &step, int64_t column, uint8_t *tile,
                LoadLeft loadLeft, Multiply multiply) {
  alignas(kLineBytes) uint8_t latent[kCacheTileBytes<Format>];
  for (int64_t g = 0; g < step.granules; ++g) {
    const int64_t key = step.firstKey + g * FP8ATTN_GRANULE;
    loadLeft(g);
    const auto load = [&](int64_t at) {
      const uint8_t *words =
          valueTiles<Format>(step.run, key, step.channels, at, 1, latent);
      if constexpr (Format::kBits < 16) {
        decodeTiles<Format, Specials::kExact>(words, 1, tile);
        words = tile;
      }
      copyFiniteWords(words, tile);
      _tile_loadd(kRight, tile, kTileStride);
    };
    load(column);
    multiply(std::integral_constant<int, 0>());
    if (step.hasColumn(column + 1)) {
      load(column + 1);
      multiply(std::integral_constant<int, 1>());
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_ATTENDED_VALUES_H
