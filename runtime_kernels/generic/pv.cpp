//===- pv.cpp - weighted values of a step of keys -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable pv rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "generic/gemm.h"

#define FP8ATTN_PV(Format, cache)                                              \
  extern "C" void FP8ATTN_KERNEL_NAME(pv, FP8ATTN_KERNEL_PRODUCTS, cache, f32, \
                                      48, 256, 16, generic)(                   \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *probs, int64_t rows, int64_t channels, float *acc,           \
      void *scratch) {                                                         \
    fp8attn::addWeightedValues<fp8attn::Format>(                               \
        *run, first_key, num_keys,                                             \
        static_cast<const fp8attn::ProductElement::Storage *>(probs), rows,    \
        channels, acc, static_cast<float *>(scratch));                         \
  }

FP8ATTN_PV(E4M3, e4m3)
FP8ATTN_PV(E5M2, e5m2)
FP8ATTN_PV(I8, i8)
FP8ATTN_PV(E2M1, e2m1)
FP8ATTN_PV(I4, i4)
FP8ATTN_PV(Bf16, bf16)
