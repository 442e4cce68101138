//===- tile_dot.h - the register block of both GEMMs ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][t] += sum over steps s, pairs p of  A[s][r][p] . B[t][s][p]
//
// A row of A is 64 bytes, 16 pairs of bf16, the next step 1 KB further (query
// or probability tiles). B are cache tiles, decoded in registers on the way;
// lanes of acc[r][t] are the 16 lanes of tile t. For scores, steps are blocks
// of 32 channels and tiles are 16 keys; for outputs, steps are granules of 32
// keys and tiles are 16 channels.
//
// Each lane of acc is one chain of vdpbf16ps with pairs ascending, whatever
// the block's shape. The shape only serves to have enough chains in flight.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AVX512_TILE_DOT_H
#define FP8ATTN_X86_AVX512_TILE_DOT_H

#include "x86_avx512/decode.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Most rows of a register block; divides FP8ATTN_TILE_ROWS.
constexpr int kBlockRows = 8;

/// Where a block's operands are, in bytes.
struct TileDotOperands {
  const uint8_t *a;
  const uint8_t *b;
  /// From one tile of B, and from one step of a tile of B, to the next.
  int64_t tileStride;
  int64_t stepStride;
  int64_t steps;
};

/// Every word of B counts.
struct NoGuard {
  static __m512i select(__m512i words, __m512i, int64_t) { return words; }
};

/// Words of B count where their partner in A is not zero and lies before pair
/// element `valid` of the (only) step: 0 times NaN is 0 here.
struct ZeroGuard {
  int64_t valid;

  __m512i select(__m512i words, __m512i a, int64_t pair) const {
    const int64_t left = valid - 2 * pair;
    const __mmask32 lanes = left >= 2 ? ~0u : left == 1 ? 0x55555555u : 0u;
    return _mm512_maskz_mov_epi16(_mm512_mask_test_epi16_mask(lanes, a, a),
                                  words);
  }
};

/// Nothing is fetched ahead.
struct NoPrefetch {
  void advance(int64_t) {}
  void endGranule() {}
};

template <int Rows, int Tiles, class Decode, class Prefetch, class Guard>
[[gnu::always_inline]] inline void
tileDot(const TileDotOperands &in, Decode &decode, Prefetch &prefetch,
        const Guard &guard, __m512 (&acc)[Rows][Tiles]) {
  constexpr int64_t kPairBytes = Decode::kPairBytes;
  for (int64_t step = 0; step < in.steps; ++step) {
    const uint8_t *a = in.a + step * FP8ATTN_TILE_BYTES;
    const uint8_t *b = in.b + step * in.stepStride;
    for (int64_t pair = 0; pair < kTileRowPairs; ++pair) {
      prefetch.advance(Tiles * kPairBytes);
      RowPair words[Tiles];
#pragma GCC unroll 8
      for (int t = 0; t < Tiles; ++t)
        words[t] = decode.load(b + t * in.tileStride + pair * kPairBytes);
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half)
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
          const int64_t index = 2 * pair + half;
          int32_t bits;
          __builtin_memcpy(&bits, a + r * kLineBytes + index * 4, 4);
          const __m512i two = _mm512_set1_epi32(bits);
#pragma GCC unroll 8
          for (int t = 0; t < Tiles; ++t) {
            const __m512i row = half ? words[t].odd : words[t].even;
            acc[r][t] = _mm512_dpbf16_ps(
                acc[r][t],
                reinterpret_cast<__m512bh>(guard.select(row, two, index)),
                reinterpret_cast<__m512bh>(two));
          }
        }
    }
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_TILE_DOT_H
