//===- attention_e5m2.cpp - kernels that read e5m2 caches -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk, pv and attend rows of kernels.def of a vector ISA for caches of e5m2.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/attention_kernels.h"

FP8ATTN_DEFINE_ATTENTION_KERNELS(fp8attn::E5M2, e5m2)
