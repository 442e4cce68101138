//===- attention_i4.cpp - kernels that read i4 caches --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk, pv and attend rows of kernels.def of a vector ISA for caches of i4.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/attention_kernels.h"

FP8ATTN_DEFINE_ATTENTION_KERNELS(fp8attn::I4, i4)
