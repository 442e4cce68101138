//===- pool_parallel_for.c - the caller of a pool's loop ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The body is the host's and may be left by an exception, by pthread_exit or
// because the thread is cancelled: the turn has to end then, too, or the next
// caller would wait for ever. C with -fexceptions unwinds for this without a
// C++ library.
//
//===----------------------------------------------------------------------===//

#include "pool_turn.h"

static void endTurn(fp8attn_pool **pool) { fp8attn_pool_end(*pool); }

void fp8attn_pool_parallel_for(void *pool, int64_t count, fp8attn_body body,
                               void *argument) {
  if (count <= 0)
    return;
  const int32_t worker = fp8attn_pool_find_worker(pool);
  if (worker >= 0) {
    body(argument, 0, count, worker);
    return;
  }
  fp8attn_pool_begin(pool, count, body, argument);
  fp8attn_pool *turn __attribute__((cleanup(endTurn))) = pool;
  int64_t begin, end;
  while (fp8attn_pool_take(turn, &begin, &end))
    body(argument, begin, end, /*worker=*/0);
}
