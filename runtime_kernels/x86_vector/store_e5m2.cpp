//===- store_e5m2.cpp - kernels that write e5m2 ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA that store into caches of e5m2, and
// that quantise to it.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/store_kernels.h"

FP8ATTN_DEFINE_ALL_STORE_KERNELS(fp8attn::E5M2, e5m2)
FP8ATTN_DEFINE_STORE_KERNELS(fp8attn::E5M2, e5m2, fp8attn::E5M2, e5m2)
FP8ATTN_DEFINE_QUANTIZE_KERNELS(fp8attn::E5M2, e5m2)
