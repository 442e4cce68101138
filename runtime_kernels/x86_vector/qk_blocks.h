//===- qk_blocks.h - scores with scales of blocks of channels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scores[r][j] = sum over groups g of 32 channels of
//                  scale(j, g) * (sum over c in g of query[r][c] * word(j, c))
//
// A tile of keys is a group of 16 tokens, so that its scales are a vector, and
// its product with a row of the query a sum of its own. Each is multiplied by a
// power of two and added at once, groups ascending, whatever the block's shape:
// as in qk.h, few rows decode in registers and many rows share a decoded
// granule, with the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_QK_BLOCKS_H
#define FP8ATTN_X86_VECTOR_QK_BLOCKS_H

#include "x86_vector/block_scales.h"
#include "x86_vector/qk.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// As in qk.h, with the scales of the granule.
template <class Decode, class Prefetch, int Rows, int Tiles>
[[gnu::always_inline]] inline void
addProducts(const TileDotOperands &in, int first, Decode &decoder,
            Prefetch &prefetch, simd::Floats (&acc)[Rows][Tiles],
            const BlockFactors &factors) {
  TileDotOperands ofGroup = in;
  ofGroup.steps = 1;
#pragma clang loop unroll(disable)
  for (int64_t group = 0; group < in.steps; ++group) {
    simd::Floats part[Rows][Tiles];
    for (int r = 0; r < Rows; ++r)
      for (int t = 0; t < Tiles; ++t)
        part[r][t] = simd::set(0);
    tileDot(ofGroup, decoder, prefetch, RowDot::NoGuard(), part);
    for (int t = 0; t < Tiles; ++t) {
      const simd::Floats factor =
          simd::loadFloats(factors.of[group] + (first + t) * kLanes);
      for (int r = 0; r < Rows; ++r)
        acc[r][t] = simd::fma(part[r][t], factor, acc[r][t]);
    }
    ofGroup.a += RowDot::kTileBytes;
    ofGroup.b += in.stepStride;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QK_BLOCKS_H
