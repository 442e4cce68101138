//===- merge.cpp - combines two partial results ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable merge rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/merge.h"

FP8ATTN_DEFINE_MERGES(generic)
