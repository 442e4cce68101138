//===- cache_bf16.cpp - kernels of bf16 caches ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA for caches of bf16.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/cache_kernels.h"

FP8ATTN_DEFINE_CACHE_KERNELS(fp8attn::Bf16, bf16)
