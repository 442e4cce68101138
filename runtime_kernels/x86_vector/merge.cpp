//===- merge.cpp - combines two partial results, vectors ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The merge rows of kernels.def of a vector ISA: the common template
// vectorises.
//
//===----------------------------------------------------------------------===//

#include "common/merge.h"

FP8ATTN_DEFINE_MERGES(FP8ATTN_KERNEL_ISA)
