//===- check_batch.cpp - checks of a ragged batch -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Proves that query_start, seq_lens and block_table describe queries, keys and
// pages that exist. After it, kernels and work items use them unchecked: token
// counts fit in 31 bits and every page number that is read is in the cache.
//
// Only those are looked at: engines free the pages that a sliding window has
// left behind, and leave anything in their entries.
//
// A sequence may have fewer keys than queries: under a causal mask its first
// rows see no key, and give 0.
//
//===----------------------------------------------------------------------===//

#include "batch_lists.h"
#include "message.h"
#include "scan.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <cinttypes>

using namespace fp8attn;

/// Returns the entries of a sequence's row that its work items read.
static fp8attn_key_range readPages(const fp8attn_work_item &item,
                                   int64_t pageTokens) {
  if (item.seq_q == 0)
    return {0, 0};
  const fp8attn_key_range keys = fp8attn_read_keys(&item, 0, item.seq_q - 1);
  return {keys.begin / pageTokens, (keys.end + pageTokens - 1) / pageTokens};
}

int32_t fp8attn_check_batch(fp8attn_context *context,
                            const int32_t *query_start, int64_t num_starts,
                            const int32_t *seq_lens, int64_t num_seqs,
                            const int32_t *block_table, int64_t num_tables,
                            int64_t max_pages, int64_t table_stride,
                            int64_t num_tokens, int64_t num_pages,
                            int64_t page_tokens, int64_t top_left, int64_t left,
                            int64_t right) {
  const BatchLists lists = {"query_start", "query tokens", query_start,
                            num_starts,    "seq_lens",     seq_lens,
                            num_seqs,      "block_table",  block_table,
                            num_tables,    max_pages,      table_stride};
  if (int32_t status = checkLists(context, lists, num_tokens, page_tokens))
    return status;
  for (int64_t sequence = 0; sequence < num_seqs; ++sequence) {
    const fp8attn_work_item item =
        makeSequence(query_start, seq_lens, sequence, top_left, left, right);
    if (int32_t status = checkPages(context, lists, sequence,
                                    readPages(item, page_tokens), num_pages))
      return status;
  }
  return FP8ATTN_OK;
}

int32_t fp8attn_check_draft_columns(fp8attn_context *context, const char *name,
                                    int64_t columns, const int32_t *query_start,
                                    int64_t num_starts) {
  int64_t index = fp8attn::findFirst(num_starts - 1, [=](int64_t i) {
    return query_start[i + 1] - query_start[i] > columns;
  });
  if (index < 0)
    return FP8ATTN_OK;
  return fail(context, FP8ATTN_BAD_SIZE,
              "%s.sizes[1] is %" PRId64 ", expected at least %" PRId32
              " (query_start[%" PRId64 "] - query_start[%" PRId64 "])",
              name, columns, query_start[index + 1] - query_start[index],
              index + 1, index);
}

int32_t fp8attn_check_integers(fp8attn_context *context, const char *name,
                               const int32_t *integers, int64_t count,
                               int64_t most) {
  int64_t index = fp8attn::findFirst(count, [=](int64_t i) {
    return (integers[i] < 0) | (integers[i] > most);
  });
  if (index < 0)
    return FP8ATTN_OK;
  return fail(context, FP8ATTN_BAD_SEQ_LEN,
              "%s[%" PRId64 "] is %" PRId32 ", expected 0 to %" PRId64, name,
              index, integers[index], most);
}
