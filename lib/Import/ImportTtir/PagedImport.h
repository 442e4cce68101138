//===- PagedImport.h - caches of pages of front ends ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What stands for operations on pages, once their caches are
// `!fp8attn.cache`s.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTTIR_PAGEDIMPORT_H
#define FP8ATTN_LIB_IMPORT_IMPORTTTIR_PAGEDIMPORT_H

#include "PagedForms.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// Returns the cache that a tensor [pages, heads, tokens of a page, channels]
/// becomes, of bf16, with `valueChannels` channels of values if it is latent;
/// null, and why, if it can be none.
CacheType getPagedCacheType(Type type, CacheContent content,
                            int64_t valueChannels, std::string &why);

/// Builds what two operations write, of which one writes `keyCache` and the
/// other `valueCache` at the same places, or what one writes into a latent
/// cache, with no other; says why if it cannot.
LogicalResult buildPagedWrite(OpBuilder &builder, const PagedForm &key,
                              const PagedForm *value, Value keyCache,
                              Value valueCache, std::string &why);

/// Builds attention, and returns what stands for its result; null, and why, if
/// it cannot. `valueCache` is null if the other one is latent.
Value buildPagedAttention(OpBuilder &builder, const PagedForm &form,
                          Value keyCache, Value valueCache, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTTIR_PAGEDIMPORT_H
