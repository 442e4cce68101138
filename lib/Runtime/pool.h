//===- pool.h - the pool as the runtime sees it -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one question that the rest of the runtime has for a pool.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_POOL_H
#define FP8ATTN_LIB_RUNTIME_POOL_H

#include "fp8attn/Runtime/fp8attn.h"

namespace fp8attn {

/// What a context that has no pool of this runtime gets from poolWorkers.
inline constexpr int32_t kForeignPool = -1;

/// Returns the number of workers of the context's pool, the caller of a loop
/// included; 0 if it uses fp8attn_pool_parallel_for without a pool,
/// kForeignPool if its loop is another.
int32_t poolWorkers(const fp8attn_context *context);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_POOL_H
