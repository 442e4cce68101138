//===- block_rows.h - what is known of the rows of a block ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of a full block in vectors, whether there are so many or not: rows
// that are not there see all keys and are 0 throughout, so that no step has to
// ask which there are. loadRows copies them from what the caller has, storeRows
// copies the state of their softmax back. A block is of FP8ATTN_BLOCK_ROWS rows
// or, over a latent cache, of two row tiles.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_BLOCK_ROWS_H
#define FP8ATTN_X86_AMX_BLOCK_ROWS_H

#include "x86_amx/tiles.h"
#include "x86_vector/softmax.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Scales and visible keys of `Count` rows, as softmax takes them.
template <int64_t Count> struct SomeRows {
  alignas(64) float scale[Count];
  /// What is subtracted from scaled scores.
  alignas(64) float max[Count];
  /// Rows see the keys from begin to before limit.
  alignas(64) int32_t begin[Count];
  alignas(64) int32_t limit[Count];
  /// All rows see the keys from commonBegin to before commonLimit.
  int64_t commonBegin, commonLimit;

  /// Makes them rows of no block, whose probabilities nobody reads.
  void clear() {
    for (int64_t row = 0; row < Count; row += kLanes) {
      _mm512_store_ps(scale + row, _mm512_setzero_ps());
      _mm512_store_ps(max + row, _mm512_setzero_ps());
    }
    commonBegin = 0;
    commonLimit = FP8ATTN_BLOCK_KEYS;
  }

  /// Whether a row does not see all keys of the granule that begins at `key`.
  bool areMasked(int64_t key) const {
    return key < commonBegin || key + FP8ATTN_GRANULE > commonLimit;
  }
};
using BlockRows = SomeRows<FP8ATTN_BLOCK_ROWS>;

/// A block of up to `Count` rows, and its part of the operands.
template <int64_t Count> struct SomeRowBlock {
  static constexpr int64_t kCount = Count;

  SomeRows<Count> rows;
  /// The state of the online softmax: the caller's, but for a full block.
  alignas(64) float rowMax[Count];
  alignas(64) float rowSum[Count];
  /// Of a step: the rows that see their first key in it.
  __mmask16 begins[Count / kLanes];
  int64_t numRows;
  const uint8_t *query;
  float *acc;
  /// Where the state goes back to.
  float *callerMax, *callerSum;
  /// Keys that some row sees, from a granule on.
  int64_t begin, end;

  /// Whether all row tiles are there.
  bool isFull() const { return numRows > Count - FP8ATTN_TILE_ROWS; }
};
using RowBlock = SomeRowBlock<FP8ATTN_BLOCK_ROWS>;

/// Returns the lanes of a vector of rows that there are, `count` or none if
/// that is negative.
inline __mmask16 lanesBefore(int64_t count) {
  return static_cast<__mmask16>((1 << clamp(count, 0, kLanes)) - 1);
}

/// Fills `block` with `count` rows of which the caller has `from`, and which
/// see no key from `end` on.
template <int64_t Count>
inline void loadRows(const PrefillRows &from, int64_t count, int64_t end,
                     SomeRowBlock<Count> &block) {
  SomeRows<Count> &to = block.rows;
  const __m512i limits = _mm512_set1_epi32(static_cast<int32_t>(end));
  __m512i leastBegin = limits, mostBegin = _mm512_setzero_si512();
  __m512i leastLimit = limits, mostLimit = mostBegin;
  for (int64_t row = 0; row < Count; row += kLanes) {
    const __mmask16 exist = lanesBefore(count - row);
    const __m512i begin = _mm512_maskz_loadu_epi32(exist, from.begin + row);
    const __m512i limit = _mm512_min_epi32(
        _mm512_mask_loadu_epi32(limits, exist, from.limit + row), limits);
    leastBegin = _mm512_mask_min_epi32(leastBegin, exist, leastBegin, begin);
    mostBegin = _mm512_max_epi32(mostBegin, begin);
    leastLimit = _mm512_min_epi32(leastLimit, limit);
    mostLimit = _mm512_mask_max_epi32(mostLimit, exist, mostLimit, limit);
    _mm512_store_si512(to.begin + row, begin);
    _mm512_store_si512(to.limit + row, limit);
    _mm512_store_ps(to.scale + row,
                    _mm512_maskz_loadu_ps(exist, from.scale + row));
    _mm512_store_ps(block.rowMax + row,
                    _mm512_maskz_loadu_ps(exist, from.max + row));
    _mm512_store_ps(block.rowSum + row,
                    _mm512_maskz_loadu_ps(exist, from.sum + row));
  }
  block.numRows = count;
  block.callerMax = from.max;
  block.callerSum = from.sum;
  block.begin = _mm512_reduce_min_epi32(leastBegin) & -FP8ATTN_GRANULE;
  block.end = _mm512_reduce_max_epi32(mostLimit);
  to.commonBegin = _mm512_reduce_max_epi32(mostBegin);
  to.commonLimit = _mm512_reduce_min_epi32(leastLimit);
}

/// Copies the state of the rows of a block back.
template <int64_t Count>
inline void storeRows(const SomeRowBlock<Count> &block) {
  for (int64_t row = 0; row < block.numRows; row += kLanes) {
    const __mmask16 exist = lanesBefore(block.numRows - row);
    _mm512_mask_storeu_ps(block.callerMax + row, exist,
                          _mm512_load_ps(block.rowMax + row));
    _mm512_mask_storeu_ps(block.callerSum + row, exist,
                          _mm512_load_ps(block.rowSum + row));
  }
}

/// Empties the state of the online softmax, but for the sums of values, for any
/// number of rows.
inline void emptyRows(int64_t rows, const PrefillRows &state) {
  for (int64_t row = 0; row < rows; row += kLanes) {
    const __mmask16 exist = lanesBefore(rows - row);
    _mm512_mask_storeu_ps(state.max + row, exist,
                          _mm512_set1_ps(-__builtin_inff()));
    _mm512_mask_storeu_ps(state.sum + row, exist, _mm512_setzero_ps());
  }
}

/// Empties the sums of values of `rows` rows.
[[gnu::noinline]] inline void emptySums(float *acc, int64_t rows,
                                        int64_t channels) {
  const int64_t elements = roundUp(rows, FP8ATTN_TILE_ROWS) * channels;
  storeZeros(acc, elements * int64_t(sizeof(float)));
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_BLOCK_ROWS_H
