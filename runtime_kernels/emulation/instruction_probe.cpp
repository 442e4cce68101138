//===- instruction_probe.cpp - one instruction a function -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled for the CPU, and for AVX2 as the kernels are.
//
//===----------------------------------------------------------------------===//

#include "emulation/instruction_probe.h"

#include "x86_amx/tiles.h"

/// `expression` of the operands a, b, c and mask as the result.
#define FP8ATTN_PROBE(name, Type, load, expression)                            \
  void fp8attn_probe_##name##_avx512_bf16(const ProbeOperands *operands,       \
                                          uint32_t *result) {                  \
    [[maybe_unused]] const Type a = load(operands->a), b = load(operands->b),  \
                                c = load(operands->c);                         \
    [[maybe_unused]] const __mmask16 mask = operands->mask;                    \
    const auto value = expression;                                             \
    __builtin_memcpy(result, &value, sizeof(value));                           \
  }

constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
/// A table of which no two of the three operands can be exchanged.
constexpr int kTable = 0xca;

static __m512bh words(__m512i bits) { return reinterpret_cast<__m512bh>(bits); }

FP8ATTN_PROBE(max, __m512, _mm512_load_ps, _mm512_max_ps(a, b))
FP8ATTN_PROBE(pternlog, __m512i, _mm512_load_si512,
              _mm512_ternarylogic_epi32(a, b, c, kTable))
FP8ATTN_PROBE(reduce, __m512, _mm512_load_ps,
              _mm512_mask_reduce_ps(c, mask, a, kDown))
FP8ATTN_PROBE(scalef, __m512, _mm512_load_ps,
              _mm512_mask_scalef_ps(c, mask, a, b))
FP8ATTN_PROBE(dpbf16, __m512i, _mm512_load_si512,
              _mm512_dpbf16_ps(_mm512_castsi512_ps(c), words(a), words(b)))
FP8ATTN_PROBE(cvtne2bf16, __m512, _mm512_load_ps, _mm512_cvtne2ps_pbh(a, b))
FP8ATTN_PROBE(
    cvtph, __m512, _mm512_load_ps,
    _mm512_mask_cvtps_ph(_mm256_castps_si256(_mm512_castps512_ps256(c)), mask,
                         a, kNearest))
FP8ATTN_PROBE(maddubs, __m512i, _mm512_load_si512, _mm512_maddubs_epi16(a, b))
FP8ATTN_PROBE(maddwd, __m512i, _mm512_load_si512, _mm512_madd_epi16(a, b))
FP8ATTN_PROBE(pshufb, __m512i, _mm512_load_si512, _mm512_shuffle_epi8(a, b))
FP8ATTN_PROBE(permi2b, __m512i, _mm512_load_si512,
              _mm512_permutex2var_epi8(a, b, c))
FP8ATTN_PROBE(permw, __m512i, _mm512_load_si512, _mm512_permutexvar_epi16(a, b))
FP8ATTN_PROBE(sll, __m512i, _mm512_load_si512,
              _mm512_sll_epi32(a, _mm512_castsi512_si128(b)))

void fp8attn_probe_pmovdb_avx512_bf16(const ProbeOperands *operands,
                                      uint32_t *result) {
  _mm512_mask_cvtepi32_storeu_epi8(result, operands->mask,
                                   _mm512_load_si512(operands->a));
}

void fp8attn_probe_tdpbf16_amx_bf16(const ProbeOperands *operands,
                                    uint32_t *result) {
  // Tile 0 is a row of 16 sums, 1 a row of one pair, and 2 one row of 16 pairs.
  constexpr uint16_t kRowBytes[] = {64, 4, 64};
  fp8attn::TileConfiguration configuration;
  for (int tile = 0; tile < 3; ++tile) {
    configuration.rowBytes[tile] = kRowBytes[tile];
    configuration.rows[tile] = 1;
  }
  _tile_loadconfig(&configuration);
  _tile_loadd(0, operands->c, 64);
  _tile_loadd(1, operands->a, 64);
  _tile_loadd(2, operands->b, 64);
  _tile_dpbf16ps(0, 1, 2);
  _tile_stored(0, result, 64);
  _tile_release();
}
