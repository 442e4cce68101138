//===- score_stream.h - scores and their softmax in one stream --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scores[r][j] = sum over c of query[r][c] * word(j, c)
//   probs[r][j]  = bf16(exp2(scores[r][j] * scale[r] - max[r] + exponent))
// for full blocks of rows and steps of keys whose words are decoded
// (word_tiles.h), one step after the other. A column is 16 keys. While the
// tiles of column j are multiplied, column j - 1 is stored, and vectors turn
// half j - 3 of the scores into probabilities: half of the rows of a pair of
// columns. The first three columns of a step do that for the last three halves
// of the step before, of whatever block it is. So scores need room for two
// pairs of columns, a ring of 12 KB that stays in the first-level cache, and
// the softmax is done beside the tiles, not after them.
//
// Rounds like softmax.h, whose steps these are, but the maximum of a row is
// known: that a score exceeds it by too much shows in the largest word of a
// probability, one maximum for 32 keys, and is not handled here. The sums of
// the probabilities are left to the product with the values.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_SCORE_STREAM_H
#define FP8ATTN_X86_AMX_SCORE_STREAM_H

#include "x86_amx/block_rows.h"
#include "x86_amx/row_tiles.h"
#include "x86_vector/instructions.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Most pairs of columns in a step.
constexpr int64_t kStepGranules = FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;
/// Bytes from a row tile of probabilities to the next.
constexpr int64_t kProbPitch = kStepGranules * FP8ATTN_TILE_BYTES;
/// Bytes from a row tile of a pair of columns of scores to the next, and from
/// one pair to the other in the ring.
constexpr int64_t kPairPitch = 2 * FP8ATTN_TILE_BYTES;
constexpr int64_t kSlotPitch = kRowTiles * kPairPitch;
constexpr int64_t kScoreRingBytes = 2 * kSlotPitch;
/// Columns that come before the first half of their step.
constexpr int64_t kColumnsAhead = 3;
/// Rows of a row tile that are in a half, and how many are computed beside a
/// step of depth at most.
constexpr int64_t kHalfRows = FP8ATTN_TILE_ROWS / 2;
constexpr int kMostRowsBeside = 4;

/// Operands of a step.
struct ScoreStep {
  const BlockRows *rows;
  /// Query tiles [3][depth], and key tiles [columns][depth].
  const uint8_t *query;
  const uint8_t *keys;
  int64_t depth;
  /// The keys of the step, in pairs of columns.
  int64_t firstKey;
  int64_t pairs;
  /// kScoreRingBytes, and in which of its slots, 0 or 1, the first pair is.
  uint8_t *ring;
  int64_t firstSlot;
  /// Probability tiles [3][kStepGranules].
  uint8_t *probs;

  int64_t columns() const { return 2 * pairs; }

  /// Where a column of scores is kept.
  [[gnu::always_inline]] uint8_t *scores(int64_t column) const {
    return ring + ((firstSlot + (column >> 1)) & 1) * kSlotPitch +
           (column & 1) * FP8ATTN_TILE_BYTES;
  }
};

/// The softmax of one half after the other. What it holds stays in registers.
class HalfSoftmax {
public:
  /// `largest` are the largest words of a step so far.
  HalfSoftmax(int64_t exponent, __m512i largest)
      : exp2(static_cast<float>(exponent)), largest(largest) {}

  __m512i largestSoFar() const { return largest; }

  /// Returns whether a score may have exceeded its row's maximum by more than
  /// FP8ATTN_RESCALE_THRESHOLD: whether a probability is not less, as a bf16,
  /// than that of one that exceeds it by as much, or is NaN.
  static bool mayExceed(__m512i largest, int64_t exponent) {
    constexpr int kBias = 127, kMantissaBits = 7;
    const int limit =
        (kBias + FP8ATTN_RESCALE_THRESHOLD + static_cast<int>(exponent))
        << kMantissaBits;
    return _mm512_cmpge_epu16_mask(
               largest, _mm512_set1_epi16(static_cast<int16_t>(limit))) != 0;
  }

