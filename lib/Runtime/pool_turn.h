//===- pool_turn.h - a caller's turn on a pool ------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The steps of fp8attn_pool_parallel_for, which is C: see there.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_POOL_TURN_H
#define FP8ATTN_LIB_RUNTIME_POOL_TURN_H

#include "fp8attn/Runtime/fp8attn.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Returns the number of this thread as a worker of `pool`, or -1 if it is not
/// in a loop of it.
int32_t fp8attn_pool_find_worker(const fp8attn_pool *pool);

/// Waits for the turn of this thread, which is in no loop of `pool`, and offers
/// the ranges of [0, count) to the pool's threads. `count` is at least 1.
void fp8attn_pool_begin(fp8attn_pool *pool, int64_t count, fp8attn_body body,
                        void *argument);

/// Takes a range for the caller. Returns 0 if there is none any more.
int32_t fp8attn_pool_take(fp8attn_pool *pool, int64_t *begin, int64_t *end);

/// Waits for the threads that are in the loop, drops the ranges that nobody has
/// taken, and ends the turn.
void fp8attn_pool_end(fp8attn_pool *pool);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_LIB_RUNTIME_POOL_TURN_H
