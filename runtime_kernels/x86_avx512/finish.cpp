//===- finish.cpp - divides by the softmax denominator, AVX-512 -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 finish rows of kernels.def. acc / row_sum has the magnitude of a
// decoded word, value * 2^-exponent, so it is scaled back before `scale` comes
// in: nothing overflows or underflows on the way.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "common/kernel_declarations.h"
#include "common/sink.h"
#include "common/tile_layout.h"
#include "x86_avx512/elements.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Writes the outputs of a row.
template <typename Element>
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, typename Element::Storage *out) {
  const int64_t columns = paddedValueChannels(channels);
  const __m512 divisor = _mm512_set1_ps(sum);
  const __m512 power = _mm512_set1_ps(powerOfTwo(static_cast<int>(exponent)));
  const __m512 shares = _mm512_set1_ps(share);
  const __m512 scales = _mm512_set1_ps(scale);
  // A row without keys is 0, whatever its acc.
  const __mmask16 nonEmpty = sum == 0 ? 0 : 0xffff;
  forChannels<kFloatColumns>(
      channels, channels, [&](int64_t c, uint32_t lanes) {
        const __m512 x =
            _mm512_load_ps(acc + tileIndex<kFloatColumns>(row, c, columns));
        const __m512 mean = _mm512_maskz_div_ps(nonEmpty, x, divisor);
        const __m512 shared = _mm512_mul_ps(_mm512_mul_ps(mean, power), shares);
        const __m512 value = _mm512_mul_ps(shared, scales);
        Vectors<Element>::store(out + c, static_cast<__mmask16>(lanes), value);
      });
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