  /// Goes to half `half` of a step, two halves a pair. Returns whether some row
  /// does not see all of its keys: rows must be told so.
  [[gnu::always_inline]] bool begin(const ScoreStep &step, int64_t half) {
    const int64_t row = (half & 1) * kHalfRows;
    const int64_t pair = half >> 1;
    begin(*step.rows, row, step.scores(2 * pair),
          step.probs + pair * FP8ATTN_TILE_BYTES,
          step.firstKey + pair * FP8ATTN_GRANULE);
    return step.rows->areMasked(key);
  }

  /// Goes to row `row`, of each row tile, of 32 keys from `firstKey` on, whose
  /// scores are in tiles [row tiles][2]; row tiles of probabilities are
  /// kProbPitch bytes apart.
  template <int64_t Count>
  [[gnu::always_inline]] void begin(const SomeRows<Count> &rows, int64_t row,
                                    const uint8_t *scoreTiles,
                                    uint8_t *probTiles, int64_t firstKey) {
    scores = scoreTiles + row * kTileStride;
    probs = probTiles + row * kTileStride;
    scale = rows.scale + row;
    max = rows.max + row;
    rowBegin = rows.begin + row;
    rowLimit = rows.limit + row;
    key = firstKey;
  }

  /// Computes `Rows` rows of row tile `tile`, from row `row` of the half on.
  template <bool Masked, int Rows>
  [[gnu::always_inline]] void rows(int tile, int64_t row) {
    const uint8_t *from = scores + row * kTileStride + tile * kPairPitch;
    uint8_t *to = probs + row * kTileStride + tile * kProbPitch;
#pragma clang loop unroll(full)
    for (int i = 0; i < Rows; ++i) {
      const int64_t r = row + tile * FP8ATTN_TILE_ROWS + i;
      const __m512 low = argument<Masked>(from + i * kTileStride, r, 0);
      const __m512 high = argument<Masked>(
          from + i * kTileStride + FP8ATTN_TILE_BYTES, r, kFloatColumns);
      const auto words =
          reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(exp2(high), exp2(low)));
      largest = _mm512_max_epu16(largest, words);
      _mm512_store_si512(to + i * kTileStride, words);
      // Without, clang finds the maxima of all rows at the end, and spills.
      asm volatile("" : "+v"(largest));
    }
  }

  /// Computes the rows of a half from `row` on that nothing is done beside.
  template <bool Masked> [[gnu::always_inline]] void rowsFrom(int64_t row) {
#pragma clang loop unroll(disable)
    for (; row < kHalfRows; ++row) {
      rows<Masked, 1>(0, row);
      rows<Masked, 1>(1, row);
      rows<Masked, 1>(2, row);
    }
  }

private:
  /// Returns the exponents of 16 keys, `offset` keys into the pair, of row `r`
  /// of the half.
  template <bool Masked>
  [[gnu::always_inline]] __m512 argument(const uint8_t *from, int64_t r,
                                         int32_t offset) const {
    const __m512 score = _mm512_load_ps(reinterpret_cast<const float *>(from));
    // Two roundings, as in softmax.h.
    const __m512 x = _mm512_sub_ps(
        _mm512_mul_ps(score, _mm512_set1_ps(scale[r])), _mm512_set1_ps(max[r]));
    if constexpr (!Masked)
      return x;
    const __m512i lane = _mm512_add_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        _mm512_set1_epi32(static_cast<int32_t>(key) + offset));
    const __mmask16 seen = _mm512_mask_cmplt_epi32_mask(
        _mm512_cmpge_epi32_mask(lane, _mm512_set1_epi32(rowBegin[r])), lane,
        _mm512_set1_epi32(rowLimit[r]));
    return _mm512_mask_mov_ps(_mm512_set1_ps(-__builtin_inff()), seen, x);
  }

  const ScaledExp2 exp2;
  __m512i largest;
  const uint8_t *scores = nullptr;
  uint8_t *probs = nullptr;
  const float *scale = nullptr;
  const float *max = nullptr;
  const int32_t *rowBegin = nullptr;
  const int32_t *rowLimit = nullptr;
  int64_t key = 0;
};

