//===- query.cpp - gathers query rows into tiles -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The generic query rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/query.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns the largest exponent field of the row's finite products.
template <class Element>
static int64_t largestExponentField(const typename Element::Storage *row,
                                    int64_t channels) {
  constexpr int64_t kNotFinite = 255;
  int64_t largest = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const float product =
        ProductElement::decode(productFromElement<Element>(row[c]));
    const int64_t field =
        (floatBits(product) & kFloatMagnitude) >> kFloatMantissaBits;
    if (field != kNotFinite && field > largest)
      largest = field;
  }
  return largest;
}

/// Gathers a row, see common/query.h.
template <class Element>
static int64_t gatherRow(const typename Element::Storage *source,
                         int64_t channels, int64_t exponent, int64_t row,
                         ProductElement::Storage *tiles) {
  const int64_t lowered = overflowExponent(
      largestExponentField<Element>(source, channels), exponent);
  const int64_t columns = paddedKeyChannels(channels);
  const float factor = powerOfTwo(static_cast<int>(exponent - lowered));
  for (int64_t c = 0; c < columns; ++c) {
    const ProductElement::Storage element =
        c < channels ? productFromElement<Element>(source[c]) : 0;
    tiles[tileIndex<kProductColumns>(row, c, columns)] =
        ProductElement::encode(ProductElement::decode(element) * factor);
  }
  return lowered;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_QUERY(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::E4M3, e4m3, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::E5M2, e5m2, FP8ATTN_KERNEL_ISA)
