//===- store_i4.cpp - kernels that write i4 ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rows of kernels.def of a vector ISA that store into caches of i4.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/store_kernels.h"

FP8ATTN_DEFINE_ALL_STORE_KERNELS(fp8attn::I4, i4)
