//===- visible_keys.h - which keys a query sees -----------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place where the window of a query is computed, for the runtime, which
// decides what a work item reads, and for the kernels, which mask the rest.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_RUNTIME_VISIBLE_KEYS_H
#define FP8ATTN_RUNTIME_VISIBLE_KEYS_H

#include "fp8attn/Runtime/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Keys [begin, end) of a sequence, 0 <= begin <= end <= seq_k.
typedef struct fp8attn_key_range {
  int64_t begin;
  int64_t end;
} fp8attn_key_range;

/// Returns the keys that query token `token` of the item's sequence sees. As
/// the token grows, neither bound falls. Windows may be as large as int64_t.
static inline fp8attn_key_range
fp8attn_visible_keys(const fp8attn_work_item *item, int64_t token) {
  const int64_t position = item->diagonal + token;
  fp8attn_key_range keys = {0, item->seq_k};
  // Each bound is compared before it is computed: then it cannot overflow.
  if (item->right < item->seq_k - 1 - position)
    keys.end = position + item->right + 1;
  if (keys.end < 0)
    keys.end = 0;
  if (item->left < position)
    keys.begin = position - item->left;
  if (keys.begin > keys.end)
    keys.begin = keys.end;
  return keys;
}

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_RUNTIME_VISIBLE_KEYS_H
