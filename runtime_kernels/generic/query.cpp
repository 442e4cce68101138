//===- query.cpp - gathers query rows into tiles --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query rows of kernels.def of ISAs without kernels of their own, generic
// and avx2. Elements become bf16 first; multiplying by 2^(exponent - e) with
// 0 <= e <= exponent then never loses a bit: it only adds to the bf16 exponent.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "common/element_types.h"
#include "common/kernel_declarations.h"
#include "common/tile_layout.h"
#include "common/work_rows.h"
#include "fp8attn/Runtime/visible_keys.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Largest exponent field of a finite bf16 or float.
constexpr int64_t kLargestExponentField = 254;

/// Returns e: by how much the power of two must be lowered so that the row's
/// finite elements stay finite.
template <typename Element>
static int64_t overflowExponent(const typename Element::Storage *row,
                                int64_t channels, int64_t exponent) {
  int64_t largest = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t field = (bf16FromElement<Element>(row[c]) >> 7) & 0xff;
    if (field <= kLargestExponentField && field > largest)
      largest = field;
  }
  const int64_t excess = largest + exponent - kLargestExponentField;
  return excess > 0 ? excess : 0;
}

/// See fp8attn_uk_query_fn.
template <typename Element>
static void gatherQuery(const fp8attn_work_item &item,
                        const typename Element::Storage *query,
                        int64_t tokenStride, int64_t headStride,
                        int64_t channels, float scale, int64_t exponent,
                        uint16_t *tiles, float *rowScale, int32_t *rowBegin,
                        int32_t *rowLimit) {
  const int64_t columns = paddedKeyChannels(channels);
  for (int64_t row = 0; row < item.num_rows; ++row) {
    const typename Element::Storage *source =
        query + rowOffset(item, row, tokenStride, headStride);
    const int64_t lowered =
        overflowExponent<Element>(source, channels, exponent);
    const float factor = powerOfTwo(static_cast<int>(exponent - lowered));
    for (int64_t c = 0; c < columns; ++c) {
      const uint16_t element =
          c < channels ? bf16FromElement<Element>(source[c]) : 0;
      tiles[tileIndex<kBf16Columns>(row, c, columns)] =
          Bf16::encode(Bf16::decode(element) * factor);
    }
    rowScale[row] = scale * powerOfTwo(static_cast<int>(lowered));
    const fp8attn_key_range keys =
        fp8attn_visible_keys(&item, rowToken(item, row));
    rowBegin[row] = static_cast<int32_t>(keys.begin);
    rowLimit[row] = static_cast<int32_t>(keys.end);
  }
  const int64_t padded = roundUp(item.num_rows, FP8ATTN_TILE_ROWS);
  for (int64_t row = item.num_rows; row < padded; ++row)
    for (int64_t c = 0; c < columns; ++c)
      tiles[tileIndex<kBf16Columns>(row, c, columns)] = 0;
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
