//===- f32_row_dot.h - products of f32 with decoded words -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For f32 queries and probabilities (common/products.h), which come as they are
// multiplied.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_F32_ROW_DOT_H
#define FP8ATTN_X86_VECTOR_F32_ROW_DOT_H

#include "x86_vector/float_products.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See row_dot.h, which has the same members.
struct RowDot : FloatProducts {
  static constexpr int64_t scratchBytes(int64_t, int64_t) { return 0; }

  static const uint8_t *prepare(const uint8_t *tiles, int64_t, int64_t,
                                uint8_t *) {
    return tiles;
  }

  static void prepareRow(const uint8_t *line, uint8_t *row) {
    simd::store(row, simd::load(line));
    simd::store(row + kLineBytes, simd::load(line + kLineBytes));
  }

  static void packProbs(simd::Floats low, simd::Floats high, simd::Floats &sum,
                        void *row) {
    auto *to = static_cast<float *>(row);
    sum = simd::add(simd::add(sum, low), high);
    simd::storeFloats(to, low);
    simd::storeFloats(to + kLanes, high);
  }
  static void storeProbs(simd::Floats low, simd::Floats high, simd::Floats &sum,
                         uint8_t *row) {
    packProbs(low, high, sum, row);
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_F32_ROW_DOT_H
