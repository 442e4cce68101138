//===- merge.cpp - combines two partial results, vectors ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The merge row of kernels.def of a vector ISA: the common template vectorises.
//
//===----------------------------------------------------------------------===//

#include "common/merge.h"
#include "common/kernel_declarations.h"

extern "C" void FP8ATTN_KERNEL_NAME(merge, bf16, bf16, f32, 1, 1, 8,
                                    FP8ATTN_KERNEL_ISA)(
    int64_t rows, int64_t channels, const void *first_out,
    int64_t first_row_stride, const float *first_lse, const void *second_out,
    int64_t second_row_stride, const float *second_lse, void *out,
    int64_t out_row_stride, float *lse) {
  fp8attn::mergeRows(rows, channels, static_cast<const uint16_t *>(first_out),
                     first_row_stride, first_lse,
                     static_cast<const uint16_t *>(second_out),
                     second_row_stride, second_lse,
                     static_cast<uint16_t *>(out), out_row_stride, lse);
}
