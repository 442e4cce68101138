//===- attention_bf16.cpp - kernels that read bf16 caches -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk, pv and attend rows of kernels.def of a vector ISA for caches of bf16.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/attention_kernels.h"

FP8ATTN_DEFINE_ATTENTION_KERNELS(fp8attn::Bf16, bf16)
