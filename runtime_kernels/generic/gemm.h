//===- gemm.h - scores and weighted values of a step of keys ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The two GEMMs of attention over a cache, in plain loops:
//   qk: scores[r][j] = sum over c of query[r][c] * key[j][c]
//   pv: acc[r][c]   += sum over j of probs[r][j] * value[j][c]
// Each output element is one chain of f32 additions in the order of c or j, so
// a row's result does not depend on the other rows of the call. Operand layouts
// are those of Runtime/kernels.h; scratch holds one decoded granule.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_GENERIC_GEMM_H
#define FP8ATTN_GENERIC_GEMM_H

#include "common/products.h"
#include "common/tile_layout.h"
#include "generic/granule.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_qk_fn.
template <typename Format>
void computeScores(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const ProductElement::Storage *query,
                   int64_t rows, int64_t channels, float *scores, float *keys) {
  for (int64_t key = 0; key < numKeys; key += FP8ATTN_GRANULE) {
    decodeKeys<Format>(run, firstKey + key, channels, keys);
    for (int64_t row = 0; row < rows; ++row) {
      float sums[FP8ATTN_GRANULE] = {};
      for (int64_t c = 0; c < channels; ++c) {
        const float q = ProductElement::decode(
            query[tileIndex<kProductColumns>(row, c, channels)]);
        const float *lanes = keys + c * FP8ATTN_GRANULE;
        for (int64_t j = 0; j < FP8ATTN_GRANULE; ++j)
          sums[j] += q * lanes[j];
      }
      for (int64_t j = 0; j < FP8ATTN_GRANULE; ++j)
        scores[tileIndex<kFloatColumns>(row, key + j, FP8ATTN_BLOCK_KEYS)] =
            sums[j];
    }
  }
}

/// See fp8attn_uk_pv_fn.
template <typename Format>
void addWeightedValues(const fp8attn_key_run &run, int64_t firstKey,
                       int64_t numKeys, const ProductElement::Storage *probs,
                       int64_t rows, int64_t channels, float *acc,
                       float *values) {
  for (int64_t key = 0; key < numKeys; key += FP8ATTN_GRANULE) {
    decodeValues<Format>(run, firstKey + key, channels, values);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t c = 0; c < channels; c += kLanes) {
        float *out = acc + tileIndex<kFloatColumns>(row, c, channels);
        float sums[kLanes];
        for (int64_t lane = 0; lane < kLanes; ++lane)
          sums[lane] = out[lane];
        for (int64_t j = 0; j < FP8ATTN_GRANULE; ++j) {
          const float p =
              ProductElement::decode(probs[tileIndex<kProductColumns>(
                  row, key + j, FP8ATTN_BLOCK_KEYS)]);
          // A key with probability 0, as those behind the last one have, does
          // not reach the row even if its value is NaN: 0 * NaN is not 0.
          if (p == 0)
            continue;
          for (int64_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += p * values[j * channels + c + lane];
        }
        for (int64_t lane = 0; lane < kLanes; ++lane)
          out[lane] = sums[lane];
      }
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_GENERIC_GEMM_H
