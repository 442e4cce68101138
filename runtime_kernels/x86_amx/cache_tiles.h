//===- cache_tiles.h - the tiles of a cache in order of use -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the B tiles of a GEMM are in the paged cache, in the order in which the
// loop nest (gemm.h) consumes them: sets of columns, in a set by depth, then by
// column. A GEMM of keys has token tiles as columns and channels as depth; one
// of values has channel tiles as columns and granules of tokens as depth.
//
// StepTiles walks one GEMM of one step: qk and pv (prefetching_tiles.h adds to
// it), and what attend computes again.
//
// Only block table entries of tokens in [first_key, num_keys) are read.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_CACHE_TILES_H
#define FP8ATTN_X86_AMX_CACHE_TILES_H

#include "common/cache_layout.h"
#include "common/tile_layout.h"
#include "x86_amx/gemm.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Which part of the cache a tile is from.
enum class Operand { kKeys, kValues };

/// Walks the tiles of one GEMM.
template <typename Format> class StepTiles {
public:
  static constexpr int64_t kTileBytes = bytesOf<Format::kBits>(kTileElements);

  /// Goes to the first tile of keys [firstKey, firstKey + numKeys), of which
  /// there must be one. `columnsPerSet` as the nest has it.
  StepTiles(const fp8attn_key_run &run, Operand operand, int64_t firstKey,
            int64_t numKeys, int64_t channels, int64_t columnsPerSet)
      : operandKind(operand), columnsPerSet(columnsPerSet) {
    const int64_t numGranules =
        (numKeys + FP8ATTN_GRANULE - 1) / FP8ATTN_GRANULE;
    const bool keys = operand == Operand::kKeys;
    for (int64_t i = 0; i < numGranules; ++i) {
      const int64_t token = firstKey + i * FP8ATTN_GRANULE;
      if (keys)
        granules[i] = keyGranule<Format::kBits>(run, token, channels);
      else if (isLatent(run))
        granules[i] = latentTile<Format::kBits>(run, token, 0).early;
      else
        granules[i] = valueGranule<Format::kBits>(run, token, channels);
    }
    if (!keys && isLatent(run))
      halfGranule = run.key_granule_bytes / 2;
    numColumns = keys ? numGranules * kKeyTilesPerGranule : channels / kLanes;
    depth = keys ? channels / kPairedElements : numGranules;
    setEnd = columnsPerSet < numColumns ? columnsPerSet : numColumns;
  }

  bool done() const { return setBegin == numColumns; }
  Operand operand() const { return operandKind; }
  /// Tiles of the whole GEMM.
  int64_t numTiles() const { return numColumns * depth; }

  /// Whether the tile is one of values in a latent cache, and where it is
  /// there.
  bool isInKeys() const { return halfGranule != 0; }
  LatentTile tileInKeys() const {
    const uint8_t *early = granules[k] + column * (kTileBytes / 2);
    return {early, early + halfGranule};
  }

  /// The first byte of another tile.
  const uint8_t *tile() const {
    if (operandKind == Operand::kValues)
      return granules[k] + column * kTileBytes;
    const int64_t inGranule = column % kKeyTilesPerGranule;
    return granules[column / kKeyTilesPerGranule] +
           (inGranule * depth + k) * kTileBytes;
  }

  void advance() {
    if (++column < setEnd)
      return;
    column = setBegin;
    if (++k < depth)
      return;
    k = 0;
    column = setBegin = setEnd;
    setEnd += columnsPerSet;
    if (setEnd > numColumns)
      setEnd = numColumns;
  }

private:
  static constexpr int64_t kKeyTilesPerGranule = FP8ATTN_GRANULE / kLanes;
  static constexpr int64_t kStepGranules = FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;

  const uint8_t *granules[kStepGranules];
  Operand operandKind;
  int64_t columnsPerSet;
  /// Of values in a latent cache, bytes of 16 keys.
  int64_t halfGranule = 0;
  int64_t numColumns;
  int64_t depth;
  /// Columns of the current set.
  int64_t setBegin = 0;
  int64_t setEnd;
  /// The current tile.
  int64_t column = 0;
  int64_t k = 0;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_CACHE_TILES_H
