//===- attention_e2m1.cpp - kernels that read e2m1 caches ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk, pv and attend rows of kernels.def of a vector ISA for caches of e2m1.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/attention_kernels.h"

FP8ATTN_DEFINE_ATTENTION_KERNELS(fp8attn::E2M1, e2m1)
