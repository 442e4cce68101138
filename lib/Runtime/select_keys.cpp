//===- select_keys.cpp - the keys of a query's list -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts what a query selects in the order of positions, each once, so that a
// list is a set: its order changes no result, and only its last page can be one
// that the query sees a part of.
//
//===----------------------------------------------------------------------===//

#include "selection.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>

namespace {
/// A query token's list, and where its keys are.
struct List {
  const int32_t *entries;
  int64_t numEntries;
  /// The row of the sequence.
  const int32_t *pages;
  /// The token sees keys before this.
  int64_t end;
};
} // namespace

/// Finds the sequence of `token` and makes its list.
static List findList(const int32_t *selected, int64_t numEntries,
                     int64_t stride, int64_t token, const int32_t *queryStart,
                     const int32_t *seqLens, int64_t numSeqs,
                     const int32_t *blockTable, int64_t tableStride,
                     int64_t topLeft, int64_t right) {
  // The last one that begins no later has a query.
  const int64_t sequence =
      std::upper_bound(queryStart, queryStart + numSeqs, token) - queryStart -
      1;
  return {selected + token * stride, numEntries,
          blockTable + sequence * tableStride,
          fp8attn::findVisibleEnd(queryStart, seqLens, sequence, token, topLeft,
                                  right)};
}

/// Writes the visible entries, which stand for `unit` tokens each, in order.
/// Returns their number.
template <typename Entry>
static int64_t sortVisible(const List &list, int64_t unit, Entry *out) {
  int64_t count = 0;
  bool isSorted = true;
  for (int64_t i = 0; i < list.numEntries; ++i) {
    const int32_t entry = list.entries[i];
    if (entry < 0 || entry * unit >= list.end)
      continue;
    isSorted &= count == 0 || out[count - 1] < entry;
    out[count++] = entry;
  }
  if (isSorted)
    return count;
  std::sort(out, out + count);
  return std::unique(out, out + count) - out;
}

int64_t fp8attn_select_pages(const int32_t *selected, int64_t num_entries,
                             int64_t stride, int64_t token,
                             const int32_t *query_start,
                             const int32_t *seq_lens, int64_t num_seqs,
                             const int32_t *block_table, int64_t table_stride,
                             int64_t page_tokens, int64_t top_left,
                             int64_t right, int32_t *out, int64_t out_stride,
                             int64_t out_row) {
  const List list =
      findList(selected, num_entries, stride, token, query_start, seq_lens,
               num_seqs, block_table, table_stride, top_left, right);
  int32_t *pages = out + out_row * out_stride;
  const int64_t count = sortVisible(list, page_tokens, pages);
  if (count == 0)
    return 0;
  const int64_t ofLast =
      std::min(page_tokens, list.end - pages[count - 1] * page_tokens);
  for (int64_t i = 0; i < count; ++i)
    pages[i] = list.pages[pages[i]];
  return (count - 1) * page_tokens + ofLast;
}

int64_t fp8attn_select_tokens(const int32_t *selected, int64_t num_entries,
                              int64_t stride, int64_t token,
                              const int32_t *query_start,
                              const int32_t *seq_lens, int64_t num_seqs,
                              const int32_t *block_table, int64_t table_stride,
                              int64_t page_tokens, int64_t top_left,
                              int64_t right, int64_t *out, int64_t out_stride,
                              int64_t out_row) {
  const List list =
      findList(selected, num_entries, stride, token, query_start, seq_lens,
               num_seqs, block_table, table_stride, top_left, right);
  int64_t *places = out + out_row * out_stride;
  const int64_t count = sortVisible(list, /*unit=*/1, places);
  for (int64_t i = 0; i < count; ++i)
    places[i] = list.pages[places[i] / page_tokens] * page_tokens +
                places[i] % page_tokens;
  return count;
}
