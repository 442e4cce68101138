//===- qk.cpp - scores of a step of keys ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable qk rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "generic/gemm.h"

#define FP8ATTN_QK(Format, cache)                                              \
  extern "C" void FP8ATTN_KERNEL_NAME(qk, FP8ATTN_KERNEL_PRODUCTS, cache, f32, \
                                      48, 256, 32, generic)(                   \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t channels, float *scores,  \
      void *scratch) {                                                         \
    fp8attn::computeScores<fp8attn::Format>(                                   \
        *run, first_key, num_keys,                                             \
        static_cast<const fp8attn::ProductElement::Storage *>(query_tiles),    \
        rows, channels, scores, static_cast<float *>(scratch));                \
  }

FP8ATTN_QK(E4M3, e4m3)
FP8ATTN_QK(E5M2, e5m2)
FP8ATTN_QK(I8, i8)
FP8ATTN_QK(E2M1, e2m1)
FP8ATTN_QK(I4, i4)
FP8ATTN_QK(Bf16, bf16)
