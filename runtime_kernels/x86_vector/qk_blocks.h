//===- qk_blocks.h - scores with scales of blocks of channels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scores[r][j] = sum over groups g of 16 or 32 channels of
//                  scale(j, g) * (sum over c in g of query[r][c] * word(j, c))
//
// A tile of keys is one or two groups of 16 tokens, so that their scales are a
// vector, and the product with a row of the query a sum of its own. Each is
// multiplied by the scales and added at once, groups ascending, whatever the
// block's shape: as in qk.h, few rows decode in registers and many rows share a
// decoded granule, with the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_QK_BLOCKS_H
#define FP8ATTN_X86_VECTOR_QK_BLOCKS_H

#include "x86_vector/block_scales.h"
#include "x86_vector/qk.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// As in qk.h, with the scales of the granule.
template <class Decode, class Prefetch, int Rows, int Tiles, class Scale>
[[gnu::always_inline]] inline void
addProducts(const TileDotOperands &in, int first, Decode &decoder,
            Prefetch &prefetch, simd::Floats (&acc)[Rows][Tiles],
            const BlockFactors<Scale> &factors) {
  constexpr int64_t kGroups = kPairedElements / Scale::kChannels;
  constexpr int64_t kPairs = kTileRowPairs / kGroups;
#pragma clang loop unroll(disable)
  for (int64_t step = 0; step < in.steps; ++step) {
#pragma clang loop unroll(disable)
    for (int64_t group = 0; group < kGroups; ++group) {
      simd::Floats part[Rows][Tiles];
      for (int r = 0; r < Rows; ++r)
        for (int t = 0; t < Tiles; ++t)
          part[r][t] = simd::set(0);
      addRowPairs(in, step, group * kPairs, (group + 1) * kPairs, decoder,
                  prefetch, RowDot::NoGuard(), part);
      for (int t = 0; t < Tiles; ++t) {
        const simd::Floats factor = simd::loadFloats(
            factors.of[step * kGroups + group] + (first + t) * kLanes);
        for (int r = 0; r < Rows; ++r)
          acc[r][t] = simd::fma(part[r][t], factor, acc[r][t]);
      }
    }
    prefetch.endParts(kFetchedForPair<Decode, Tiles>);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QK_BLOCKS_H
