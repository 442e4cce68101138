//===- CheckBatchTest.cpp - checks of a ragged batch ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A good batch of four sequences (one of them empty, one with fewer keys than
// queries), then one thing wrong at a time.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <algorithm>
#include <vector>

using namespace fp8attn;

static constexpr int64_t kPageTokens = 32;
/// What unused entries of the block table hold.
static constexpr int32_t kUnused = INT32_MIN;

namespace {
class CheckBatchTest : public RuntimeTest {
protected:
  int32_t check() {
    return fp8attn_check_batch(&context, queryStart.data(), numStarts,
                               seqLens.data(), numSeqs, table.data(), numTables,
                               maxPages, /*table_stride=*/4, numTokens,
                               numPages, kPageTokens, topLeft, left, right);
  }

  std::vector<int32_t> queryStart = {0, 5, 5, 6, 10};
  std::vector<int32_t> seqLens = {96, 0, 33, 2};
  /// Rows of three entries, four apart.
  std::vector<int32_t> table = {
      0, 9, 0,       kUnused, kUnused, kUnused, kUnused, kUnused,
      4, 5, kUnused, kUnused, 9,       kUnused, kUnused, kUnused};
  int64_t numStarts = 5;
  int64_t numSeqs = 4;
  int64_t numTables = 4;
  int64_t maxPages = 3;
  int64_t numTokens = 10;
  int64_t numPages = 10;
  int64_t topLeft = 0, left = FP8ATTN_UNBOUNDED, right = 0;
};
} // namespace

TEST_F(CheckBatchTest, GoodBatch) { EXPECT_EQ(check(), FP8ATTN_OK); }

TEST_F(CheckBatchTest, EmptyBatchOfAnEmptyCache) {
  const int32_t zero = 0;
  EXPECT_EQ(fp8attn_check_batch(&context, &zero, 1, nullptr, 0, nullptr, 0, 0,
                                0, 0, 0, kPageTokens, 0, 0, 0),
            FP8ATTN_OK);
}

TEST_F(CheckBatchTest, Counts) {
  numTables = 3;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "block_table has 3 rows, expected 4 (the elements of "
                "seq_lens)");
  numStarts = 4;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "query_start has 4 elements, expected 1 more than seq_lens "
                "(4)");
}

TEST_F(CheckBatchTest, HugeCountsAreNotFollowed) {
  for (int64_t huge : {INT64_MAX, INT64_MIN, int64_t(-1)}) {
    numSeqs = huge;
    EXPECT_EQ(check(), FP8ATTN_BAD_SIZE);
  }
  numSeqs = -1;
  numStarts = 0;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "query_start has 0 elements, expected 1 more than seq_lens "
                "(-1)");
}

TEST_F(CheckBatchTest, QueryStart) {
  numTokens = 11;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "query_start[4] is 10, expected 11 (the number of query "
                "tokens)");
  queryStart[3] = 4;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "query_start[3] is 4, expected at least 5 (query_start[2])");
  queryStart[0] = 3;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "query_start[0] is 3, expected 0");
}

TEST_F(CheckBatchTest, SeqLens) {
  seqLens[2] = 97;
  expectFailure(check(), FP8ATTN_BAD_SEQ_LEN,
                "seq_lens[2] is 97, expected at most 96 (3 pages of 32 "
                "tokens)");
  seqLens[1] = -1;
  expectFailure(check(), FP8ATTN_BAD_SEQ_LEN,
                "seq_lens[1] is -1, expected at least 0");
}

TEST_F(CheckBatchTest, CapacityThatOverflowsIsEnough) {
  maxPages = INT64_MAX / 2;
  EXPECT_EQ(check(), FP8ATTN_OK);
}

TEST_F(CheckBatchTest, BlockTable) {
  table[9] = 10;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[2, 1] is 10, expected 0 to 9");
  table[9] = -1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[2, 1] is -1, expected 0 to 9");
  numPages = 0;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[0, 0] is 0, expected no used entry as the cache "
                "has 0 pages");
}

TEST_F(CheckBatchTest, MorePagesThanEntriesCanName) {
  table[8] = INT32_MAX;
  for (int64_t pages : {int64_t(1) << 31, int64_t(1) << 32, INT64_MAX}) {
    numPages = pages;
    EXPECT_EQ(check(), FP8ATTN_OK);
  }
  table[8] = -1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[2, 0] is -1, expected 0 to 9223372036854775806");
}

TEST_F(CheckBatchTest, LastTokenOfAPageNeedsNoOther) {
  seqLens[2] = 64;
  EXPECT_EQ(check(), FP8ATTN_OK);
  seqLens[2] = 65;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[2, 2] is -2147483648, expected 0 to 9");
}

TEST_F(CheckBatchTest, EntriesPastTheLengthAreNotRead) {
  // The sanitizer sees a read beyond these exact allocations.
  std::vector<int32_t> starts = {0, 1};
  std::vector<int32_t> lens = {33};
  std::vector<int32_t> pages = {1, 0};
  EXPECT_EQ(fp8attn_check_batch(&context, starts.data(), 2, lens.data(), 1,
                                pages.data(), 1, /*max_pages=*/1000, 1000, 1, 2,
                                kPageTokens, topLeft, left, right),
            FP8ATTN_OK);
}

