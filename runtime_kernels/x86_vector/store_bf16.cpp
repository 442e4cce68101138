//===- store_bf16.cpp - kernels that write bf16 ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA that store into caches of bf16.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/store_kernels.h"

FP8ATTN_DEFINE_ALL_STORE_KERNELS(fp8attn::Bf16, bf16)
