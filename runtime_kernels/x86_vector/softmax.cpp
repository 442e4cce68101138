//===- softmax.cpp - the softmax row of a vector ISA ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Defines the kernel around softmax.h.
//
//===----------------------------------------------------------------------===//

#include "x86_vector/softmax.h"

#include "common/kernel_declarations.h"

extern "C" void FP8ATTN_KERNEL_NAME(softmax, f32, FP8ATTN_KERNEL_PRODUCTS, f32,
                                    48, 256, 1, FP8ATTN_KERNEL_ISA)(
    int64_t first_key, int64_t num_keys, int64_t rows, const float *scores,
    const float *row_scale, const int32_t *row_begin, const int32_t *row_limit,
    int64_t exponent, int64_t channels, float *row_max, float *row_sum,
    float *acc, void *probs) {
  fp8attn::softmaxStep(first_key, num_keys, rows, scores, row_scale, row_begin,
                       row_limit, exponent, channels, row_max, row_sum, acc,
                       probs);
}
