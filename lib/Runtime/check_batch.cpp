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

#include "message.h"
#include "scan.h"

#include "fp8attn/Runtime/lowering_abi.h"
#include "fp8attn/Runtime/visible_keys.h"

#include <algorithm>
#include <cinttypes>

using fp8attn::fail;

/// Pages that an entry of the block table can tell apart.
static constexpr int64_t kMaxPages = int64_t(1) << 31;

static int32_t checkCounts(fp8attn_context *context, int64_t numStarts,
                           int64_t numSeqs, int64_t numTables) {
  // Not numSeqs + 1, which may overflow.
  if (numStarts < 1 || numStarts - 1 != numSeqs)
    return fail(context, FP8ATTN_BAD_SIZE,
                "query_start has %" PRId64
                " elements, expected 1 more than seq_lens (%" PRId64 ")",
                numStarts, numSeqs);
  if (numTables != numSeqs)
    return fail(context, FP8ATTN_BAD_SIZE,
                "block_table has %" PRId64 " rows, expected %" PRId64
                " (the elements of seq_lens)",
                numTables, numSeqs);
  return FP8ATTN_OK;
}

static int32_t checkQueryStart(fp8attn_context *context,
                               const int32_t *queryStart, int64_t numSeqs,
                               int64_t numTokens) {
  if (!queryStart)
    return fail(context, FP8ATTN_NULL_POINTER,
                "query_start is null, expected %" PRId64 " + 1 elements",
                numSeqs);
  if (queryStart[0] != 0)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "query_start[0] is %" PRId32 ", expected 0", queryStart[0]);
  int64_t index = fp8attn::findFirst(
      numSeqs, [=](int64_t i) { return queryStart[i + 1] < queryStart[i]; });
  if (index >= 0)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "query_start[%" PRId64 "] is %" PRId32
                ", expected at least %" PRId32 " (query_start[%" PRId64 "])",
                index + 1, queryStart[index + 1], queryStart[index], index);
  if (queryStart[numSeqs] != numTokens)
    return fail(context, FP8ATTN_BAD_QUERY_START,
                "query_start[%" PRId64 "] is %" PRId32 ", expected %" PRId64
                " (the number of query tokens)",
                numSeqs, queryStart[numSeqs], numTokens);
  return FP8ATTN_OK;
}

static int32_t checkSeqLens(fp8attn_context *context, const int32_t *seqLens,
                            int64_t numSeqs, int64_t maxPages,
                            int64_t pageTokens) {
  if (numSeqs > 0 && !seqLens)
    return fail(context, FP8ATTN_NULL_POINTER,
                "seq_lens is null, expected %" PRId64 " elements", numSeqs);
  int64_t capacity;
  if (__builtin_mul_overflow(maxPages, pageTokens, &capacity))
    capacity = INT64_MAX;
  int64_t index = fp8attn::findFirst(numSeqs, [=](int64_t i) {
    return (seqLens[i] < 0) | (seqLens[i] > capacity);
  });
  if (index < 0)
    return FP8ATTN_OK;
  if (seqLens[index] < 0)
    return fail(context, FP8ATTN_BAD_SEQ_LEN,
                "seq_lens[%" PRId64 "] is %" PRId32 ", expected at least 0",
                index, seqLens[index]);
  return fail(context, FP8ATTN_BAD_SEQ_LEN,
              "seq_lens[%" PRId64 "] is %" PRId32 ", expected at most %" PRId64
              " (%" PRId64 " pages of %" PRId64 " tokens)",
              index, seqLens[index], capacity, maxPages, pageTokens);
}

/// Reads only entries `pages` of a row: the rest may be anything.
static int32_t checkPages(fp8attn_context *context, const int32_t *row,
                          int64_t sequence, fp8attn_key_range pages,
                          int64_t numPages) {
  // As unsigned, a negative entry is no less than the limit, which is 2^31 at
  // most: 32 bits are enough and compare fastest.
  auto limit = static_cast<uint32_t>(std::min(numPages, kMaxPages));
  int64_t index = fp8attn::findFirst(pages.end - pages.begin, [=](int64_t i) {
    return static_cast<uint32_t>(row[pages.begin + i]) >= limit;
  });
  if (index < 0)
    return FP8ATTN_OK;
  index += pages.begin;
  if (numPages == 0)
    return fail(context, FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[%" PRId64 ", %" PRId64 "] is %" PRId32
                ", expected no used entry as the cache has 0 pages",
                sequence, index, row[index]);
  return fail(context, FP8ATTN_BAD_BLOCK_TABLE,
              "block_table[%" PRId64 ", %" PRId64 "] is %" PRId32
              ", expected 0 to %" PRId64,
              sequence, index, row[index], numPages - 1);
}

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
  if (int32_t status = checkCounts(context, num_starts, num_seqs, num_tables))
    return status;
  if (int32_t status =
          checkQueryStart(context, query_start, num_seqs, num_tokens))
    return status;
  if (int32_t status =
          checkSeqLens(context, seq_lens, num_seqs, max_pages, page_tokens))
    return status;
  for (int64_t sequence = 0; sequence < num_seqs; ++sequence) {
    fp8attn_work_item item = {};
    item.seq_q = query_start[sequence + 1] - query_start[sequence];
    item.seq_k = seq_lens[sequence];
    item.diagonal = fp8attn_diagonal(item.seq_q, item.seq_k, top_left);
    item.left = left;
    item.right = right;
    const fp8attn_key_range pages = readPages(item, page_tokens);
    if (pages.begin == pages.end)
      continue;
    if (!block_table)
      return fail(context, FP8ATTN_NULL_POINTER,
                  "block_table is null, expected pages for seq_lens[%" PRId64
                  "] = %" PRId32,
                  sequence, seq_lens[sequence]);
    if (int32_t status =
            checkPages(context, block_table + sequence * table_stride, sequence,
                       pages, num_pages))
      return status;
  }
  return FP8ATTN_OK;
}

int32_t fp8attn_check_columns(fp8attn_context *context, const char *name,
                              int64_t columns, const int32_t *seq_lens,
                              int64_t num_seqs) {
  int64_t index = fp8attn::findFirst(
      num_seqs, [=](int64_t i) { return seq_lens[i] > columns; });
  if (index < 0)
    return FP8ATTN_OK;
  return fail(context, FP8ATTN_BAD_SIZE,
              "%s.sizes[1] is %" PRId64 ", expected at least %" PRId32
              " (seq_lens[%" PRId64 "])",
              name, columns, seq_lens[index], index);
}
