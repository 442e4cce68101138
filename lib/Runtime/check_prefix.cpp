//===- check_prefix.cpp - checks of groups that share a prefix ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Proves that group_start, prefix_lens and prefix_table divide a batch into
// groups and name pages that exist. After it, the queries of a group are those
// of one sequence: query_start[group_start[g]] rises from 0 to their number.
//
//===----------------------------------------------------------------------===//

#include "batch_lists.h"

#include "fp8attn/Runtime/lowering_abi.h"

using namespace fp8attn;

int32_t fp8attn_check_prefix(fp8attn_context *context,
                             const int32_t *group_start, int64_t num_starts,
                             const int32_t *prefix_lens, int64_t num_groups,
                             const int32_t *prefix_table, int64_t num_tables,
                             int64_t max_pages, int64_t table_stride,
                             const int32_t *query_start, int64_t num_seqs,
                             int64_t num_pages, int64_t page_tokens) {
  const BatchLists lists = {"group_start", "sequences",    group_start,
                            num_starts,    "prefix_lens",  prefix_lens,
                            num_groups,    "prefix_table", prefix_table,
                            num_tables,    max_pages,      table_stride};
  if (int32_t status = checkLists(context, lists, num_seqs, page_tokens))
    return status;
  for (int64_t group = 0; group < num_groups; ++group) {
    // Nobody asks: nothing is read.
    if (query_start[group_start[group]] == query_start[group_start[group + 1]])
      continue;
    const fp8attn_key_range pages = {0, (prefix_lens[group] + page_tokens - 1) /
                                            page_tokens};
    if (int32_t status = checkPages(context, lists, group, pages, num_pages))
      return status;
  }
  return FP8ATTN_OK;
}
