//===- store_e2m1.cpp - kernels that write e2m1 --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA that store into caches of e2m1.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/store_kernels.h"

FP8ATTN_DEFINE_ALL_STORE_KERNELS(fp8attn::E2M1, e2m1)
