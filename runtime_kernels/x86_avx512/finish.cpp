//===- finish.cpp - divides by the softmax denominator, AVX-512 -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 finish rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/finish.h"
#include "x86_avx512/elements.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Writes the outputs of a row, see common/finish.h.
template <typename Element>
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, typename Element::Storage *out) {
  const int64_t columns = paddedValueChannels(channels);
  const __m512 divisor = _mm512_set1_ps(sum);
  const __m512 power = _mm512_set1_ps(powerOfTwo(static_cast<int>(exponent)));
  const __m512 shares = _mm512_set1_ps(share);
  const __m512 scales = _mm512_set1_ps(scale);
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

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_FINISH(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
