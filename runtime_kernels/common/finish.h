//===- finish.h - divides by the softmax denominator ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of a work item one by one, and the C functions of the finish rows of
// kernels.def. What an ISA brings is a function for the channels of one row:
//
//   template <class Element>
//   void finishRow(const float *acc, int64_t row, float sum, int64_t channels,
//                  float share, float scale, int64_t exponent,
//                  float outScale, Element::Storage *out);
//
// out[c] = round(acc[row][c] / sum * 2^exponent * share * scale), of FP8
// quantise(... / outScale), of what is an f32 before. The quotient
// is of the magnitude of a decoded word, value * 2^-exponent, so it is scaled
// back before `scale` comes in: nothing overflows or underflows on the way. A
// row with sum 0 is 0, whatever its acc; `share` is at most 1.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_FINISH_H
#define FP8ATTN_COMMON_FINISH_H

#include "common/cache_layout.h"
#include "common/element_types.h"
#include "common/kernel_declarations.h"
#include "common/sink.h"
#include "common/tile_layout.h"
#include "common/work_rows.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_finish_fn.
template <class Element, class FinishRow>
[[gnu::always_inline]] inline void
finishRows(const fp8attn_work_item &item, const float *acc, const float *rowMax,
           const float *rowSum, const float *sink, int64_t channels,
           float scale, const float *outScale, int64_t exponent,
           int64_t probExponent, typename Element::Storage *out,
           int64_t tokenStride, int64_t headStride, float *lse,
           int64_t lseTokenStride, int64_t lseHeadStride,
           const FinishRow &finishRow) {
  for (int64_t row = 0; row < item.num_rows; ++row) {
    fetchRowAhead(item, row, out, tokenStride, headStride, channels);
    const FinishedRow finished =
        finishedRow(item, row, rowMax[row], rowSum[row], probExponent, sink);
    finishRow(acc, row, rowSum[row], channels, finished.share, scale, exponent,
              outScale ? outScale[row] : 1,
              out + rowOffset(item, row, tokenStride, headStride));
    if (lse)
      lse[rowOffset(item, row, lseTokenStride, lseHeadStride)] =
          finished.logSum;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

/// Defines the finish row for outputs of `Element`, which the table calls
/// `out_type`, of an ISA, from its fp8attn::finishRow.
#define FP8ATTN_DEFINE_FINISH(Element, out_type, isa)                          \
  extern "C" void FP8ATTN_KERNEL_NAME(finish, f32, out_type, f32, 48, 1, 16,   \
                                      isa)(                                    \
      const fp8attn_work_item *item, const float *acc, const float *row_max,   \
      const float *row_sum, const float *sink, int64_t channels, float scale,  \
      const float *out_scale, int64_t exponent, int64_t prob_exponent,         \
      void *out, int64_t token_stride, int64_t head_stride, float *lse,        \
      int64_t lse_token_stride, int64_t lse_head_stride) {                     \
    fp8attn::finishRows<Element>(                                              \
        *item, acc, row_max, row_sum, sink, channels, scale, out_scale,        \
        exponent, prob_exponent, static_cast<Element::Storage *>(out),         \
        token_stride, head_stride, lse, lse_token_stride, lse_head_stride,     \
        fp8attn::finishRow<Element>);                                          \
  }

#endif // FP8ATTN_COMMON_FINISH_H
