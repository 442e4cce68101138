//===- init.cpp - the empty state of the online softmax -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The init row of kernels.def. It has no part in the loop over keys, so that
// portable code will do.
//
//===----------------------------------------------------------------------===//

#include "generic/softmax.h"

#include "common/kernel_declarations.h"

extern "C" void FP8ATTN_KERNEL_NAME(init, f32, f32, f32, 48, 1, 16,
                                    generic)(int64_t rows, int64_t channels,
                                             float *row_max, float *row_sum,
                                             float *acc) {
  fp8attn::initRows(rows, channels, row_max, row_sum, acc);
}
