//===- finish.cpp - divides by the softmax denominator, vectors -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The finish rows of kernels.def of AVX-512 and AVX2.
//
//===----------------------------------------------------------------------===//

#include "common/finish.h"
#include "x86_vector/quantize.h"
#include "x86_vector/vectors.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Writes 16 results, or those in the mask, of a row to an output.
template <class Element> class OutputStore {
public:
  /// A scale is of codes only.
  explicit OutputStore(float) {}

  void operator()(typename Element::Storage *to, uint32_t lanes,
                  simd::Floats values) const {
    Vectors<Element>::store(to, lanes, values);
  }
};

template <class Format> class CodeStore {
public:
  explicit CodeStore(float scale) : quantize(scale) {}

  void operator()(uint8_t *to, uint32_t lanes, simd::Floats values) const {
    simd::storeBytes(to, lanes, quantize(values));
  }

private:
  Quantizer<Format, F32> quantize;
};
template <> class OutputStore<E4M3> : public CodeStore<E4M3> {
  using CodeStore::CodeStore;
};
template <> class OutputStore<E5M2> : public CodeStore<E5M2> {
  using CodeStore::CodeStore;
};

/// Writes the outputs of a row, see common/finish.h.
template <typename Element>
static void finishRow(const float *acc, int64_t row, float sum,
                      int64_t channels, float share, float scale,
                      int64_t exponent, float outScale,
                      typename Element::Storage *out) {
  const int64_t columns = paddedValueChannels(channels);
  const simd::Floats divisor = simd::set(sum);
  const simd::Floats power = simd::set(powerOfTwo(static_cast<int>(exponent)));
  const simd::Floats shares = simd::set(share);
  const simd::Floats scales = simd::set(scale);
  const uint32_t nonEmpty = sum == 0 ? 0 : 0xffff;
  const OutputStore<Element> store(outScale);
  forChannels<kFloatColumns>(
      channels, channels, [&](int64_t c, uint32_t lanes) {
        const simd::Floats x =
            simd::loadFloats(acc + tileIndex<kFloatColumns>(row, c, columns));
        const simd::Floats mean =
            simd::select(nonEmpty, simd::div(x, divisor), simd::set(0));
        const simd::Floats shared = simd::mul(simd::mul(mean, power), shares);
        store(out + c, lanes, simd::mul(shared, scales));
      });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_FINISH(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::E4M3, e4m3, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_FINISH(fp8attn::E5M2, e5m2, FP8ATTN_KERNEL_ISA)
