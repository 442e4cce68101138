//===- merge.h - combines two partial results -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With m the larger of the two log-sum-exps and w = exp(lse - m):
//   out = (w_first * first + w_second * second) / (w_first + w_second)
//   lse = m + ln(w_first + w_second)
// The parts are of one element type; the result is of that or of another. Rows
// are contiguous inside, of any alignment. Every ISA compiles the same code;
// the C functions of the merge rows of kernels.def are at the end.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_MERGE_H
#define FP8ATTN_COMMON_MERGE_H

#include "common/element_types.h"
#include "common/exp2_log2.h"
#include "common/kernel_declarations.h"

#include <type_traits>

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
template <class In, class Out>
inline void mergeRow(const typename In::Storage *first,
                     const typename In::Storage *second,
                     const MergeWeights &weights, int64_t channels,
                     typename Out::Storage *out) {
  for (int64_t c = 0; c < channels; c += kMergeChannels) {
    typename In::Storage a[kMergeChannels], b[kMergeChannels];
    typename Out::Storage merged[kMergeChannels];
    __builtin_memcpy(a, first + c, sizeof(a));
    __builtin_memcpy(b, second + c, sizeof(b));
    for (int64_t lane = 0; lane < kMergeChannels; ++lane)
      merged[lane] = Out::encode(weights.first * In::decode(a[lane]) +
                                 weights.second * In::decode(b[lane]));
    __builtin_memcpy(out + c, merged, sizeof(merged));
  }
}

/// Writes a row of zeros, or else copies `row`: bit by bit, unless the types
/// differ. `out` may be `row`.
template <class In, class Out>
inline void copyRow(const typename In::Storage *row, bool isZero,
                    int64_t channels, typename Out::Storage *out) {
  for (int64_t c = 0; c < channels; c += kMergeChannels) {
    typename In::Storage step[kMergeChannels];
    typename Out::Storage copied[kMergeChannels];
    __builtin_memcpy(step, row + c, sizeof(step));
    for (int64_t lane = 0; lane < kMergeChannels; ++lane) {
      if constexpr (std::is_same_v<In, Out>)
        copied[lane] = isZero ? typename Out::Storage(0) : step[lane];
      else
        copied[lane] = Out::encode(isZero ? 0 : In::decode(step[lane]));
    }
    __builtin_memcpy(out + c, copied, sizeof(copied));
  }
}

/// See fp8attn_uk_merge_fn.
template <class In, class Out>
inline void
mergeRows(int64_t rows, int64_t channels, const typename In::Storage *firstOut,
          int64_t firstStride, const float *firstLse,
          const typename In::Storage *secondOut, int64_t secondStride,
          const float *secondLse, typename Out::Storage *out, int64_t outStride,
          float *lse) {
  constexpr float kNoKeys = -__builtin_inff();
  for (int64_t row = 0; row < rows; ++row) {
    const typename In::Storage *first = firstOut + row * firstStride;
    const typename In::Storage *second = secondOut + row * secondStride;
    typename Out::Storage *merged = out + row * outStride;
    const float a = firstLse[row], b = secondLse[row];
    if (a == kNoKeys || b == kNoKeys) {
      copyRow<In, Out>(a == kNoKeys ? second : first, a == b, channels, merged);
      lse[row] = a == kNoKeys ? b : a;
      continue;
    }
    const MergeWeights weights = mergeWeights(a, b);
    mergeRow<In, Out>(first, second, weights, channels, merged);
    lse[row] = weights.lse;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

/// Defines the merge row of an ISA for parts of `In`, which the table calls
/// `in`, and results of `Out`, `out_type` there.
#define FP8ATTN_DEFINE_MERGE(In, in, Out, out_type, isa)                       \
  extern "C" void FP8ATTN_KERNEL_NAME(merge, in, out_type, f32, 1, 1, 8, isa)( \
      int64_t rows, int64_t channels, const void *first_out,                   \
      int64_t first_row_stride, const float *first_lse,                        \
      const void *second_out, int64_t second_row_stride,                       \
      const float *second_lse, void *out, int64_t out_row_stride,              \
      float *lse) {                                                            \
    fp8attn::mergeRows<In, Out>(                                               \
        rows, channels, static_cast<const In::Storage *>(first_out),           \
        first_row_stride, first_lse,                                           \
        static_cast<const In::Storage *>(second_out), second_row_stride,       \
        second_lse, static_cast<Out::Storage *>(out), out_row_stride, lse);    \
  }

/// Defines all merge rows of an ISA.
#define FP8ATTN_DEFINE_MERGES(isa)                                             \
  FP8ATTN_DEFINE_MERGE(fp8attn::Bf16, bf16, fp8attn::Bf16, bf16, isa)          \
  FP8ATTN_DEFINE_MERGE(fp8attn::F16, f16, fp8attn::F16, f16, isa)              \
  FP8ATTN_DEFINE_MERGE(fp8attn::F32, f32, fp8attn::F32, f32, isa)              \
  FP8ATTN_DEFINE_MERGE(fp8attn::F32, f32, fp8attn::Bf16, bf16, isa)            \
  FP8ATTN_DEFINE_MERGE(fp8attn::F32, f32, fp8attn::F16, f16, isa)

#endif // FP8ATTN_COMMON_MERGE_H
