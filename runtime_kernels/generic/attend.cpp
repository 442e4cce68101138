//===- attend.cpp - attention of few rows over a whole run ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable attend rows of kernels.def: the separate kernels in a loop over
// steps of keys. Scratch holds the scores and probabilities of one row tile and
// one decoded granule.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "generic/gemm.h"
#include "generic/softmax.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

constexpr int64_t kTileKeys = FP8ATTN_DECODE_ROWS * FP8ATTN_BLOCK_KEYS;
constexpr int64_t kGranuleElements = FP8ATTN_GRANULE * FP8ATTN_MAX_CHANNELS;
static_assert(kTileKeys * (sizeof(float) + sizeof(ProductElement::Storage)) +
                  kGranuleElements * sizeof(float) <=
              FP8ATTN_KERNEL_SCRATCH_BYTES);

/// See fp8attn_uk_attend_fn.
template <typename Format>
static void attend(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const ProductElement::Storage *query,
                   int64_t rows, int64_t keyChannels, int64_t valueChannels,
                   const float *rowScale, const int32_t *rowBegin,
                   const int32_t *rowLimit, int64_t exponent, float *rowMax,
                   float *rowSum, float *acc, float *scratch) {
  float *scores = scratch;
  auto *probs = reinterpret_cast<ProductElement::Storage *>(scores + kTileKeys);
  auto *decoded = reinterpret_cast<float *>(probs + kTileKeys);
  initRows(rows, valueChannels, rowMax, rowSum, acc);
  const int64_t end = firstKey + numKeys;
  for (int64_t first = firstKey, keys; first < end; first += keys) {
    keys = stepKeys(first, end);
    computeScores<Format>(run, first, keys, query, rows, keyChannels, scores,
                          decoded);
    softmaxStep(first, keys, rows, scores, rowScale, rowBegin, rowLimit,
                exponent, valueChannels, rowMax, rowSum, acc, probs);
    addWeightedValues<Format>(run, first, keys, probs, rows, valueChannels, acc,
                              decoded);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_ATTEND(Format, cache)                                          \
  extern "C" void FP8ATTN_KERNEL_NAME(attend, FP8ATTN_KERNEL_PRODUCTS, cache,  \
                                      f32, 16, 256, 32, generic)(              \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const float *row_scale,                          \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::attend<fp8attn::Format>(                                          \
        *run, first_key, num_keys,                                             \
        static_cast<const fp8attn::ProductElement::Storage *>(query_tiles),    \
        rows, key_channels, value_channels, row_scale, row_begin, row_limit,   \
        exponent, row_max, row_sum, acc, static_cast<float *>(scratch));       \
  }

FP8ATTN_ATTEND(E4M3, e4m3)
FP8ATTN_ATTEND(E5M2, e5m2)
FP8ATTN_ATTEND(I8, i8)
FP8ATTN_ATTEND(E2M1, e2m1)
FP8ATTN_ATTEND(I4, i4)
FP8ATTN_ATTEND(Bf16, bf16)
