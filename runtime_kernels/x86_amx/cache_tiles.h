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
// it), and what attend computes again. A tile that is not in the cache as it is
// multiplied is put together when it comes (x86_vector/granule_tiles.h).
//
// Only block table entries of tokens in [first_key, num_keys) are read.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_CACHE_TILES_H
#define FP8ATTN_X86_AMX_CACHE_TILES_H

#include "common/cache_layout.h"
#include "common/tile_layout.h"
#include "x86_amx/gemm.h"
#include "x86_vector/granule_tiles.h"

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
      : run(run), operandKind(operand), firstKey(firstKey),
        columnsPerSet(columnsPerSet) {
    const int64_t numGranules =
        (numKeys + FP8ATTN_GRANULE - 1) / FP8ATTN_GRANULE;
    const bool keys = operand == Operand::kKeys;
    isInCache = keys ? !hasRows(run) : hasValueTiles(run);
    for (int64_t i = 0; i < numGranules && !hasRows(run); ++i) {
      const int64_t token = firstKey + i * FP8ATTN_GRANULE;
      granules[i] = keys ? keyHalves<Format::kBits>(run, token, channels)
                         : valueHalves<Format::kBits>(run, token, 0);
    }
    numColumns = keys ? numGranules * kKeyTilesPerGranule : channels / kLanes;
    depth = keys ? channels / kPairedElements : numGranules;
    setEnd = columnsPerSet < numColumns ? columnsPerSet : numColumns;
  }

  bool done() const { return setBegin == numColumns; }
  Operand operand() const { return operandKind; }
  /// Tiles of the whole GEMM.
  int64_t numTiles() const { return numColumns * depth; }

  /// The first byte of the tile: in the cache, or in `memory`, where it is put
  /// together.
  const uint8_t *tile(uint8_t *memory) const {
    if (areTilesMade() && !isInCache) [[unlikely]] {
      makeTile(memory);
      return memory;
    }
    if (operandKind == Operand::kValues)
      return granules[k].early + column * kTileBytes;
    const GranuleHalves &granule = granules[column / kKeyTilesPerGranule];
    return (column % kKeyTilesPerGranule == 0 ? granule.early : granule.late) +
           k * kTileBytes;
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

  void makeTile(uint8_t *memory) const {
    if (fp8attn_has_small_pages && operandKind == Operand::kKeys)
      return gatherKeyTiles<Format>(run, firstKey + column * kLanes, k, 1,
                                    memory);
    if (hasRows(run))
      return gatherValueTiles<Format>(run, firstKey + k * FP8ATTN_GRANULE,
                                      column, 1, memory);
    constexpr int64_t kHalf = kTileBytes / 2;
    joinHalves<Format>(
        run,
        {granules[k].early + column * kHalf, granules[k].late + column * kHalf},
        memory);
  }

  const fp8attn_key_run &run;
  /// Unless tokens are rows.
  GranuleHalves granules[kStepGranules];
  Operand operandKind;
  int64_t firstKey;
  int64_t columnsPerSet;
  /// Whether tiles are multiplied where they lie.
  bool isInCache;
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
