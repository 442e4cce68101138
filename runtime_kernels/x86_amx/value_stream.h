//===- value_stream.h - weighted values and the denominators ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][c] += sum over j of probs[r][j] * word(j, c)
//   sum[r]    += sum over j of probs[r][j]
// for a full block of rows and a step of keys whose words are decoded
// (word_tiles.h). The denominators are sums on vectors beside the tiles, which
// leave the vector units free here: beside each column those of some rows.
//
// A row's denominator is what softmax.h makes: 16 chains of the same
// instruction in the order of the keys, then added to each other, then to the
// sum so far.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_VALUE_STREAM_H
#define FP8ATTN_X86_AMX_VALUE_STREAM_H

#include "common/tile_layout.h"
#include "x86_amx/gemm.h"
#include "x86_amx/score_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Operands of a step.
struct ValueStep {
  /// Probability tiles [3][kStepGranules].
  const uint8_t *probs;
  /// Value tiles [columns][granules], columns valuePitch bytes apart.
  const uint8_t *values;
  int64_t valuePitch;
  int64_t granules;
  int64_t columns;
  /// Accumulator tiles [3][columns], and whether they begin as what is there
  /// or, by the first step, as zero.
  uint8_t *acc;
  Start start;
  /// Of the block's rows; whole row tiles have room.
  float *rowSum;
};

/// The denominators of `Rows` rows of each of `Tiles` row tiles.
template <int Rows, int Tiles = kRowTiles> class ProbSums {
public:
  /// From row `row` of each row tile on.
  [[gnu::always_inline]] ProbSums(const uint8_t *probs, int64_t row)
      : probs(probs + row * kTileStride) {
#pragma clang loop unroll(full)
    for (__m512 &sum : sums)
      sum = _mm512_setzero_ps();
  }

  /// Adds the probabilities of a granule, of row tile `tile`.
  [[gnu::always_inline]] void add(int64_t granule, int tile) {
    const auto one = reinterpret_cast<__m512bh>(_mm512_set1_epi16(kOneWord));
#pragma clang loop unroll(full)
    for (int i = 0; i < Rows; ++i) {
      const __m512i words =
          _mm512_load_si512(probs + granule * FP8ATTN_TILE_BYTES +
                            tile * kProbPitch + i * kTileStride);
      __m512 &sum = sums[tile * Rows + i];
      sum = _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(words), one);
    }
  }

  /// Adds the sums to those of the rows, `rowSum` being that of the first.
  [[gnu::always_inline]] void addTo(float *rowSum) const {
#pragma clang loop unroll(full)
    for (int tile = 0; tile < Tiles; ++tile)
#pragma clang loop unroll(full)
      for (int i = 0; i < Rows; ++i)
        rowSum[tile * FP8ATTN_TILE_ROWS + i] +=
            _mm512_reduce_add_ps(sums[tile * Rows + i]);
  }

private:
  /// 1 as a bf16.
  static constexpr int16_t kOneWord = 0x3f80;

  const uint8_t *probs;
  __m512 sums[Tiles * Rows];
};

/// No denominators.
template <int Tiles> class ProbSums<0, Tiles> {
public:
  ProbSums(const uint8_t *, int64_t) {}
  void add(int64_t, int) {}
  void addTo(float *) const {}
};

/// Computes `column` in accumulators `Set`, stores the column before it, unless
/// it is the first, and adds the denominators of `Rows` rows of each row tile,
/// from row `row` on.
template <int Set, int Rows>
[[gnu::always_inline]] inline void addColumn(const ValueStep &step,
                                             int64_t column, int64_t row) {
  using Previous = RowTiles<1 - Set>;
  const int64_t pitch = step.columns * FP8ATTN_TILE_BYTES;
  uint8_t *acc = step.acc + column * FP8ATTN_TILE_BYTES;
  const uint8_t *values = step.values + column * step.valuePitch;
  ProbSums<Rows> sums(step.probs, row);
  const auto multiply = [&](int64_t granule) __attribute__((always_inline)) {
    RowTiles<Set>::multiply(step.probs + granule * FP8ATTN_TILE_BYTES,
                            kProbPitch, values + granule * FP8ATTN_TILE_BYTES,
                            [&](int tile) __attribute__((always_inline)) {
                              sums.add(granule, tile);
                            });
  };
  if (step.start == Start::kZero)
    RowTiles<Set>::zero();
  else
    RowTiles<Set>::load(acc, pitch);
  int64_t granule = 0;
  if (column > 0) {
    uint8_t *previous = acc - FP8ATTN_TILE_BYTES;
    multiply(granule++);
    Previous::template store<0>(previous, pitch);
    if (granule < step.granules)
      multiply(granule++);
    Previous::template store<1>(previous, pitch);
    if (granule < step.granules)
      multiply(granule++);
    Previous::template store<2>(previous, pitch);
  }
#pragma clang loop unroll(disable)
  for (; granule < step.granules; ++granule)
    multiply(granule);
  sums.addTo(step.rowSum + row);
}

/// Adds the weighted values of a step, and the denominators: beside each column
/// those of `Rows` rows of each row tile, until there are none left.
template <int Rows>
[[gnu::noinline]] void streamValues(const ValueStep &operands) {
  // Tile intrinsics may write any memory: a copy has no address.
  const ValueStep step = operands;
  int64_t row = 0, column = 0;
  const auto next = [&](auto set) __attribute__((always_inline)) {
    if (row < FP8ATTN_TILE_ROWS)
      addColumn<set, Rows>(step, column, row);
    else
      addColumn<set, 0>(step, column, row);
    row += Rows;
    ++column;
  };
#pragma clang loop unroll(disable)
  while (column < step.columns) {
    next(std::integral_constant<int, 0>());
    if (column < step.columns)
      next(std::integral_constant<int, 1>());
  }
  const int64_t pitch = step.columns * FP8ATTN_TILE_BYTES;
  uint8_t *last = step.acc + (column - 1) * FP8ATTN_TILE_BYTES;
  if (column % 2 == 0)
    RowTiles<1>::storeAll(last, pitch);
  else
    RowTiles<0>::storeAll(last, pitch);
  // Few columns.
  for (; row < FP8ATTN_TILE_ROWS; ++row) {
    ProbSums<1> sums(step.probs, row);
    for (int64_t granule = 0; granule < step.granules; ++granule)
      for (int tile = 0; tile < kRowTiles; ++tile)
        sums.add(granule, tile);
    sums.addTo(step.rowSum + row);
  }
}

/// streamValues of some number of rows beside.
using StreamValues = decltype(streamValues<1>);

/// Returns the one for this number of tiles of channels, over which the rows of
/// a row tile are spread.
inline StreamValues *streamValuesOf(int64_t columns) {
  if (columns >= FP8ATTN_TILE_ROWS)
    return streamValues<1>;
  if (columns >= FP8ATTN_TILE_ROWS / 2)
    return streamValues<2>;
  return streamValues<4>;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_VALUE_STREAM_H
