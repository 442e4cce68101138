//===- cache_e4m3.cpp - kernels of e4m3 caches ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA for caches of e4m3, and to quantise
// to it.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/cache_kernels.h"

FP8ATTN_DEFINE_CACHE_KERNELS(fp8attn::E4M3, e4m3)
FP8ATTN_DEFINE_STORE_KERNELS(fp8attn::E4M3, e4m3, fp8attn::E4M3, e4m3)
FP8ATTN_DEFINE_QUANTIZE_KERNELS(fp8attn::E4M3, e4m3)
