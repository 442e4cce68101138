//===- attention_e4m3.cpp - kernels that read e4m3 caches -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk, pv and attend rows of kernels.def of a vector ISA for caches of e4m3.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/attention_kernels.h"

FP8ATTN_DEFINE_ATTENTION_KERNELS(fp8attn::E4M3, e4m3)
