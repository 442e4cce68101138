//===- tile_layout.h - where the elements of packed operands are -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Query, scores, probabilities and accumulators are [row tile][column tile] of
// tiles of 16 rows (Runtime/kernels.h), whose rows are 32 bf16 or f32 of a
// query or probabilities, or 16 f32 of the others.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_TILE_LAYOUT_H
#define FP8ATTN_COMMON_TILE_LAYOUT_H

#include "common/kernel_namespace.h"
#include "fp8attn/Runtime/kernels.h"

#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Columns of a tile of bf16, of f32 (scores, accumulators), and of query or
/// probabilities, whichever of both they are.
constexpr int64_t kBf16Columns = 32;
constexpr int64_t kFloatColumns = 16;
constexpr int64_t kProductColumns = kBf16Columns;

/// Returns the index, in elements, of (row, column) in tiles of TileColumns
/// columns, `columns` in a row tile altogether.
template <int64_t TileColumns>
constexpr int64_t tileIndex(int64_t row, int64_t column, int64_t columns) {
  const int64_t tile =
      row / FP8ATTN_TILE_ROWS * (columns / TileColumns) + column / TileColumns;
  return (tile * FP8ATTN_TILE_ROWS + row % FP8ATTN_TILE_ROWS) * TileColumns +
         column % TileColumns;
}

/// Returns the value nearest to `value` in [low, high].
constexpr int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

/// Returns `value` rounded up to a multiple of `granule`.
constexpr int64_t roundUp(int64_t value, int64_t granule) {
  return (value + granule - 1) / granule * granule;
}

/// Returns the keys in the step that begins at `firstKey`: it ends at the next
/// multiple of FP8ATTN_BLOCK_KEYS, or with the keys.
constexpr int64_t stepKeys(int64_t firstKey, int64_t numKeys) {
  const int64_t keys = FP8ATTN_BLOCK_KEYS - firstKey % FP8ATTN_BLOCK_KEYS;
  return keys < numKeys - firstKey ? keys : numKeys - firstKey;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_TILE_LAYOUT_H
