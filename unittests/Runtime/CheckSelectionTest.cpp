//===- CheckSelectionTest.cpp - checks of lists of selected keys ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two sequences of two queries and one, and one without any, then one thing
// wrong at a time. What nobody selects is anything.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <vector>

using namespace fp8attn;

static constexpr int64_t kPageTokens = 32;
/// What unused entries of the table hold.
static constexpr int32_t kUnused = INT32_MIN;

namespace {
class CheckSelectionTest : public RuntimeTest {
protected:
  int32_t check() {
    return fp8attn_check_selection(
        &context, "selected_pages", unit, selected.data(), numLists,
        /*num_entries=*/2, stride, /*list_stride=*/3, queryStart.data(), 4,
        seqLens.data(), 3, table.data(), numTables, /*max_pages=*/3,
        /*table_stride=*/3, /*num_tokens=*/3,
        /*num_pages=*/10, kPageTokens, topLeft, right);
  }

  int64_t unit = kPageTokens, numTables = 3, topLeft = 0, right = 0;
  int64_t numLists = 0, stride = 3;
  std::vector<int32_t> queryStart = {0, 2, 2, 3};
  std::vector<int32_t> seqLens = {65, 96, 33};
  /// Causal queries 0 and 1 see 64 and 65 keys, query 2 sees 33.
  std::vector<int32_t> table = {9,       kUnused, 3, kUnused, kUnused,
                                kUnused, kUnused, 0, kUnused};
  /// Rows of two entries, three apart.
  std::vector<int32_t> selected = {0, 2, kUnused, 2, 0, kUnused, 1, 2, kUnused};
};
} // namespace

TEST_F(CheckSelectionTest, GoodLists) {
  // Page 2 is behind query 0 and behind the keys of the last sequence.
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
  selected = {-1, -1, kUnused, -1, 2, kUnused, 1, 1, kUnused};
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
  unit = 1;
  selected = {31, 64, kUnused, 64, 95, kUnused, 32, 33, kUnused};
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
}

TEST_F(CheckSelectionTest, Entries) {
  selected[4] = -2;
  expectFailure(
      check(), FP8ATTN_BAD_PAGE,
      "selected_pages[1, 1] is -2, expected -1 to 2 (block_table has 3 pages "
      "of 32 tokens for a sequence)");
  selected[4] = 3;
  expectFailure(
      check(), FP8ATTN_BAD_PAGE,
      "selected_pages[1, 1] is 3, expected -1 to 2 (block_table has 3 pages "
      "of 32 tokens for a sequence)");
  unit = 1;
  selected[4] = 96;
  expectFailure(
      check(), FP8ATTN_BAD_PAGE,
      "selected_pages[1, 1] is 96, expected -1 to 95 (block_table has 3 pages "
      "of 32 tokens for a sequence)");
}

TEST_F(CheckSelectionTest, ListsOfHeads) {
  // A row of two lists for each token, of which the second is behind the first.
  numLists = 2;
  stride = 6;
  selected = {0, 2, kUnused, 2, 0, kUnused, -1, 2,  kUnused,
              0, 2, kUnused, 1, 2, kUnused, 1,  -1, kUnused};
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
  selected[10] = 3;
  expectFailure(check(), FP8ATTN_BAD_PAGE,
                "selected_pages[1, 1, 1] is 3, expected -1 to 2 (block_table "
                "has 3 pages of 32 tokens for a sequence)");
  selected[10] = 1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[0, 1] is -2147483648, expected a page of the "
                "cache, which has 10, for selected_pages[1, 1, 1] = 1");
}

TEST_F(CheckSelectionTest, PagesOfVisibleKeys) {
  selected[1] = 1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[0, 1] is -2147483648, expected a page of the "
                "cache, which has 10, for selected_pages[0, 1] = 1");
  table[1] = 10;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[0, 1] is 10, expected a page of the cache, which "
                "has 10, for selected_pages[0, 1] = 1");
  table[1] = 2;
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
  // Without an end, query 0 sees the last key, and query 2 no more than it did.
  right = FP8ATTN_UNBOUNDED;
  table[2] = -1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[0, 2] is -1, expected a page of the cache, which "
                "has 10, for selected_pages[1, 0] = 2");
  unit = 1;
  selected = {-1, 63, kUnused, 64, 0, kUnused, 1, 32, kUnused};
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[0, 2] is -1, expected a page of the cache, which "
                "has 10, for selected_pages[1, 0] = 64");
  // Of the first key that is not seen, nothing is looked at.
  right = 0;
  selected = {64, 63, kUnused, -1, 0, kUnused, 33, 32, kUnused};
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
}

TEST_F(CheckSelectionTest, PositionsOfTheFirstQueries) {
  // Query 1 is at key 1: pages 1 and 2 are not looked at.
  topLeft = 1;
  table = {9, kUnused, kUnused, kUnused, kUnused, kUnused, 5, kUnused, kUnused};
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
  right = 32;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "block_table[2, 1] is -2147483648, expected a page of the "
                "cache, which has 10, for selected_pages[2, 0] = 1");
}

TEST_F(CheckSelectionTest, TheBatch) {
  numTables = 2;
  expectFailure(
      check(), FP8ATTN_BAD_SIZE,
      "block_table has 2 rows, expected 3 (the elements of seq_lens)");
  numTables = 3;
  seqLens[1] = 97;
  expectFailure(check(), FP8ATTN_BAD_SEQ_LEN,
                "seq_lens[1] is 97, expected at most 96 (3 pages of 32 "
                "tokens)");
  queryStart[3] = 4;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "query_start[3] is 4, expected 3 (the number of query tokens)");
}

TEST_F(CheckSelectionTest, Null) {
  const auto checkWith = [&](const int32_t *list, const int32_t *pages,
                             int64_t entries) {
    return fp8attn_check_selection(&context, "selected_pages", kPageTokens,
                                   list, 0, entries, 3, 0, queryStart.data(), 4,
                                   seqLens.data(), 3, pages, 3, 3, 3, 3, 10,
                                   kPageTokens, 0, 0);
  };
  expectFailure(checkWith(nullptr, table.data(), 2), FP8ATTN_NULL_POINTER,
                "selected_pages is null, expected 3 x 2 elements");
  expectFailure(checkWith(selected.data(), nullptr, 2), FP8ATTN_NULL_POINTER,
                "block_table is null, expected pages for selected_pages");
  EXPECT_EQ(checkWith(nullptr, nullptr, 0), FP8ATTN_OK);
}
