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

/// Pages that an entry of a table can tell apart.
static constexpr int64_t kMaxPages = int64_t(1) << 31;

int32_t fp8attn::checkCounts(fp8attn_context *context, const ListNames &names,
                             int64_t numStarts, int64_t numLens,
                             int64_t numTables) {
  // Not numLens + 1, which may overflow.
  if (numStarts < 1 || numStarts - 1 != numLens)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s has %" PRId64 " elements, expected 1 more than %s (%" PRId64
                ")",
                names.starts, numStarts, names.lens, numLens);
  if (numTables != numLens)
    return fail(context, FP8ATTN_BAD_SIZE,
                "%s has %" PRId64 " rows, expected %" PRId64
                " (the elements of %s)",
                names.table, numTables, numLens, names.lens);
  return FP8ATTN_OK;
}

int32_t fp8attn::checkStarts(fp8attn_context *context, const ListNames &names,
                             const int32_t *starts, int64_t numLens,
                             int64_t end) {
  if (!starts)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected %" PRId64 " + 1 elements", names.starts,
                numLens);
  if (starts[0] != 0)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "%s[0] is %" PRId32 ", expected 0", names.starts, starts[0]);
  int64_t index =
      findFirst(numLens, [=](int64_t i) { return starts[i + 1] < starts[i]; });
  if (index >= 0)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "%s[%" PRId64 "] is %" PRId32 ", expected at least %" PRId32
                " (%s[%" PRId64 "])",
                names.starts, index + 1, starts[index + 1], starts[index],
                names.starts, index);
  if (starts[numLens] != end)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "%s[%" PRId64 "] is %" PRId32 ", expected %" PRId64
                " (the number of %s)",
                names.starts, numLens, starts[numLens], end, names.counted);
  return FP8ATTN_OK;
}

int32_t fp8attn::checkLens(fp8attn_context *context, const ListNames &names,
                           const int32_t *lens, int64_t numLens,
                           int64_t maxPages, int64_t pageTokens) {
  if (numLens > 0 && !lens)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected %" PRId64 " elements", names.lens,
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
                names.lens, index, lens[index]);
  return fail(context, FP8ATTN_BAD_SEQ_LEN,
              "%s[%" PRId64 "] is %" PRId32 ", expected at most %" PRId64
              " (%" PRId64 " pages of %" PRId64 " tokens)",
              names.lens, index, lens[index], capacity, maxPages, pageTokens);
}

int32_t fp8attn::checkPages(fp8attn_context *context, const ListNames &names,
                            const int32_t *table, int64_t stride, int64_t index,
                            int32_t length, fp8attn_key_range pages,
                            int64_t numPages) {
  if (pages.begin == pages.end)
    return FP8ATTN_OK;
  if (!table)
    return fail(context, FP8ATTN_NULL_POINTER,
                "%s is null, expected pages for %s[%" PRId64 "] = %" PRId32,
                names.table, names.lens, index, length);
  const int32_t *row = table + index * stride;
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
                names.table, index, column, row[column]);
  return fail(context, FP8ATTN_BAD_BLOCK_TABLE,
              "%s[%" PRId64 ", %" PRId64 "] is %" PRId32
              ", expected 0 to %" PRId64,
              names.table, index, column, row[column], numPages - 1);
}
