//===- finish.cpp - divides by the softmax denominator --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable finish row of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/fp8_format.h"
#include "common/kernel_declarations.h"
#include "common/sink.h"
#include "common/tile_layout.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_finish_fn. The quotient is of the magnitude of a decoded
/// word, value * 2^-exponent, so it is scaled back before `scale` comes in.
/// `share` is at most 1.
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, uint16_t *out) {
  const float power = powerOfTwo(static_cast<int>(exponent));
  for (int64_t c = 0; c < channels; ++c) {
    const float value = acc[tileIndex<kFloatColumns>(row, c, channels)];
    const float mean = sum == 0 ? 0 : value / sum;
    out[c] = Bf16::encode(mean * power * share * scale);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

extern "C" void FP8ATTN_KERNEL_NAME(finish, f32, bf16, f32, 48, 1, 16, generic)(
    const fp8attn_work_item *item, const float *acc, const float *row_max,
    const float *row_sum, const float *sink, int64_t channels, float scale,
    int64_t exponent, int64_t prob_exponent, void *out, int64_t token_stride,
    int64_t head_stride, float *lse, int64_t lse_token_stride,
    int64_t lse_head_stride) {
  for (int64_t row = 0; row < item->num_rows; ++row) {
    const fp8attn::FinishedRow finished = fp8attn::finishedRow(
        *item, row, row_max[row], row_sum[row], prob_exponent, sink);
    fp8attn::finishRow(
        acc, row, row_sum[row], channels, finished.share, scale, exponent,
        static_cast<uint16_t *>(out) +
            fp8attn::rowOffset(*item, row, token_stride, head_stride));
    if (lse)
      lse[fp8attn::rowOffset(*item, row, lse_token_stride, lse_head_stride)] =
          finished.logSum;
  }
}