/// The first entry that is looked at, and the end: everything else is no page.
static void expectRead(fp8attn_context *context, int32_t queries, int32_t keys,
                       int64_t topLeft, int64_t left, int64_t right,
                       int64_t begin, int64_t end) {
  SCOPED_TRACE(testing::Message()
               << queries << " queries, " << keys << " keys, top_left "
               << topLeft << ", window " << left << " " << right);
  const int32_t starts[] = {0, queries};
  const int64_t maxPages = (keys + kPageTokens - 1) / kPageTokens + 1;
  std::vector<int32_t> row(maxPages, kUnused);
  std::fill(row.begin() + begin, row.begin() + end, 0);
  const auto check = [&] {
    return fp8attn_check_batch(context, starts, 2, &keys, 1, row.data(), 1,
                               maxPages, maxPages, queries, /*num_pages=*/1,
                               kPageTokens, topLeft, left, right);
  };
  EXPECT_EQ(check(), FP8ATTN_OK) << context->message;
  for (int64_t i = begin; i < end; ++i)
    for (int32_t page : {-1, 1, INT32_MAX, INT32_MIN}) {
      row[i] = page;
      EXPECT_EQ(check(), FP8ATTN_BAD_BLOCK_TABLE) << i;
      const std::string entry = "block_table[0, " + std::to_string(i) + "] is ";
      EXPECT_EQ(std::string(context->message).find(entry), 0u)
          << context->message;
      row[i] = 0;
    }
}

TEST_F(CheckBatchTest, OnlyEntriesOfVisibleKeysAreLookedAt) {
  const int64_t all = FP8ATTN_UNBOUNDED;
  // Key 1000 - 1 - 99 is in page 28.
  expectRead(&context, 1, 1000, 0, 99, 0, 28, 32);
  // The window of the first of two queries begins with key 767 or 768.
  expectRead(&context, 2, 1000, 0, 231, 0, 23, 32);
  expectRead(&context, 2, 1000, 0, 230, 0, 24, 32);
  expectRead(&context, 1, 1000, 0, all, 0, 0, 32);
  // From the first key on, up to key 99 or, if causal, up to key 9.
  expectRead(&context, 10, 1000, 1, all, 90, 0, 4);
  expectRead(&context, 10, 1000, 1, 5, 0, 0, 1);
  expectRead(&context, 10, 1000, 1, all, all, 0, 32);
  // The last queries stand past the last key, the first where 5 are before it.
  expectRead(&context, 1000, 40, 1, 5, 0, 0, 2);
  // Queries before the first key see it only as far as their window reaches.
  expectRead(&context, 100, 40, 0, 5, 0, 0, 2);
  expectRead(&context, 0, 1000, 0, all, all, 0, 0);
}

TEST_F(CheckBatchTest, Null) {
  const int32_t starts[] = {0, 1};
  const int32_t lens[] = {7};
  auto checkWith = [&](const int32_t *start, const int32_t *len) {
    return fp8attn_check_batch(&context, start, 2, len, 1, nullptr, 1, 1, 1, 1,
                               1, kPageTokens, topLeft, left, right);
  };
  expectFailure(checkWith(nullptr, lens), FP8ATTN_NULL_POINTER,
                "query_start is null, expected 1 + 1 elements");
  expectFailure(checkWith(starts, nullptr), FP8ATTN_NULL_POINTER,
                "seq_lens is null, expected 1 elements");
  expectFailure(checkWith(starts, lens), FP8ATTN_NULL_POINTER,
                "block_table is null, expected pages for seq_lens[0] = 7");
}

TEST_F(CheckBatchTest, DraftColumns) {
  const int32_t starts[] = {0, 2, 2, 7, 10};
  EXPECT_EQ(fp8attn_check_draft_columns(&context, "draft_mask", 5, starts, 5),
            FP8ATTN_OK);
  EXPECT_EQ(fp8attn_check_draft_columns(&context, "draft_mask", 0, starts, 1),
            FP8ATTN_OK);
  expectFailure(
      fp8attn_check_draft_columns(&context, "draft_mask", 4, starts, 5),
      FP8ATTN_BAD_SIZE,
      "draft_mask.sizes[1] is 4, expected at least 5 (query_start[3] - "
      "query_start[2])");
}

TEST_F(CheckBatchTest, Integers) {
  const int32_t lens[] = {7, 0, 12};
  EXPECT_EQ(fp8attn_check_integers(&context, "key_lens", lens, 3, 12),
            FP8ATTN_OK);
  EXPECT_EQ(fp8attn_check_integers(&context, "key_lens", nullptr, 0, 12),
            FP8ATTN_OK);
  expectFailure(fp8attn_check_integers(&context, "key_lens", lens, 3, 11),
                FP8ATTN_BAD_SEQ_LEN, "key_lens[2] is 12, expected 0 to 11");
  const int32_t offsets[] = {3, -1};
  expectFailure(
      fp8attn_check_integers(&context, "query_offsets", offsets, 2, 9),
      FP8ATTN_BAD_SEQ_LEN, "query_offsets[1] is -1, expected 0 to 9");
}
