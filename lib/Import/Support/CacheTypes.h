//===- CacheTypes.h - types of caches of front ends -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What front ends have as tensors of pages becomes memory of ours.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_CACHETYPES_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_CACHETYPES_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include <string>

namespace mlir::fp8attn {

/// Returns the cache, of FP8 if there are `codes`, else of bf16, and in a
/// layout that is open, that a tensor becomes; null, and why, if its elements
/// are neither these codes, or bytes, nor floats that may be rounded to bf16,
/// or there is no such cache.
CacheType getImportedCacheType(Type tensor, Type element, Type codes,
                               CacheContent content, int64_t heads,
                               int64_t channels, int64_t valueChannels,
                               int64_t pageTokens, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_CACHETYPES_H
