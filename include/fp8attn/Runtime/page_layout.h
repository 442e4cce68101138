//===- page_layout.h - what of a page is contiguous -------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place where the layout `pairs` is chosen by the size of pages, for
// the dialect, which says where an element is, and for the runtime and the
// kernels, which go there.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_RUNTIME_PAGE_LAYOUT_H
#define FP8ATTN_RUNTIME_PAGE_LAYOUT_H

#include "fp8attn/Runtime/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Returns the tokens that are contiguous in pages of `page_tokens` tokens, of
/// which there is at least 1 (docs/Layout.md): 32, a granule; 16, tiles of keys
/// and halves of tiles of values; or 1, a row of channels.
static inline int64_t fp8attn_tokens_together(int64_t page_tokens) {
  if (page_tokens % FP8ATTN_GRANULE == 0)
    return FP8ATTN_GRANULE;
  return page_tokens % (FP8ATTN_GRANULE / 2) == 0 ? FP8ATTN_GRANULE / 2 : 1;
}

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_RUNTIME_PAGE_LAYOUT_H
