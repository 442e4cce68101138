//===- two_row_tiles.h - the accumulators of 17 to 32 rows ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As one_row_tile.h, of two row tiles, for which each cache tile is decoded
// once and loaded once. There are four accumulators, two left operands and no
// tile left for a second set. Every sum is the same chain of products.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_TWO_ROW_TILES_H
#define FP8ATTN_X86_AMX_TWO_ROW_TILES_H

#include "x86_amx/attended_values.h"
#include "x86_amx/tile_units.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Of two row tiles. `Stream` is a UnitStream.
template <class Stream> class TwoRowTiles {
public:
  using Format = typename Stream::Format;
  static constexpr int64_t kRowTiles = 2;

  /// As of OneRowTile, but for that everything is in memory when these return.
  [[gnu::always_inline]] static void multiplyKeys(Stream &stream,
                                                  const uint8_t *query,
                                                  int64_t depth,
                                                  uint8_t *scores) {
    const int64_t rowBytes = depth * FP8ATTN_TILE_BYTES;
    _tile_zero(sum(0, 0));
    _tile_zero(sum(0, 1));
    _tile_zero(sum(1, 0));
    _tile_zero(sum(1, 1));
    for (int64_t k = 0; k < depth; k += 2)
      multiplyUnit<Operand::kKeys>(stream, {query + k * FP8ATTN_TILE_BYTES,
                                            rowBytes, k + 1 < depth, true});
    uint8_t *const later = scores + kScoreTiles * FP8ATTN_TILE_BYTES;
    _tile_stored(sum(0, 0), scores, kTileStride);
    _tile_stored(sum(1, 0), later, kTileStride);
    _tile_stored(sum(0, 1), scores + FP8ATTN_TILE_BYTES, kTileStride);
    _tile_stored(sum(1, 1), later + FP8ATTN_TILE_BYTES, kTileStride);
  }

  [[gnu::always_inline]] static bool
  multiplyValues(Stream &stream, const AttendedValues &step, int64_t column,
                 ValueTileCount<typename Stream::Ahead> &count,
                 uint8_t *scratch) {
    const bool secondSum = step.hasColumn(column + 1);
    loadSums(step, column);
    for (int64_t g = 0; g < step.granules; g += 2) {
      const bool secondDepth = g + 1 < step.granules;
      multiplyUnit<Operand::kValues>(stream, {step.left(g),
                                              kProbTiles * FP8ATTN_TILE_BYTES,
                                              secondDepth, secondSum});
      // No call stands between units of a latent cache.
      if constexpr (!Stream::kIsLatent)
        count.add((1 + secondDepth) * (1 + secondSum));
    }
    const bool special = stream.takeSpecial();
    if (special) [[unlikely]]
      multiplyFiniteValues(step, column, scratch);
    _tile_stored(sum(0, 0), step.sum(column, 0), kTileStride);
    _tile_stored(sum(1, 0), step.sum(column, 1), kTileStride);
    if (secondSum) {
      _tile_stored(sum(0, 1), step.sum(column + 1, 0), kTileStride);
      _tile_stored(sum(1, 1), step.sum(column + 1, 1), kTileStride);
    }
    return special;
  }

  [[gnu::always_inline]] static void storePending() {}

private:
  /// The accumulator of a row tile and a column.
  static constexpr int sum(int row, int column) {
    return kAccumulators + kSumColumns * row + column;
  }
  /// The left operand of the second row tile; kLeft is that of the first.
  static constexpr int kLaterLeft = kLeft - 1;
  static_assert(kLaterLeft > sum(1, 1));

  /// The left operand of a unit, bytes from its first row tile to the second,
  /// and which of its tiles there are.
  struct UnitShape {
    const uint8_t *left;
    int64_t rowBytes;
    bool secondDepth, secondSum;
  };

  [[gnu::always_inline]] static void loadLeft(const uint8_t *left,
                                              int64_t rowBytes) {
    _tile_loadd(kLeft, left, kTileStride);
    _tile_loadd(kLaterLeft, left + rowBytes, kTileStride);
  }

  /// Multiplies tile Column of the unit at depth Depth, and decodes that of the
  /// next unit.
  template <Operand Part, int Depth, int Column>
  [[gnu::always_inline]] static void multiplyTile(Stream &stream,
                                                  const UnitShape &shape) {
    constexpr int kTile =
        Part == Operand::kKeys ? 2 * Column + Depth : 2 * Depth + Column;
    if ((Column == 0 || shape.secondSum) && (Depth == 0 || shape.secondDepth)) {
      _tile_loadd(kRight, stream.words(kTile), kTileStride);
      _tile_dpbf16ps(sum(0, Column), kLeft, kRight);
      _tile_dpbf16ps(sum(1, Column), kLaterLeft, kRight);
    }
    stream.decodeAhead(kTile);
  }

  template <Operand Part>
  [[gnu::always_inline]] static void multiplyUnit(Stream &stream,
                                                  const UnitShape &shape) {
    loadLeft(shape.left, shape.rowBytes);
    multiplyTile<Part, 0, 0>(stream, shape);
    multiplyTile<Part, 0, 1>(stream, shape);
    if (shape.secondDepth)
      loadLeft(shape.left + FP8ATTN_TILE_BYTES, shape.rowBytes);
    multiplyTile<Part, 1, 0>(stream, shape);
    multiplyTile<Part, 1, 1>(stream, shape);
    stream.advance();
  }

  [[gnu::always_inline]] static void loadSums(const AttendedValues &step,
                                              int64_t column) {
    _tile_loadd(sum(0, 0), step.sum(column, 0), kTileStride);
    _tile_loadd(sum(1, 0), step.sum(column, 1), kTileStride);
    if (step.hasColumn(column + 1)) {
      _tile_loadd(sum(0, 1), step.sum(column + 1, 0), kTileStride);
      _tile_loadd(sum(1, 1), step.sum(column + 1, 1), kTileStride);
    }
  }

  /// As the loop of multiplyValues, of finite values only.
  [[gnu::noinline, gnu::cold]] static void
  multiplyFiniteValues(const AttendedValues &step, int64_t column,
                       uint8_t *tile) {
    loadSums(step, column);
    forFiniteValues<Format>(
        step, column, tile,
        [&](int64_t g) {
          loadLeft(step.left(g), kProbTiles * FP8ATTN_TILE_BYTES);
        },
        [](auto column) {
          constexpr int kColumn = decltype(column)::value;
          _tile_dpbf16ps(sum(0, kColumn), kLeft, kRight);
          _tile_dpbf16ps(sum(1, kColumn), kLaterLeft, kRight);
        });
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_TWO_ROW_TILES_H
