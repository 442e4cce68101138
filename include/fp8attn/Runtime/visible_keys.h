//===- visible_keys.h - which keys a query sees -----------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place where the window of a query is computed, for the runtime, which
// decides what a work item reads and which pages must therefore exist, and for
// the kernels, which mask the rest.
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

/// Returns the keys that are read for query tokens [first_token, last_token] of
/// the item's sequence: from the granule in which the first visible one lies to
/// the last visible one, or none from 0 on. Neighbours see
/// neighbouring keys, so that what is read for a sequence is what is read for
/// its parts.
static inline fp8attn_key_range fp8attn_read_keys(const fp8attn_work_item *item,
                                                  int64_t first_token,
                                                  int64_t last_token) {
  fp8attn_key_range keys = {fp8attn_visible_keys(item, first_token).begin,
                            fp8attn_visible_keys(item, last_token).end};
  // All windows are before the first key, or all are past the last.
  if (keys.begin >= keys.end)
    keys.begin = keys.end = 0;
  keys.begin = keys.begin / FP8ATTN_GRANULE * FP8ATTN_GRANULE;
  return keys;
}

/// Returns the position of query 0 of a sequence among its keys.
static inline int64_t fp8attn_diagonal(int64_t seq_q, int64_t seq_k,
                                       int64_t top_left) {
  return top_left ? 0 : seq_k - seq_q;
}

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_RUNTIME_VISIBLE_KEYS_H
