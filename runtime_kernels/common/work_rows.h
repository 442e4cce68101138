//===- work_rows.h - what a row of a work item is ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of a work item are query heads within query tokens, see
// fp8attn_work_item: where a row is in a tensor, and what its log-sum-exp is.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_WORK_ROWS_H
#define FP8ATTN_COMMON_WORK_ROWS_H

#include "common/exp2_log2.h"
#include "fp8attn/Runtime/kernels.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

constexpr float kLn2 = 0x1.62e43p-1f;

/// Returns the token, within the sequence, of row `row` of the item.
inline int64_t rowToken(const fp8attn_work_item &item, int64_t row) {
  return (item.first_row + row) / item.group;
}

/// Returns the query head of row `row`.
inline int64_t rowHead(const fp8attn_work_item &item, int64_t row) {
  return item.kv_head * item.group + (item.first_row + row) % item.group;
}

/// Returns the offset of the row's (token, head) in a tensor of all tokens of
/// the call, in the unit of the strides.
inline int64_t rowOffset(const fp8attn_work_item &item, int64_t row,
                         int64_t tokenStride, int64_t headStride) {
  const int64_t token = item.query_begin + rowToken(item, row);
  return token * tokenStride + rowHead(item, row) * headStride;
}

/// Rows from the one at hand to the one that is fetched meanwhile. Tokens are
/// far apart: hardware prefetchers do not follow one head's rows.
constexpr int64_t kRowsAhead = 8;

/// Fetches the row kRowsAhead rows behind `row`, if the item has it, of
/// `channels` elements in a tensor as above.
template <class Element>
[[gnu::always_inline]] inline void
fetchRowAhead(const fp8attn_work_item &item, int64_t row, const Element *tensor,
              int64_t tokenStride, int64_t headStride, int64_t channels) {
  constexpr int64_t kPerLine = 64 / sizeof(Element);
  const int64_t ahead = row + kRowsAhead;
  if (ahead >= item.num_rows)
    return;
  const Element *next =
      tensor + rowOffset(item, ahead, tokenStride, headStride);
  for (int64_t c = 0; c < channels; c += kPerLine)
    __builtin_prefetch(next + c);
}

/// Returns the natural logarithm of the sum of exponentials of a row. The
/// exponent comes off the logarithm first, which then is small, and the integer
/// maximum is exact.
inline float logSumExp(float max, float sum, int64_t probExponent) {
  if (sum == 0)
    return -__builtin_inff();
  const float log2OfSum =
      log2Polynomial(sum) - static_cast<float>(probExponent);
  return kLn2 * (max + log2OfSum);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_WORK_ROWS_H
