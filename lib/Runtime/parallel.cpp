//===- parallel.cpp - the loop of generated code --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where generated code meets the host's threads: the context's parallel loop,
// or the calling thread.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

void fp8attn_parallel(fp8attn_context *context, int64_t count,
                      fp8attn_body body, void *argument) {
  if (count <= 0)
    return;
  if (context->parallel_for)
    context->parallel_for(context->pool, count, body, argument);
  else
    body(argument, 0, count, /*worker=*/0);
}
