//===- query.cpp - gathers query rows into tiles, AVX-512 -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 query row of kernels.def. Multiplying by 2^(exponent - e) with
// 0 <= e <= exponent only adds to the bf16 exponent: no rounding is needed.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "common/tile_layout.h"
#include "common/work_rows.h"
#include "fp8attn/Runtime/visible_keys.h"
#include "x86_avx512/vector_math.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Largest exponent field of a finite bf16.
constexpr int64_t kLargestExponentField = 254;

static __m256i loadChannels(const uint16_t *row, int64_t channel) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(row + channel));
}

/// Returns e: by how much the power of two must be lowered so that the row's
/// finite elements stay finite.
static int64_t overflowExponent(const uint16_t *row, int64_t channels,
                                int64_t exponent) {
  const __m256i magnitude = _mm256_set1_epi16(0x7fff);
  const __m256i inf = _mm256_set1_epi16(0x7f80);
  __m256i largest = _mm256_setzero_si256();
  for (int64_t c = 0; c < channels; c += kFloatColumns) {
    const __m256i x = _mm256_and_si256(loadChannels(row, c), magnitude);
    largest = _mm256_mask_max_epu16(largest, _mm256_cmplt_epu16_mask(x, inf),
                                    largest, x);
  }
  const int64_t field =
      _mm512_reduce_max_epi32(_mm512_cvtepu16_epi32(largest)) >> 7;
  const int64_t excess = field + exponent - kLargestExponentField;
  return excess > 0 ? excess : 0;
}

/// Writes tile rows of `source`, times 2^exponent.
static void scaleRow(const uint16_t *source, int64_t channels, int64_t exponent,
                     int64_t row, uint16_t *tiles) {
  const __m512 factor = _mm512_set1_ps(powerOfTwo(static_cast<int>(exponent)));
  for (int64_t c = 0; c < channels; c += kFloatColumns) {
    const __m512 x =
        _mm512_mul_ps(floatFromBf16(loadChannels(source, c)), factor);
    const __m512i words = _mm512_srli_epi32(_mm512_castps_si512(x), 16);
    _mm256_store_si256(reinterpret_cast<__m256i *>(
                           tiles + tileIndex<kBf16Columns>(row, c, channels)),
                       _mm512_cvtepi32_epi16(words));
  }
}

/// See fp8attn_uk_query_fn.
static void gatherQuery(const fp8attn_work_item &item, const uint16_t *query,
                        int64_t tokenStride, int64_t headStride,
                        int64_t channels, float scale, int64_t exponent,
                        uint16_t *tiles, float *rowScale, int32_t *rowBegin,
                        int32_t *rowLimit) {
  for (int64_t row = 0; row < item.num_rows; ++row) {
    const uint16_t *source =
        query + rowOffset(item, row, tokenStride, headStride);
    const int64_t lowered = overflowExponent(source, channels, exponent);
    scaleRow(source, channels, exponent - lowered, row, tiles);
    rowScale[row] = scale * powerOfTwo(static_cast<int>(lowered));
    const fp8attn_key_range keys =
        fp8attn_visible_keys(&item, rowToken(item, row));
    rowBegin[row] = static_cast<int32_t>(keys.begin);
    rowLimit[row] = static_cast<int32_t>(keys.end);
  }
  const int64_t padded = roundUp(item.num_rows, FP8ATTN_TILE_ROWS);
  for (int64_t row = item.num_rows; row < padded; ++row)
    for (int64_t c = 0; c < channels; c += kBf16Columns)
      _mm512_store_si512(tiles + tileIndex<kBf16Columns>(row, c, channels),
                         _mm512_setzero_si512());
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

extern "C" void FP8ATTN_KERNEL_NAME(query, bf16, bf16, f32, 48, 1, 32,
                                    avx512_bf16)(
    const fp8attn_work_item *item, const void *query, int64_t token_stride,
    int64_t head_stride, int64_t channels, float scale, int64_t exponent,
    void *tiles, float *row_scale, int32_t *row_begin, int32_t *row_limit) {
  fp8attn::gatherQuery(*item, static_cast<const uint16_t *>(query),
                       token_stride, head_stride, channels, scale, exponent,
                       static_cast<uint16_t *>(tiles), row_scale, row_begin,
                       row_limit);
}
