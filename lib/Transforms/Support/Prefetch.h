//===- Prefetch.h - fetching lines ahead ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code of ours that waits for memory says which lines it reads or writes next.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_PREFETCH_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_PREFETCH_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::fp8attn {

/// The nearest cache that lines are fetched to. The first one may be full of
/// what is worked on.
enum class CacheLevel { First, Second };

/// Fetches the line of an element of a memref.
inline void prefetchLine(OpBuilder &builder, Location loc, Value memory,
                         ValueRange indices, CacheLevel level,
                         bool isWrite = false) {
  memref::PrefetchOp::create(builder, loc, memory, indices, isWrite,
                             /*localityHint=*/level == CacheLevel::First ? 3
                                                                         : 2,
                             /*isDataCache=*/true);
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_PREFETCH_H
