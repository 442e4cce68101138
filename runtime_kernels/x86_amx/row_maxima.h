//===- row_maxima.h - what is subtracted from scores ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row's maximum begins as its first visible score (softmax.h). Rows that see
// their first key in the first granule of a step get it from the scores of that
// granule, before the others are there; others are for softmax.h to begin.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_ROW_MAXIMA_H
#define FP8ATTN_X86_AMX_ROW_MAXIMA_H

#include "x86_amx/block_rows.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Sets what is subtracted from scores, as far as it is known. Returns whether
/// the other rows that see one of the keys see one of the first granule, so
/// that findMaxima can find it.
template <int64_t Count>
inline bool setMaxima(SomeRowBlock<Count> &block, int64_t firstKey,
                      int64_t numKeys) {
  SomeRows<Count> &rows = block.rows;
  const __m512i first = _mm512_set1_epi32(static_cast<int32_t>(firstKey));
  const __m512i late =
      _mm512_set1_epi32(static_cast<int32_t>(firstKey + FP8ATTN_GRANULE));
  const __m512i end =
      _mm512_set1_epi32(static_cast<int32_t>(firstKey + numKeys));
  __mmask16 missing = 0;
  for (int64_t row = 0; row < Count; row += kLanes) {
    const __m512 max = _mm512_load_ps(block.rowMax + row);
    const __mmask16 isUnknown =
        _mm512_cmp_ps_mask(max, _mm512_set1_ps(-__builtin_inff()), _CMP_EQ_OQ);
    const __m512i begin =
        _mm512_max_epi32(_mm512_load_si512(rows.begin + row), first);
    const __m512i limit =
        _mm512_min_epi32(_mm512_load_si512(rows.limit + row), end);
    const __mmask16 begins =
        _mm512_mask_cmplt_epi32_mask(isUnknown, begin, limit);
    missing |= _mm512_mask_cmpge_epi32_mask(begins, begin, late);
    block.begins[row / kLanes] = begins;
    // While no key has counted, all are masked.
    _mm512_store_ps(rows.max + row,
                    _mm512_mask_mov_ps(max, isUnknown, _mm512_setzero_ps()));
  }
  return missing == 0;
}

/// Finds the maxima of the rows that see their first key in the first granule
/// of the step at `firstKey`, whose scores are the tiles [Count/16][2] at
/// `scores`. Returns false if one is not finite: it takes all scores of the
/// step to find it then.
template <int64_t Count>
inline bool findMaxima(SomeRowBlock<Count> &block, int64_t firstKey,
                       const uint8_t *scores) {
  constexpr int64_t kTiles = Count / kLanes;
  SomeRows<Count> &rows = block.rows;
  __mmask16 begins = 0;
  for (int64_t tile = 0; tile < kTiles; ++tile)
    begins |= block.begins[tile];
  if (!begins)
    return true;
  alignas(64) float first[Count];
  for (int64_t row = 0; row < Count; ++row) {
    const int64_t key =
        clamp(rows.begin[row] - firstKey, 0, FP8ATTN_GRANULE - 1);
    __builtin_memcpy(&first[row],
                     scores +
                         tileIndex<kFloatColumns>(row, key, FP8ATTN_GRANULE) *
                             int64_t(sizeof(float)),
                     sizeof(float));
  }
  for (int64_t row = 0; row < Count; ++row)
    first[row] = ceilToInteger(first[row] * rows.scale[row]);
  __mmask16 missing = 0;
  for (int64_t tile = 0; tile < kTiles; ++tile) {
    const int64_t row = tile * kLanes;
    const __m512 max = _mm512_load_ps(first + row);
    const __mmask16 finite =
        _mm512_mask_cmp_ps_mask(block.begins[tile], _mm512_sub_ps(max, max),
                                _mm512_setzero_ps(), _CMP_EQ_OQ);
    missing |= block.begins[tile] & ~finite;
    _mm512_mask_store_ps(block.rowMax + row, finite, max);
    _mm512_mask_store_ps(rows.max + row, finite, max);
  }
  return missing == 0;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_ROW_MAXIMA_H
