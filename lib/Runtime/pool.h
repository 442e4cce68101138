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

/// Returns the number of workers of a pool, the caller of a loop included.
int32_t poolWorkers(const fp8attn_pool *pool);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_POOL_H
