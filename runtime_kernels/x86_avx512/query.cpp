//===- query.cpp - gathers query rows into tiles, AVX-512 ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 query rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/query.h"
#include "x86_avx512/elements.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns the largest exponent field of the row's finite elements as bf16.
template <class Element>
static int64_t largestExponentField(const typename Element::Storage *row,
                                    int64_t channels) {
  const __m256i magnitude = _mm256_set1_epi16(0x7fff);
  const __m256i inf = _mm256_set1_epi16(0x7f80);
  __m256i largest = _mm256_setzero_si256();
  forChannels<kFloatColumns>(
      channels, channels, [&](int64_t c, uint32_t lanes) {
        const __m256i x = _mm256_and_si256(
            Vectors<Element>::loadBf16(row + c, static_cast<__mmask16>(lanes)),
            magnitude);
        largest = _mm256_mask_max_epu16(
            largest, _mm256_cmplt_epu16_mask(x, inf), largest, x);
      });
  return _mm512_reduce_max_epi32(_mm512_cvtepu16_epi32(largest)) >> 7;
}

/// Gathers a row, see common/query.h.
template <class Element>
static int64_t gatherRow(const typename Element::Storage *source,
                         int64_t channels, int64_t exponent, int64_t row,
                         uint16_t *tiles) {
  const int64_t lowered = overflowExponent(
      largestExponentField<Element>(source, channels), exponent);
  const int64_t columns = paddedKeyChannels(channels);
  const __m512 factor =
      _mm512_set1_ps(powerOfTwo(static_cast<int>(exponent - lowered)));
  forChannels<kFloatColumns>(channels, columns, [&](int64_t c, uint32_t lanes) {
    const __m512 element = floatFromBf16(
        Vectors<Element>::loadBf16(source + c, static_cast<__mmask16>(lanes)));
    const __m512 x = _mm512_mul_ps(element, factor);
    // The product is a bf16: no rounding is needed.
    const __m512i words = _mm512_srli_epi32(_mm512_castps_si512(x), 16);
    _mm256_store_si256(reinterpret_cast<__m256i *>(
                           tiles + tileIndex<kBf16Columns>(row, c, columns)),
                       _mm512_cvtepi32_epi16(words));
  });
  return lowered;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

FP8ATTN_DEFINE_QUERY(fp8attn::Bf16, bf16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F16, f16, FP8ATTN_KERNEL_ISA)
FP8ATTN_DEFINE_QUERY(fp8attn::F32, f32, FP8ATTN_KERNEL_ISA)
