//===- query.h - gathers query rows into tiles ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of a work item one by one, and the C functions of the query rows of
// kernels.def. What an ISA brings is a function for the channels of one row:
//
//   template <class Element>
//   int64_t gatherRow(const Element::Storage *source, int64_t channels,
//                     int64_t exponent, int64_t row, ProductElement::Storage
//                     *tiles);
//
// It writes tile row `row`: product(source[c]) * 2^(exponent - e), and zeros
// beyond `channels`, and returns e, by how much the power of two is lowered so
// that the row's finite elements stay finite. Elements become products first;
// multiplying by 2^(exponent - e) with 0 <= e <= exponent then never loses a
// bit: it only adds to the exponent.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_QUERY_H
#define FP8ATTN_COMMON_QUERY_H

#include "common/cache_layout.h"
#include "common/kernel_declarations.h"
#include "common/products.h"
#include "common/tile_layout.h"
#include "common/work_rows.h"
#include "fp8attn/Runtime/visible_keys.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Returns e for a row whose largest finite magnitude has the exponent field
/// `largest`, of a bf16 or a float.
inline int64_t overflowExponent(int64_t largest, int64_t exponent) {
  constexpr int64_t kLargestFinite = 254;
  const int64_t excess = largest + exponent - kLargestFinite;
  return excess > 0 ? excess : 0;
}

/// See fp8attn_uk_query_fn.
template <class Element, class GatherRow>
[[gnu::always_inline]] inline void
gatherQuery(const fp8attn_work_item &item,
            const typename Element::Storage *query, int64_t tokenStride,
            int64_t headStride, int64_t channels, float scale, int64_t exponent,
            ProductElement::Storage *tiles, float *rowScale, int32_t *rowBegin,
            int32_t *rowLimit, const GatherRow &gatherRow) {
  for (int64_t row = 0; row < item.num_rows; ++row) {
    fetchRowAhead(item, row, query, tokenStride, headStride, channels);
    const int64_t lowered =
        gatherRow(query + rowOffset(item, row, tokenStride, headStride),
                  channels, exponent, row, tiles);
    rowScale[row] = scale * powerOfTwo(static_cast<int>(lowered));
    const fp8attn_key_range keys =
        fp8attn_visible_keys(&item, rowToken(item, row));
    rowBegin[row] = static_cast<int32_t>(keys.begin);
    rowLimit[row] = static_cast<int32_t>(keys.end);
  }
  const int64_t columns = paddedKeyChannels(channels);
  const int64_t padded = roundUp(item.num_rows, FP8ATTN_TILE_ROWS);
  for (int64_t row = item.num_rows; row < padded; ++row)
    for (int64_t c = 0; c < columns; c += kProductColumns) {
      ProductElement::Storage *line =
          tiles + tileIndex<kProductColumns>(row, c, columns);
      for (int64_t i = 0; i < kProductColumns; ++i)
        line[i] = 0;
    }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

/// Defines the query row for queries of `Element`, which the table calls `in`,
/// of an ISA, from its fp8attn::gatherRow.
#define FP8ATTN_DEFINE_QUERY(Element, in, isa)                                 \
  extern "C" void FP8ATTN_KERNEL_NAME(query, in, FP8ATTN_KERNEL_PRODUCTS, f32, \
                                      48, 1, 32, isa)(                         \
      const fp8attn_work_item *item, const void *query, int64_t token_stride,  \
      int64_t head_stride, int64_t channels, float scale, int64_t exponent,    \
      void *tiles, float *row_scale, int32_t *row_begin, int32_t *row_limit) { \
    fp8attn::gatherQuery<Element>(                                             \
        *item, static_cast<const Element::Storage *>(query), token_stride,     \
        head_stride, channels, scale, exponent,                                \
        static_cast<fp8attn::ProductElement::Storage *>(tiles), row_scale,     \
        row_begin, row_limit, fp8attn::gatherRow<Element>);                    \
  }

#endif // FP8ATTN_COMMON_QUERY_H
