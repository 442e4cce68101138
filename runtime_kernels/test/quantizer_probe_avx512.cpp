//===- quantizer_probe_avx512.cpp - the vector quantiser on floats --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with the flags of the AVX-512 kernels.
//
//===----------------------------------------------------------------------===//

#include "quantizer_probe.h"
#include "x86_avx512/quantize.h"

template <class Format>
static void probe(const float *values, float scale, uint8_t *codes) {
  const __m512i lanes =
      fp8attn::Quantizer<Format>(scale)(_mm512_loadu_ps(values));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(codes),
                   _mm512_cvtepi32_epi8(lanes));
}

void fp8attn_probe_e4m3_avx512(const float *values, float scale,
                               uint8_t *codes) {
  probe<fp8attn::E4M3>(values, scale, codes);
}

void fp8attn_probe_e5m2_avx512(const float *values, float scale,
                               uint8_t *codes) {
  probe<fp8attn::E5M2>(values, scale, codes);
}
