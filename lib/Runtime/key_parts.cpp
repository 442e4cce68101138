//===- key_parts.cpp - when to divide the keys of blocks ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block of query rows has one worker for all its keys if there are enough
// blocks. If there are not, each part of its keys has a worker, and the one
// that is ready last joins the states of all
// (lib/Transforms/AttentionCalls.cpp).
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <cstring>

/// With fewer blocks than this for each worker, some would wait for others.
static constexpr int64_t kBlocksPerWorker = 2;

int64_t fp8attn_num_parts(const fp8attn_context *context, int64_t num_blocks,
                          const int32_t *query_start, const int32_t *seq_lens,
                          int64_t num_seqs, int64_t num_tokens, int64_t group,
                          int64_t num_kv_heads, int64_t top_left, int64_t left,
                          int64_t right) {
  const int64_t workers = context->parallel_for ? context->num_workers : 1;
  if (workers == 1 || num_blocks >= kBlocksPerWorker * workers ||
      num_blocks > FP8ATTN_MAX_DIVIDED_BLOCKS)
    return 1;
  // Most parts of a block: the item of a part that does not exist says so too.
  int64_t parts = 1;
  for (int64_t block = 0; block < num_blocks; ++block) {
    fp8attn_work_item item;
    constexpr int64_t kAnyNumber = 2;
    fp8attn_work_item_init(&item, block * kAnyNumber, kAnyNumber, query_start,
                           seq_lens, num_seqs, num_tokens, group, num_kv_heads,
                           top_left, left, right);
    parts = std::max(parts, item.num_parts);
  }
  if (parts == 1 || num_blocks * parts > workers * FP8ATTN_PARTS_PER_WORKER)
    return 1;
  std::memset(context->workspace, 0,
              static_cast<size_t>(num_blocks) * sizeof(int32_t));
  return parts;
}

int32_t fp8attn_count_part(const fp8attn_context *context,
                           const fp8attn_work_item *item) {
  auto *counters = static_cast<int32_t *>(context->workspace);
  return __atomic_add_fetch(&counters[item->block], 1, __ATOMIC_ACQ_REL) ==
         item->num_parts;
}
