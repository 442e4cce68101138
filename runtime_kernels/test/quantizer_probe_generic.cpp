//===- quantizer_probe_generic.cpp - the portable quantiser on floats -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with the flags of the generic kernels.
//
//===----------------------------------------------------------------------===//

#include "common/fp8_format.h"
#include "quantizer_probe.h"

template <class Format>
static void probe(const float *values, float scale, uint8_t *codes) {
  for (int i = 0; i < FP8ATTN_PROBE_FLOATS; ++i)
    codes[i] = Format::encode(values[i] / scale);
}

void fp8attn_probe_e4m3_generic(const float *values, float scale,
                                uint8_t *codes) {
  probe<fp8attn::E4M3>(values, scale, codes);
}

void fp8attn_probe_e5m2_generic(const float *values, float scale,
                                uint8_t *codes) {
  probe<fp8attn::E5M2>(values, scale, codes);
}

void fp8attn_probe_i8_generic(const float *values, float scale,
                              uint8_t *codes) {
  probe<fp8attn::I8>(values, scale, codes);
}

void fp8attn_probe_e2m1_generic(const float *values, float scale,
                                uint8_t *codes) {
  probe<fp8attn::E2M1>(values, scale, codes);
}

void fp8attn_probe_i4_generic(const float *values, float scale,
                              uint8_t *codes) {
  probe<fp8attn::I4>(values, scale, codes);
}
