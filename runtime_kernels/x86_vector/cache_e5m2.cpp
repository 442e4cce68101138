//===- cache_e5m2.cpp - kernels of e5m2 caches ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA for caches of e5m2, and to quantise
// to it.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/cache_kernels.h"

FP8ATTN_DEFINE_CACHE_KERNELS(fp8attn::E5M2, e5m2)
FP8ATTN_DEFINE_STORE_KERNELS(fp8attn::E5M2, e5m2, fp8attn::E5M2, e5m2)
FP8ATTN_DEFINE_QUANTIZE_KERNELS(fp8attn::E5M2, e5m2)
