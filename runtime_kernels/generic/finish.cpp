//===- finish.cpp - divides by the softmax denominator --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The finish rows of kernels.def of ISAs without kernels of their own, generic
// and avx2.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "common/element_types.h"
#include "common/kernel_declarations.h"
#include "common/sink.h"
#include "common/tile_layout.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_finish_fn. The quotient is of the magnitude of a decoded
/// word, value * 2^-exponent, so it is scaled back before `scale` comes in.
/// `share` is at most 1.
template <typename Element>
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, typename Element::Storage *out) {
  const int64_t columns = paddedValueChannels(channels);
  const float power = powerOfTwo(static_cast<int>(exponent));
  for (int64_t c = 0; c < channels; ++c) {
    const float value = acc[tileIndex<kFloatColumns>(row, c, columns)];
    const float mean = sum == 0 ? 0 : value / sum;
    out[c] = Element::encode(mean * power * share * scale);
  }
}

/// See fp8attn_uk_finish_fn.
template <typename Element>
static void finishRows(const fp8attn_work_item &item, const float *acc,
                       const float *rowMax, const float *rowSum,
                       const float *sink, int64_t channels, float scale,
                       int64_t exponent, int64_t probExponent,
                       typename Element::Storage *out, int64_t tokenStride,
                       int64_t headStride, float *lse, int64_t lseTokenStride,
                       int64_t lseHeadStride) {
  for (int64_t row = 0; row < item.num_rows; ++row) {
    const FinishedRow finished =
        finishedRow(item, row, rowMax[row], rowSum[row], probExponent, sink);
    finishRow<Element>(acc, row, rowSum[row], channels, finished.share, scale,
                       exponent,
                       out + rowOffset(item, row, tokenStride, headStride));
    if (lse)
      lse[rowOffset(item, row, lseTokenStride, lseHeadStride)] =
          finished.logSum;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_FINISH(Element, out_type)                                      \
  extern "C" void FP8ATTN_KERNEL_NAME(finish, f32, out_type, f32, 48, 1, 16,   \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const fp8attn_work_item *item, const float *acc, const float *row_max,   \
      const float *row_sum, const float *sink, int64_t channels, float scale,  \
      int64_t exponent, int64_t prob_exponent, void *out,                      \
      int64_t token_stride, int64_t head_stride, float *lse,                   \
      int64_t lse_token_stride, int64_t lse_head_stride) {                     \
    fp8attn::finishRows<fp8attn::Element>(                                     \
        *item, acc, row_max, row_sum, sink, channels, scale, exponent,         \
        prob_exponent, static_cast<fp8attn::Element::Storage *>(out),          \
        token_stride, head_stride, lse, lse_token_stride, lse_head_stride);    \
  }

FP8ATTN_FINISH(Bf16, bf16)
FP8ATTN_FINISH(F16, f16)
FP8ATTN_FINISH(F32, f32)
