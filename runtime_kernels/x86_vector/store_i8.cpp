//===- store_i8.cpp - kernels that write i8 -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA that store into caches of i8, and
// that quantise to it.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/store_kernels.h"

FP8ATTN_DEFINE_ALL_STORE_KERNELS(fp8attn::I8, i8)
FP8ATTN_DEFINE_QUANTIZE_KERNELS(fp8attn::I8, i8)
