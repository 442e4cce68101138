//===- gemm.h - the AMX loop nest -------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C = A * B, or C += A * B, for one to three row tiles:
//   A   bf16 tiles [rows/16][depth] of 16 rows x 32, the query or probabilities
//   B   bf16 tiles of 16 pairs x 16 columns, delivered by a stream
//   C   f32 tiles [rows/16][columns] of 16 x 16, scores or accumulators
//
// A set of accumulators is three row tiles of one column, or one row tile of
// two columns: enough independent chains to hide the latency of TDPBF16PS
// behind a decode. While one set computes, the set before it is stored, one
// tile after each step of depth; stores in one go would cap the multiplier.
//
// Each element of C is one chain of TDPBF16PS in ascending depth whatever the
// shape, so a row's result does not depend on the rows beside it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_GEMM_H
#define FP8ATTN_X86_AMX_GEMM_H

#include "x86_amx/tiles.h"

#include <utility>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Columns of a full set of accumulators. B tiles are consumed set by set, in
/// order (depth, column) within a set.
constexpr int64_t columnsPerSet(int64_t rowTiles) {
  return rowTiles == 1 ? 2 : 1;
}

/// Whether C begins as zero or as what is in memory.
enum class Start { kZero, kMemory };

/// A matrix of 1 KB tiles, contiguous along a row of tiles.
template <typename Byte> struct TileMatrix {
  Byte *base;
  /// Tiles from one row of tiles to the next.
  int64_t rowPitch;

  Byte *tile(int64_t row, int64_t column) const {
    return base + (row * rowPitch + column) * FP8ATTN_TILE_BYTES;
  }
};

/// A product but for its B, which a stream delivers.
struct Product {
  Start start;
  /// A.
  TileMatrix<const uint8_t> left;
  /// Tiles that each sum runs over.
  int64_t depth;
  /// C, and its columns in tiles.
  TileMatrix<uint8_t> sums;
  int64_t columns;
};

/// Accumulators `Set` (0 or 1), shaped Rows x Columns tiles. `column` is the
/// column of C that the first of Columns has.
template <int Set, int Rows, int Columns> struct Accumulators {
  static_assert(Rows == 1 || Columns == 1, "B is loaded once per step");
  static_assert(Rows * Columns <= kAccumulatorsPerSet);
  static constexpr int kFirst = kAccumulators + Set * kAccumulatorsPerSet;
  static constexpr int kCount = Rows * Columns;

  static void begin(const Product &product, int64_t column) {
    forEach([&](auto index) {
      constexpr int i = decltype(index)::value;
      if (product.start == Start::kZero)
        _tile_zero(kFirst + i);
      else
        _tile_loadd(kFirst + i, sum<i>(product, column), kTileStride);
    });
  }

  /// Adds the products of step `k` of depth.
  template <typename Stream>
  static void multiply(const Product &product, int64_t k, Stream &right) {
    forEach([&](auto index) {
      constexpr int i = decltype(index)::value;
      if constexpr (Columns > 1 || i == 0)
        _tile_loadd(kRight, right.front(), kTileStride);
      if constexpr (Rows > 1 || i == 0)
        _tile_loadd(kLeft, product.left.tile(i / Columns, k), kTileStride);
      _tile_dpbf16ps(kFirst + i, kLeft, kRight);
      if constexpr (Columns > 1 || i == kCount - 1)
        right.advance();
    });
  }

  /// Stores accumulator `which`, if there is one of that number.
  static void store(int64_t which, const Product &product, int64_t column) {
    forEach([&](auto index) {
      constexpr int i = decltype(index)::value;
      if (i == which)
        _tile_stored(kFirst + i, sum<i>(product, column), kTileStride);
    });
  }

  /// Stores all accumulators from number `first` on.
  static void storeFrom(int64_t first, const Product &product, int64_t column) {
    forEach([&](auto index) {
      constexpr int i = decltype(index)::value;
      if (i >= first)
        _tile_stored(kFirst + i, sum<i>(product, column), kTileStride);
    });
  }

private:
  /// Where accumulator I has its place in C.
  template <int I> static uint8_t *sum(const Product &product, int64_t column) {
    return product.sums.tile(I / Columns, column + I % Columns);
  }

  /// Calls body with the number of each accumulator as a constant: tile
  /// registers cannot be chosen at run time.
  template <typename Body> static void forEach(Body body) {
    forEach(body, std::make_integer_sequence<int, kCount>());
  }
  template <typename Body, int... I>
  static void forEach(Body body, std::integer_sequence<int, I...>) {
    (body(std::integral_constant<int, I>()), ...);
  }
};

/// Computes the columns from `column` in set `Set`; meanwhile stores the other
/// set, which holds the columns before these unless they are the first. Takes
/// the product by value: tile intrinsics may write any memory, and would have a
/// product in memory read again after each.
template <int Set, int Rows, int Columns, typename Stream>
inline void multiplySet(Product product, int64_t column, bool first,
                        Stream &right) {
  using Current = Accumulators<Set, Rows, Columns>;
  using Previous = Accumulators<1 - Set, Rows, Columns>;
  Current::begin(product, column);
  int64_t stored = first ? Previous::kCount : 0;
  for (int64_t k = 0; k < product.depth; ++k) {
    Current::multiply(product, k, right);
    Previous::store(stored++, product, column - Columns);
  }
  Previous::storeFrom(stored, product, column - Columns);
}

/// Computes `sets` sets of `Columns` columns each, from `column`.
template <int Rows, int Columns, typename Stream>
inline void multiplySets(const Product &product, int64_t column, int64_t sets,
                         Stream &right) {
  if (sets == 0)
    return;
  for (int64_t set = 0; set < sets; ++set, column += Columns)
    if (set % 2 == 0)
      multiplySet<0, Rows, Columns>(product, column, set == 0, right);
    else
      multiplySet<1, Rows, Columns>(product, column, false, right);
  if (sets % 2 == 0)
    Accumulators<1, Rows, Columns>::storeFrom(0, product, column - Columns);
  else
    Accumulators<0, Rows, Columns>::storeFrom(0, product, column - Columns);
}

/// Computes the whole product for `Rows` row tiles. `right` delivers
/// columns * depth tiles: front() is the address of the next one, valid until
/// advance().
template <int Rows, typename Stream>
inline void multiplyTiles(const Product &product, Stream &right) {
  constexpr int kColumns = columnsPerSet(Rows);
  const int64_t sets = product.columns / kColumns;
  multiplySets<Rows, kColumns>(product, 0, sets, right);
  if constexpr (kColumns > 1)
    multiplySets<Rows, 1>(product, sets * kColumns, product.columns % kColumns,
                          right);
}

/// Calls body with the row tiles of `rows` query rows, 1 to
/// FP8ATTN_BLOCK_ROWS, as a constant.
template <typename Body> inline void withRowTiles(int64_t rows, Body body) {
  if (rows <= FP8ATTN_TILE_ROWS)
    body(std::integral_constant<int, 1>());
  else if (rows <= 2 * FP8ATTN_TILE_ROWS)
    body(std::integral_constant<int, 2>());
  else
    body(std::integral_constant<int, 3>());
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_GEMM_H
