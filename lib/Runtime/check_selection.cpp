//===- check_selection.cpp - checks of lists of selected keys -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Proves that a batch and the lists of what its queries see name keys and pages
// that exist. Entries of the block table for keys that no query has in its list
// may be anything: engines move pages away that nobody selects.
//
//===----------------------------------------------------------------------===//

#include "batch_lists.h"
#include "message.h"
#include "scan.h"
#include "selection.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

using namespace fp8attn;

namespace {
/// The lists as a caller gives them.
struct Selection {
  const char *name;
  int64_t unit;
  const int32_t *selected;
  int64_t numLists, numEntries, stride, listStride;
  int64_t numPages, pageTokens;
  /// Entries are below it.
  int64_t numUnits;
};
} // namespace

/// Text of the indices of an entry: of the token, and of the list if there are
/// several.
namespace {
struct EntryText {
  char text[72];

  EntryText(const Selection &selection, int64_t token, int64_t list,
            int64_t column) {
    if (selection.numLists > 0)
      std::snprintf(text, sizeof text,
                    "[%" PRId64 ", %" PRId64 ", %" PRId64 "]", token, list,
                    column);
    else
      std::snprintf(text, sizeof text, "[%" PRId64 ", %" PRId64 "]", token,
                    column);
  }
};
} // namespace

/// Checks the entries of a list of a query token that sees keys up to `end`.
static int32_t checkRow(fp8attn_context *context, const Selection &selection,
                        const BatchLists &lists, int64_t sequence,
                        int64_t token, int64_t list, int64_t end) {
  const int32_t *row = selection.selected + token * selection.stride +
                       list * selection.listStride;
  const int64_t numUnits = selection.numUnits;
  int64_t column = findFirst(selection.numEntries, [=](int64_t i) {
    return (row[i] < -1) | (row[i] >= numUnits);
  });
  if (column >= 0)
    return fail(context, FP8ATTN_BAD_PAGE,
                "%s%s is %" PRId32 ", expected -1 to %" PRId64
                " (%s has %" PRId64 " pages of %" PRId64
                " tokens for a sequence)",
                selection.name, EntryText(selection, token, list, column).text,
                row[column], numUnits - 1, lists.tableName, lists.maxPages,
                selection.pageTokens);
  const int32_t *pages = lists.table + sequence * lists.stride;
  const int64_t unit = selection.unit, pageTokens = selection.pageTokens;
  const int64_t numPages = selection.numPages;
  column = findFirst(selection.numEntries, [=](int64_t i) {
    const int64_t key = row[i] * unit;
    if (key < 0 || key >= end)
      return false;
    const int32_t page = pages[key / pageTokens];
    return page < 0 || page >= numPages;
  });
  if (column < 0)
    return FP8ATTN_OK;
  const int64_t page = row[column] * unit / pageTokens;
  return fail(context, FP8ATTN_BAD_BLOCK_TABLE,
              "%s[%" PRId64 ", %" PRId64 "] is %" PRId32
              ", expected a page of the cache, which has %" PRId64
              ", for %s%s = %" PRId32,
              lists.tableName, sequence, page, pages[page], numPages,
              selection.name, EntryText(selection, token, list, column).text,
              row[column]);
}

int32_t fp8attn_check_selection(
    fp8attn_context *context, const char *name, int64_t unit,
    const int32_t *selected, int64_t num_lists, int64_t num_entries,
    int64_t stride, int64_t list_stride, const int32_t *query_start,
    int64_t num_starts, const int32_t *seq_lens, int64_t num_seqs,
    const int32_t *block_table, int64_t num_tables, int64_t max_pages,
    int64_t table_stride, int64_t num_tokens, int64_t num_pages,
    int64_t page_tokens, int64_t top_left, int64_t right) {
  const BatchLists lists = {"query_start", "query tokens", query_start,
                            num_starts,    "seq_lens",     seq_lens,
                            num_seqs,      "block_table",  block_table,
                            num_tables,    max_pages,      table_stride};
  if (int32_t status = checkLists(context, lists, num_tokens, page_tokens))
    return status;
  if (num_tokens == 0 || num_entries == 0)
    return FP8ATTN_OK;
  const int64_t numRows = num_tokens * std::max<int64_t>(num_lists, 1);
  if (!selected)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected %" PRId64 " x %" PRId64 " elements", name,
                numRows, num_entries);
  int64_t capacity;
  if (__builtin_mul_overflow(max_pages, page_tokens, &capacity))
    capacity = INT64_MAX;
  if (max_pages > 0 && !block_table)
    return fail(context, FP8ATTN_NULL_POINTER,
                "block_table is null, expected pages for %s", name);
  const Selection selection = {
      name,   unit,        selected,  num_lists,   num_entries,
      stride, list_stride, num_pages, page_tokens, capacity / unit};
  for (int64_t sequence = 0; sequence < num_seqs; ++sequence)
    for (int64_t token = query_start[sequence];
         token < query_start[sequence + 1]; ++token) {
      const int64_t end = findVisibleEnd(query_start, seq_lens, sequence, token,
                                         top_left, right);
      for (int64_t list = 0; list < std::max<int64_t>(num_lists, 1); ++list)
        if (int32_t status =
                checkRow(context, selection, lists, sequence, token, list, end))
          return status;
    }
  return FP8ATTN_OK;
}
