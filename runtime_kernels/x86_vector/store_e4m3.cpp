//===- store_e4m3.cpp - kernels that write e4m3 ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA that store into caches of e4m3, and
// that quantise to it.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/store_kernels.h"

FP8ATTN_DEFINE_ALL_STORE_KERNELS(fp8attn::E4M3, e4m3)
FP8ATTN_DEFINE_STORE_KERNELS(fp8attn::E4M3, e4m3, fp8attn::E4M3, e4m3)
FP8ATTN_DEFINE_QUANTIZE_KERNELS(fp8attn::E4M3, e4m3)
