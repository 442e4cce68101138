//===- finish.cpp - divides by the softmax denominator, AVX-512 -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 finish row of kernels.def. acc / row_sum has the magnitude of a
// decoded word, value * 2^-exponent, so it is scaled back before `scale` comes
// in: nothing overflows or underflows on the way.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "common/sink.h"
#include "common/tile_layout.h"
#include "x86_avx512/vector_math.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Writes the outputs of a row.
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, uint16_t *out) {
  const __m512 divisor = _mm512_set1_ps(sum);
  const __m512 power = _mm512_set1_ps(powerOfTwo(static_cast<int>(exponent)));
  const __m512 shares = _mm512_set1_ps(share);
  const __m512 scales = _mm512_set1_ps(scale);
  // A row without keys is 0, whatever its acc.
  const __mmask16 lanes = sum == 0 ? 0 : 0xffff;
  for (int64_t c = 0; c < channels; c += kFloatColumns) {
    const __m512 x =
        _mm512_load_ps(acc + tileIndex<kFloatColumns>(row, c, channels));
    const __m512 mean = _mm512_maskz_div_ps(lanes, x, divisor);
    const __m512 shared = _mm512_mul_ps(_mm512_mul_ps(mean, power), shares);
    const __m512 value = _mm512_mul_ps(shared, scales);
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + c),
                        bf16FromFloat(value));
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

extern "C" void FP8ATTN_KERNEL_NAME(finish, f32, bf16, f32, 48, 1, 16,
                                    avx512_bf16)(
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