/// Multiplies the tiles of `column` into accumulators `Set`. Meanwhile stores
/// the column before it to `previous`, unless that is null, and computes the
/// half of softmax that was begun, RowsBeside rows of each row tile beside each
/// step of depth.
template <int Set, bool Masked, int RowsBeside>
[[gnu::always_inline]] inline void
multiplyColumn(const ScoreStep &step, int64_t column, uint8_t *previous,
               HalfSoftmax &softmax) {
  using Previous = RowTiles<1 - Set>;
  const int64_t pitch = step.depth * FP8ATTN_TILE_BYTES;
  const uint8_t *query = step.query;
  const uint8_t *keys = step.keys + column * pitch;
  int64_t row = 0;
  const auto store = [&](int64_t tile) __attribute__((always_inline)) {
    if (!previous)
      return;
    if (tile == 0)
      Previous::template store<0>(previous, kPairPitch);
    else if (tile == 1)
      Previous::template store<1>(previous, kPairPitch);
    else if (tile == 2)
      Previous::template store<2>(previous, kPairPitch);
  };
  RowTiles<Set>::zero();
  int64_t k = 0;
#pragma clang loop unroll(disable)
  for (; k < step.depth && row < kHalfRows; ++k, row += RowsBeside) {
    RowTiles<Set>::multiply(query + k * FP8ATTN_TILE_BYTES, pitch,
                            keys + k * FP8ATTN_TILE_BYTES,
                            [&](int tile) __attribute__((always_inline)) {
                              softmax.rows<Masked, RowsBeside>(tile, row);
                            });
    store(k);
  }
#pragma clang loop unroll(disable)
  for (; k < step.depth; ++k) {
    RowTiles<Set>::multiply(query + k * FP8ATTN_TILE_BYTES, pitch,
                            keys + k * FP8ATTN_TILE_BYTES, [](int) {});
    store(k);
  }
  // Of few steps of depth.
  if constexpr (RowsBeside == kMostRowsBeside) {
#pragma clang loop unroll(disable)
    for (; k < kRowTiles; ++k)
      store(k);
    softmax.rowsFrom<Masked>(row);
  }
}

/// Multiplies columns [first, end) of a step, the first of them beside half
/// `half` of `beside`, later ones beside later halves. Stores `pending`, the
/// column that the other accumulators hold, unless it is null. Leaves the last
/// column in accumulators, and the largest words in `largest`.
template <int RowsBeside>
[[gnu::noinline]] void streamColumns(const ScoreStep &operands, int64_t first,
                                     int64_t end, uint8_t *pending,
                                     const ScoreStep &beside, int64_t half,
                                     int64_t exponent, __m512i &largest) {
  // Tile intrinsics may write any memory: a copy has no address.
  const ScoreStep step = operands;
  HalfSoftmax softmax(exponent, largest);
#pragma clang loop unroll(disable)
  for (int64_t column = first; column < end; ++column, ++half) {
    const bool masked = softmax.begin(beside, half);
    if ((column & 1) == 0) {
      if (masked) [[unlikely]]
        multiplyColumn<0, true, RowsBeside>(step, column, pending, softmax);
      else
        multiplyColumn<0, false, RowsBeside>(step, column, pending, softmax);
    } else {
      if (masked) [[unlikely]]
        multiplyColumn<1, true, RowsBeside>(step, column, pending, softmax);
      else
        multiplyColumn<1, false, RowsBeside>(step, column, pending, softmax);
    }
    pending = step.scores(column);
  }
  largest = softmax.largestSoFar();
}

/// streamColumns of some number of rows beside.
using StreamColumns = decltype(streamColumns<1>);

/// Returns the one for steps of this depth, over which the rows of a half are
/// spread.
inline StreamColumns *streamColumnsOf(int64_t depth) {
  if (depth >= kHalfRows)
    return streamColumns<1>;
  if (depth >= kHalfRows / 2)
    return streamColumns<2>;
  return streamColumns<kMostRowsBeside>;
}

/// Computes the halves of a step from `half` on that nothing else is done
/// beside.
[[gnu::noinline]] inline void finishHalves(const ScoreStep &step, int64_t half,
                                           int64_t exponent, __m512i &largest) {
  HalfSoftmax softmax(exponent, largest);
#pragma clang loop unroll(disable)
  for (; half < step.columns(); ++half)
    if (softmax.begin(step, half)) [[unlikely]]
      softmax.rowsFrom<true>(0);
    else
      softmax.rowsFrom<false>(0);
  largest = softmax.largestSoFar();
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_SCORE_STREAM_H
