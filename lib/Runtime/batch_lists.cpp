//===- batch_lists.cpp - the lists that make a batch ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. Each function reports the first offence.
//
//===----------------------------------------------------------------------===//

#include "batch_lists.h"
#include "message.h"
#include "scan.h"

#include <algorithm>
#include <cinttypes>

using namespace fp8attn;

/// Pages that an entry of a table can tell apart.
static constexpr int64_t kMaxPages = int64_t(1) << 31;

static int32_t checkCounts(fp8attn_context *context, const BatchLists &lists) {
  // Not numLens + 1, which may overflow.
  if (lists.numStarts < 1 || lists.numStarts - 1 != lists.numLens)
    return fail(
        context, FP8ATTN_BAD_SIZE,
        "%s has %" PRId64 " elements, expected 1 more than %s (%" PRId64 ")",
        lists.startsName, lists.numStarts, lists.lensName, lists.numLens);
  if (lists.numTables != lists.numLens)
    return fail(
        context, FP8ATTN_BAD_SIZE,
        "%s has %" PRId64 " rows, expected %" PRId64 " (the elements of %s)",
        lists.tableName, lists.numTables, lists.numLens, lists.lensName);
  return FP8ATTN_OK;
}

static int32_t checkStarts(fp8attn_context *context, const BatchLists &lists,
                           int64_t end) {
  const int32_t *starts = lists.starts;
  const int64_t numLens = lists.numLens;
  if (!starts)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected %" PRId64 " + 1 elements",
                lists.startsName, numLens);
  if (starts[0] != 0)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "%s[0] is %" PRId32 ", expected 0", lists.startsName,
                starts[0]);
  int64_t index =
      findFirst(numLens, [=](int64_t i) { return starts[i + 1] < starts[i]; });
  if (index >= 0)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "%s[%" PRId64 "] is %" PRId32 ", expected at least %" PRId32
                " (%s[%" PRId64 "])",
                lists.startsName, index + 1, starts[index + 1], starts[index],
                lists.startsName, index);
  if (starts[numLens] != end)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "%s[%" PRId64 "] is %" PRId32 ", expected %" PRId64
                " (the number of %s)",
                lists.startsName, numLens, starts[numLens], end, lists.counted);
  return FP8ATTN_OK;
}

static int32_t checkLens(fp8attn_context *context, const BatchLists &lists,
                         int64_t pageTokens) {
  const int32_t *lens = lists.lens;
  const int64_t numLens = lists.numLens, maxPages = lists.maxPages;
  if (numLens > 0 && !lens)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected %" PRId64 " elements", lists.lensName,
                numLens);
  int64_t capacity;
  if (__builtin_mul_overflow(maxPages, pageTokens, &capacity))
    capacity = INT64_MAX;
  int64_t index = findFirst(
      numLens, [=](int64_t i) { return (lens[i] < 0) | (lens[i] > capacity); });
  if (index < 0)
    return FP8ATTN_OK;
  if (lens[index] < 0)
    return fail(context, FP8ATTN_BAD_SEQ_LEN,
                "%s[%" PRId64 "] is %" PRId32 ", expected at least 0",
                lists.lensName, index, lens[index]);
  return fail(context, FP8ATTN_BAD_SEQ_LEN,
              "%s[%" PRId64 "] is %" PRId32 ", expected at most %" PRId64
              " (%" PRId64 " pages of %" PRId64 " tokens)",
              lists.lensName, index, lens[index], capacity, maxPages,
              pageTokens);
}

int32_t fp8attn::checkLists(fp8attn_context *context, const BatchLists &lists,
                            int64_t end, int64_t pageTokens) {
  if (int32_t status = checkCounts(context, lists))
    return status;
  if (int32_t status = checkStarts(context, lists, end))
    return status;
  return checkLens(context, lists, pageTokens);
}

int32_t fp8attn::checkPages(fp8attn_context *context, const BatchLists &lists,
                            int64_t index, fp8attn_key_range pages,
                            int64_t numPages) {
  if (pages.begin == pages.end)
    return FP8ATTN_OK;
  if (!lists.table)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected pages for %s[%" PRId64 "] = %" PRId32,
                lists.tableName, lists.lensName, index, lists.lens[index]);
  const int32_t *row = lists.table + index * lists.stride;
  // As unsigned, a negative entry is no less than the limit, which is 2^31 at
  // most: 32 bits are enough and compare fastest.
  auto limit = static_cast<uint32_t>(std::min(numPages, kMaxPages));
  int64_t column = findFirst(pages.end - pages.begin, [=](int64_t i) {
    return static_cast<uint32_t>(row[pages.begin + i]) >= limit;
  });
  if (column < 0)
    return FP8ATTN_OK;
  column += pages.begin;
  if (numPages == 0)
    return fail(context, FP8ATTN_BAD_BLOCK_TABLE,
                "%s[%" PRId64 ", %" PRId64 "] is %" PRId32
                ", expected no used entry as the cache has 0 pages",
                lists.tableName, index, column, row[column]);
  return fail(context, FP8ATTN_BAD_BLOCK_TABLE,
              "%s[%" PRId64 ", %" PRId64 "] is %" PRId32
              ", expected 0 to %" PRId64,
              lists.tableName, index, column, row[column], numPages - 1);
}
