//===- softmax.h - one step of the online softmax ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With x the scaled score in the log2 domain and m the row's maximum, begun by
// its first visible key and raised only if exceeded by more than
// FP8ATTN_RESCALE_THRESHOLD:
//   p = product(2^(x - m + exponent)),  row_sum += p
// m is an integer, so that raising it multiplies sums by a power of two, which
// is exact. Operand layouts are those of Runtime/kernels.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_GENERIC_SOFTMAX_H
#define FP8ATTN_GENERIC_SOFTMAX_H

#include "common/exp2_log2.h"
#include "common/products.h"
#include "common/tile_layout.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The row_max of a row that has seen no key.
constexpr float kMinusInfinity = -__builtin_inff();

/// Returns the row's maximum for a step: `max` itself unless a key is the
/// first, which it then follows, or exceeds it by too much. NaN scores are not
/// greater than anything.
inline float raiseMaximum(const float *logits, int64_t begin, int64_t end,
                          float max) {
  if (max == kMinusInfinity && begin < end && isFinite(logits[begin]))
    max = ceilToInteger(logits[begin]);
  float largest = kMinusInfinity;
  for (int64_t j = begin; j < end; ++j)
    largest = logits[j] > largest ? logits[j] : largest;
  const bool raise =
      max == kMinusInfinity || largest - max > FP8ATTN_RESCALE_THRESHOLD;
  return raise ? ceilToInteger(largest) : max;
}

/// Multiplies the row's sum and accumulators by 2^(oldMax - newMax).
inline void rescaleRow(float oldMax, float newMax, int64_t row,
                       int64_t channels, float *rowSum, float *acc) {
  const float factor = exp2Polynomial(oldMax - newMax);
  *rowSum *= factor;
  for (int64_t c = 0; c < channels; ++c)
    acc[tileIndex<kFloatColumns>(row, c, channels)] *= factor;
}

/// Computes the probabilities of keys [begin, end) from their logits, pads them
/// with zeros on both sides to a multiple of 32 keys, and returns their sum.
inline float computeProbs(const float *logits, int64_t begin, int64_t end,
                          int64_t numKeys, float max, int64_t exponent,
                          int64_t row, ProductElement::Storage *probs) {
  // A row whose scores are all -inf keeps that maximum: -inf - -inf is NaN.
  const float base = max == kMinusInfinity ? 0 : max;
  const float shift = static_cast<float>(exponent);
  ProductElement::Storage codes[FP8ATTN_BLOCK_KEYS];
  for (int64_t j = begin; j < end; ++j)
    codes[j] = ProductElement::encode(exp2Polynomial(logits[j] - base + shift));
  float sum = 0;
  for (int64_t j = 0; j < roundUp(numKeys, FP8ATTN_GRANULE); ++j) {
    const ProductElement::Storage code = begin <= j && j < end ? codes[j] : 0;
    probs[tileIndex<kProductColumns>(row, j, FP8ATTN_BLOCK_KEYS)] = code;
    sum += ProductElement::decode(code);
  }
  return sum;
}

/// See fp8attn_uk_softmax_fn.
inline void softmaxStep(int64_t firstKey, int64_t numKeys, int64_t rows,
                        const float *scores, const float *rowScale,
                        const int32_t *rowBegin, const int32_t *rowLimit,
                        int64_t exponent, int64_t channels, float *rowMax,
                        float *rowSum, float *acc,
                        ProductElement::Storage *probs) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t end = clamp(rowLimit[row] - firstKey, 0, numKeys);
    const int64_t begin = clamp(rowBegin[row] - firstKey, 0, end);
    float logits[FP8ATTN_BLOCK_KEYS];
    for (int64_t j = begin; j < end; ++j)
      logits[j] = rowScale[row] *
                  scores[tileIndex<kFloatColumns>(row, j, FP8ATTN_BLOCK_KEYS)];
    const float max = raiseMaximum(logits, begin, end, rowMax[row]);
    if (max != rowMax[row] && rowMax[row] != kMinusInfinity)
      rescaleRow(rowMax[row], max, row, channels, &rowSum[row], acc);
    rowMax[row] = max;
    rowSum[row] +=
        computeProbs(logits, begin, end, numKeys, max, exponent, row, probs);
  }
}

/// See fp8attn_uk_init_fn.
inline void initRows(int64_t rows, int64_t channels, float *rowMax,
                     float *rowSum, float *acc) {
  for (int64_t row = 0; row < rows; ++row) {
    rowMax[row] = kMinusInfinity;
    rowSum[row] = 0;
  }
  const int64_t elements = roundUp(rows, FP8ATTN_TILE_ROWS) * channels;
  for (int64_t i = 0; i < elements; ++i)
    acc[i] = 0;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_GENERIC_SOFTMAX_H
