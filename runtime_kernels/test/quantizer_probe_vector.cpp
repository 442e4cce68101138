//===- quantizer_probe_vector.cpp - the vector quantiser on floats --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with the flags of the AVX2 and of the AVX-512 kernels. BF16 and VBMI
// change nothing here.
//
//===----------------------------------------------------------------------===//

#include "quantizer_probe.h"
#include "x86_vector/quantize.h"

template <class Format>
static void probe(const float *values, float scale, uint8_t *codes) {
  constexpr uint32_t kAll = 0xffff;
  fp8attn::simd::storeBytes(
      codes, kAll,
      fp8attn::Quantizer<Format, fp8attn::F32>(scale)(
          fp8attn::Vectors<fp8attn::F32>::load(values, kAll)));
}

#define FP8ATTN_PROBE_NAME(format, isa) fp8attn_probe_##format##_##isa
#define FP8ATTN_PROBE(Format, format, isa)                                     \
  void FP8ATTN_PROBE_NAME(format, isa)(const float *values, float scale,       \
                                       uint8_t *codes) {                       \
    probe<fp8attn::Format>(values, scale, codes);                              \
  }
/// Gives the macro for the ISA its value before it becomes part of a name.
#define FP8ATTN_PROBES(isa)                                                    \
  FP8ATTN_PROBE(E4M3, e4m3, isa)                                               \
  FP8ATTN_PROBE(E5M2, e5m2, isa)                                               \
  FP8ATTN_PROBE(E2M1, e2m1, isa)                                               \
  FP8ATTN_PROBE(I8, i8, isa)                                                   \
  FP8ATTN_PROBE(I4, i4, isa)

FP8ATTN_PROBES(FP8ATTN_KERNEL_ISA)
