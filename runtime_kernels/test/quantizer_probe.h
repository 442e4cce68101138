//===- quantizer_probe.h - quantisers on floats -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels quantise bf16. What they do with a quotient, which is any float, is
// tested on floats: the same inline code, as each ISA compiles it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_QUANTIZER_PROBE_H
#define FP8ATTN_TEST_QUANTIZER_PROBE_H

#include <stdint.h>

/// Floats that a probe takes at a time.
#define FP8ATTN_PROBE_FLOATS 16

/// Writes the codes of FP8ATTN_PROBE_FLOATS floats over `scale`.
typedef void (*fp8attn_quantizer_probe)(const float *values, float scale,
                                        uint8_t *codes);

extern "C" {
void fp8attn_probe_e4m3_generic(const float *, float, uint8_t *);
void fp8attn_probe_e5m2_generic(const float *, float, uint8_t *);
void fp8attn_probe_i8_generic(const float *, float, uint8_t *);
void fp8attn_probe_e2m1_generic(const float *, float, uint8_t *);
void fp8attn_probe_i4_generic(const float *, float, uint8_t *);
void fp8attn_probe_e4m3_avx2(const float *, float, uint8_t *);
void fp8attn_probe_e5m2_avx2(const float *, float, uint8_t *);
void fp8attn_probe_i8_avx2(const float *, float, uint8_t *);
void fp8attn_probe_e2m1_avx2(const float *, float, uint8_t *);
void fp8attn_probe_i4_avx2(const float *, float, uint8_t *);
void fp8attn_probe_e4m3_avx512(const float *, float, uint8_t *);
void fp8attn_probe_e5m2_avx512(const float *, float, uint8_t *);
void fp8attn_probe_i8_avx512(const float *, float, uint8_t *);
void fp8attn_probe_e2m1_avx512(const float *, float, uint8_t *);
void fp8attn_probe_i4_avx512(const float *, float, uint8_t *);
/// As code for AVX2 (emulation/).
void fp8attn_probe_e4m3_avx512_on_avx2(const float *, float, uint8_t *);
void fp8attn_probe_e5m2_avx512_on_avx2(const float *, float, uint8_t *);
void fp8attn_probe_i8_avx512_on_avx2(const float *, float, uint8_t *);
void fp8attn_probe_e2m1_avx512_on_avx2(const float *, float, uint8_t *);
void fp8attn_probe_i4_avx512_on_avx2(const float *, float, uint8_t *);
}

#endif // FP8ATTN_TEST_QUANTIZER_PROBE_H
