//===- merge.cpp - combines two partial results, AVX-512 ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The AVX-512 merge rows of kernels.def.
//
//===----------------------------------------------------------------------===//

#include "common/merge.h"

FP8ATTN_DEFINE_MERGES(avx512_bf16)
