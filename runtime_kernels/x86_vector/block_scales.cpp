//===- block_scales.cpp - kernels that scale blocks of channels -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk_blocks, pv_blocks and attend_blocks rows of kernels.def of a vector
// ISA.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/block_kernels.h"

FP8ATTN_DEFINE_BLOCK_KERNELS(fp8attn::E2M1, fp8attn::PowerScale, e2m1)
FP8ATTN_DEFINE_BLOCK_KERNELS(fp8attn::I4, fp8attn::PowerScale, i4)
FP8ATTN_DEFINE_BLOCK_KERNELS(fp8attn::E4M3, fp8attn::PowerScale, e4m3)
FP8ATTN_DEFINE_BLOCK_KERNELS(fp8attn::E5M2, fp8attn::PowerScale, e5m2)
FP8ATTN_DEFINE_BLOCK_KERNELS(fp8attn::E2M1, fp8attn::E4m3Scale, nvfp4)
