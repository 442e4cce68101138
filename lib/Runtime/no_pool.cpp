//===- no_pool.cpp - the runtime inside of an object has no pool ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands for pool.cpp in the runtime that objects carry. A host's pool is never
// of that runtime: it may be of another version, so nothing looks inside.
//
//===----------------------------------------------------------------------===//

#include "pool.h"

int32_t fp8attn::poolWorkers(const fp8attn_context *) { return kForeignPool; }
