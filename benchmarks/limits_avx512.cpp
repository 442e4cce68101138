//===- limits_avx512.cpp - peak of vdpbf16ps, plain reads -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with the AVX-512 flags; called only on hosts that have it. Uses no
// inline function of a library: the linker might keep its AVX-512 body for all.
//
//===----------------------------------------------------------------------===//

#include "limits.h"

#include <immintrin.h>

namespace fp8attn {

/// Independent chains: more than latency times throughput.
constexpr int kChains = 16;
constexpr int kDotRounds = 100000;
constexpr double kFlopsPerDot = 64;

double dotPeakFlops() { return kFlopsPerDot * kChains * kDotRounds; }

void runDotPeak() {
  __m512 acc[kChains] = {};
  const __m512bh one = reinterpret_cast<__m512bh>(_mm512_set1_epi16(0x3f80));
  for (int i = 0; i < kDotRounds; ++i) {
#pragma GCC unroll 16
    for (int c = 0; c < kChains; ++c) {
      acc[c] = _mm512_dpbf16_ps(acc[c], one, one);
      // Keeps the chain in its register and out of the optimiser's sight.
      asm volatile("" : "+v"(acc[c]));
    }
  }
}

void readBlocks(const uint8_t *const *blocks, size_t count, size_t blockBytes) {
  __m512i acc[4] = {};
  for (size_t b = 0; b < count; ++b)
    for (size_t i = 0; i < blockBytes; i += 4 * sizeof(__m512i))
      for (int c = 0; c < 4; ++c)
        acc[c] = _mm512_or_si512(
            acc[c], _mm512_load_si512(blocks[b] + i + c * sizeof(__m512i)));
  for (__m512i &lane : acc)
    asm volatile("" : "+v"(lane));
}

} // namespace fp8attn
