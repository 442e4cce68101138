//===- join.cpp - one state of the online softmax out of two --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The join row of kernels.def. It runs once for FP8ATTN_PART_KEYS keys of a
// row, so that portable code will do.
//
//===----------------------------------------------------------------------===//

#include "common/exp2_log2.h"
#include "common/kernel_declarations.h"
#include "common/tile_layout.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_join_fn. Maxima are integers, so that both factors are powers
/// of two; NaN in either maximum makes NaN.
static void joinRows(int64_t rows, int64_t channels, float *rowMax,
                     float *rowSum, float *acc, const float *otherMax,
                     const float *otherSum, const float *otherAcc) {
  for (int64_t row = 0; row < rows; ++row) {
    if (otherSum[row] == 0)
      continue;
    const bool isFirst = rowSum[row] == 0;
    const float old = rowMax[row], other = otherMax[row];
    const float max = isFirst || other > old ? other : old;
    const float scale = isFirst ? 0 : exp2Polynomial(old - max);
    const float otherScale = isFirst ? 1 : exp2Polynomial(other - max);
    rowMax[row] = max;
    rowSum[row] = rowSum[row] * scale + otherSum[row] * otherScale;
    for (int64_t c = 0; c < channels; c += kFloatColumns) {
      const int64_t place = tileIndex<kFloatColumns>(row, c, channels);
      for (int64_t lane = place; lane < place + kFloatColumns; ++lane)
        acc[lane] = isFirst ? otherAcc[lane]
                            : acc[lane] * scale + otherAcc[lane] * otherScale;
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

extern "C" void FP8ATTN_KERNEL_NAME(join, f32, f32, f32, 48, 1, 16, generic)(
    int64_t rows, int64_t channels, float *row_max, float *row_sum, float *acc,
    const float *other_max, const float *other_sum, const float *other_acc) {
  fp8attn::joinRows(rows, channels, row_max, row_sum, acc, other_max, other_sum,
                    other_acc);
}
