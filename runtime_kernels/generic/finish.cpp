//===- finish.cpp - divides by the softmax denominator --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The generic finish rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/finish.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Writes the outputs of a row, see common/finish.h.
template <typename Element>
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, float outScale,
                      typename Element::Storage *out) {
  const int64_t columns = paddedValueChannels(channels);
  const float power = powerOfTwo(static_cast<int>(exponent));
  for (int64_t c = 0; c < channels; ++c) {
    const float value = acc[tileIndex<kFloatColumns>(row, c, columns)];
    const float mean = sum == 0 ? 0 : value / sum;
    const float result = mean * power * share * scale;
    if constexpr (sizeof(typename Element::Storage) == 1)
      out[c] = Element::encode(result / outScale);
    else
      out[c] = Element::encode(result);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_FINISH(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::E4M3, e4m3, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::E5M2, e5m2, FP8ATTN_KERNEL_ISA)
