//===- c_host.c - a host in C ---------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Uses the public header and the runtime from C11: a context with a pool, an
// ISA, a loop. Prints the sum of the loop's indices, or the call that failed.
// Environment variables choose what is printed before it.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include <stdio.h>

enum { kWorkers = 3, kCount = 1000 };

/// Adds [begin, end) to the worker's sum.
static void addRange(void *argument, int64_t begin, int64_t end,
                     int32_t worker) {
  int64_t *sums = argument;
  for (int64_t i = begin; i < end; ++i)
    sums[worker] += i;
}

static int failed(const char *what) {
  printf("%s failed\n", what);
  return 1;
}

int main(void) {
  fp8attn_context context;
  fp8attn_context_init(&context);
  context.parallel_for = fp8attn_pool_parallel_for;
  context.pool = fp8attn_pool_create(kWorkers);
  context.num_workers = kWorkers;
  if (!context.pool)
    return failed("fp8attn_pool_create");
  if (fp8attn_check_context(&context, FP8ATTN_ABI_VERSION) != FP8ATTN_OK)
    return failed(context.message);

  // A generic body runs anywhere.
  if (fp8attn_select_isa(&context, 1u << FP8ATTN_ISA_GENERIC |
                                       1u << FP8ATTN_ISA_AVX2 |
                                       1u << FP8ATTN_ISA_AVX512 |
                                       1u << FP8ATTN_ISA_AVX512_BF16 |
                                       1u << FP8ATTN_ISA_AMX_BF16) < 0)
    return failed("fp8attn_select_isa");

  int64_t sums[kWorkers] = {0};
  int32_t status = fp8attn_parallel(&context, kCount, addRange, sums);
  fp8attn_pool_destroy(context.pool);
  if (status != FP8ATTN_OK)
    return failed(context.message);

  int64_t sum = 0;
  for (int worker = 0; worker < kWorkers; ++worker)
    sum += sums[worker];
  printf("sum %lld\n", (long long)sum);
  return 0;
}
