//===- query.cpp - gathers query rows into tiles, AVX-512 -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 query rows of kernels.def. Elements become bf16 first;
// multiplying by 2^(exponent - e) with 0 <= e <= exponent then only adds to the
// bf16 exponent: no further rounding is needed.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "common/kernel_declarations.h"
#include "common/tile_layout.h"
#include "common/work_rows.h"
#include "fp8attn/Runtime/visible_keys.h"
#include "x86_avx512/elements.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Largest exponent field of a finite bf16.
constexpr int64_t kLargestExponentField = 254;

/// Returns e: by how much the power of two must be lowered so that the row's
/// finite elements stay finite.
template <class Element>
static int64_t overflowExponent(const typename Element::Storage *row,
                                int64_t channels, int64_t exponent) {
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
  const int64_t field =
      _mm512_reduce_max_epi32(_mm512_cvtepu16_epi32(largest)) >> 7;
  const int64_t excess = field + exponent - kLargestExponentField;
  return excess > 0 ? excess : 0;
}

/// Writes tile rows of `source`, times 2^exponent, and zeros beyond it.
template <class Element>
static void scaleRow(const typename Element::Storage *source, int64_t channels,
                     int64_t exponent, int64_t row, uint16_t *tiles) {
  const int64_t columns = paddedKeyChannels(channels);
  const __m512 factor = _mm512_set1_ps(powerOfTwo(static_cast<int>(exponent)));
  forChannels<kFloatColumns>(channels, columns, [&](int64_t c, uint32_t lanes) {
    const __m512 element = floatFromBf16(
        Vectors<Element>::loadBf16(source + c, static_cast<__mmask16>(lanes)));
    const __m512 x = _mm512_mul_ps(element, factor);
    const __m512i words = _mm512_srli_epi32(_mm512_castps_si512(x), 16);
    _mm256_store_si256(reinterpret_cast<__m256i *>(
                           tiles + tileIndex<kBf16Columns>(row, c, columns)),
                       _mm512_cvtepi32_epi16(words));
  });
}

/// See fp8attn_uk_query_fn.
template <class Element>
static void gatherQuery(const fp8attn_work_item &item,
                        const typename Element::Storage *query,
                        int64_t tokenStride, int64_t headStride,
                        int64_t channels, float scale, int64_t exponent,
                        uint16_t *tiles, float *rowScale, int32_t *rowBegin,
                        int32_t *rowLimit) {
  for (int64_t row = 0; row < item.num_rows; ++row) {
    const typename Element::Storage *source =
        query + rowOffset(item, row, tokenStride, headStride);
    const int64_t lowered =
        overflowExponent<Element>(source, channels, exponent);
    scaleRow<Element>(source, channels, exponent - lowered, row, tiles);
    rowScale[row] = scale * powerOfTwo(static_cast<int>(lowered));
    const fp8attn_key_range keys =
        fp8attn_visible_keys(&item, rowToken(item, row));
    rowBegin[row] = static_cast<int32_t>(keys.begin);
    rowLimit[row] = static_cast<int32_t>(keys.end);
  }
  const int64_t columns = paddedKeyChannels(channels);
  const int64_t padded = roundUp(item.num_rows, FP8ATTN_TILE_ROWS);
  for (int64_t row = item.num_rows; row < padded; ++row)
    for (int64_t c = 0; c < columns; c += kBf16Columns)
      _mm512_store_si512(tiles + tileIndex<kBf16Columns>(row, c, columns),
                         _mm512_setzero_si512());
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_QUERY(Element, in)                                             \
  extern "C" void FP8ATTN_KERNEL_NAME(query, in, bf16, f32, 48, 1, 32,         \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const fp8attn_work_item *item, const void *query, int64_t token_stride,  \
      int64_t head_stride, int64_t channels, float scale, int64_t exponent,    \
      void *tiles, float *row_scale, int32_t *row_begin, int32_t *row_limit) { \
    fp8attn::gatherQuery<fp8attn::Element>(                                    \
        *item, static_cast<const fp8attn::Element::Storage *>(query),          \
        token_stride, head_stride, channels, scale, exponent,                  \
        static_cast<uint16_t *>(tiles), row_scale, row_begin, row_limit);      \
  }

FP8ATTN_QUERY(Bf16, bf16)
FP8ATTN_QUERY(F16, f16)
FP8ATTN_QUERY(F32, f32)
