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

/// Returns the largest exponent field of the row's finite elements as bf16.
template <class Element>
static int64_t largestExponentField(const typename Element::Storage *row,
                                    int64_t channels) {
  constexpr int64_t kNotFinite = 255;
  int64_t largest = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t field = (bf16FromElement<Element>(row[c]) >> 7) & 0xff;
    if (field != kNotFinite && field > largest)
      largest = field;
  }
  return largest;
}

/// Gathers a row, see common/query.h.
template <class Element>
static int64_t gatherRow(const typename Element::Storage *source,
                         int64_t channels, int64_t exponent, int64_t row,
                         uint16_t *tiles) {
  const int64_t lowered = overflowExponent(
      largestExponentField<Element>(source, channels), exponent);
  const int64_t columns = paddedKeyChannels(channels);
  const float factor = powerOfTwo(static_cast<int>(exponent - lowered));
  for (int64_t c = 0; c < columns; ++c) {
    const uint16_t element =
        c < channels ? bf16FromElement<Element>(source[c]) : 0;
    tiles[tileIndex<kBf16Columns>(row, c, columns)] =
        Bf16::encode(Bf16::decode(element) * factor);
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
