//===- merge.h - combines two partial results -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With m the larger of the two log-sum-exps and w = exp(lse - m):
//   out = (w_first * first + w_second * second) / (w_first + w_second)
//   lse = m + ln(w_first + w_second)
// Rows are bf16, contiguous inside, of any alignment.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_MERGE_H
#define FP8ATTN_COMMON_MERGE_H

#include "common/exp2_log2.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Channels of a step: every head size is a multiple of it.
constexpr int64_t kMergeChannels = 8;

/// Shares of the two parts in a row, and the row's log-sum-exp.
struct MergeWeights {
  float first;
  float second;
  float lse;
};

/// Returns the weights for two log-sum-exps that are not -inf.
inline MergeWeights mergeWeights(float firstLse, float secondLse) {
  constexpr float kLog2E = 0x1.715476p0f;
  constexpr float kLn2 = 0x1.62e43p-1f;
  const float max = firstLse > secondLse ? firstLse : secondLse;
  const float first = exp2Polynomial((firstLse - max) * kLog2E);
  const float second = exp2Polynomial((secondLse - max) * kLog2E);
  const float sum = first + second;
  return {first / sum, second / sum, max + kLn2 * log2Polynomial(sum)};
}

/// out = first * weights.first + second * weights.second. A step is read before
/// it is written, so that `out` may be one of the parts.
inline void mergeRow(const uint16_t *first, const uint16_t *second,
                     const MergeWeights &weights, int64_t channels,
                     uint16_t *out) {
  for (int64_t c = 0; c < channels; c += kMergeChannels) {
    uint16_t a[kMergeChannels], b[kMergeChannels], merged[kMergeChannels];
    __builtin_memcpy(a, first + c, sizeof(a));
    __builtin_memcpy(b, second + c, sizeof(b));
    for (int64_t lane = 0; lane < kMergeChannels; ++lane)
      merged[lane] = Bf16::encode(weights.first * Bf16::decode(a[lane]) +
                                  weights.second * Bf16::decode(b[lane]));
    __builtin_memcpy(out + c, merged, sizeof(merged));
  }
}

/// Copies the bits of a row that `mask` has: all, or none for a row of zeros.
/// `out` may be `row`.
inline void copyRow(const uint16_t *row, uint16_t mask, int64_t channels,
                    uint16_t *out) {
  for (int64_t c = 0; c < channels; c += kMergeChannels) {
    uint16_t step[kMergeChannels];
    __builtin_memcpy(step, row + c, sizeof(step));
    for (uint16_t &word : step)
      word &= mask;
    __builtin_memcpy(out + c, step, sizeof(step));
  }
}

/// See fp8attn_uk_merge_fn.
inline void mergeRows(int64_t rows, int64_t channels, const uint16_t *firstOut,
                      int64_t firstStride, const float *firstLse,
                      const uint16_t *secondOut, int64_t secondStride,
                      const float *secondLse, uint16_t *out, int64_t outStride,
                      float *lse) {
  constexpr float kNoKeys = -__builtin_inff();
  for (int64_t row = 0; row < rows; ++row) {
    const uint16_t *first = firstOut + row * firstStride;
    const uint16_t *second = secondOut + row * secondStride;
    uint16_t *merged = out + row * outStride;
    const float a = firstLse[row], b = secondLse[row];
    if (a == kNoKeys || b == kNoKeys) {
      copyRow(a == kNoKeys ? second : first, a == b ? 0 : 0xffff, channels,
              merged);
      lse[row] = a == kNoKeys ? b : a;
      continue;
    }
    const MergeWeights weights = mergeWeights(a, b);
    mergeRow(first, second, weights, channels, merged);
    lse[row] = weights.lse;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_MERGE_H
