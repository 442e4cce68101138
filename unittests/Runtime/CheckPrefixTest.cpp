//===- CheckPrefixTest.cpp - checks of groups that share a prefix ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Five sequences in four groups: one without sequences, one without queries and
// one without a prefix. Then one thing wrong at a time.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <vector>

using namespace fp8attn;

static constexpr int64_t kPageTokens = 32;
/// What unused entries of the table hold.
static constexpr int32_t kUnused = INT32_MIN;

namespace {
class CheckPrefixTest : public RuntimeTest {
protected:
  int32_t check() {
    return fp8attn_check_prefix(
        &context, groupStart.data(), numStarts, prefixLens.data(), numGroups,
        table.data(), numTables, maxPages, /*table_stride=*/3,
        queryStart.data(), numSeqs, numPages, kPageTokens);
  }

  /// Sequence 3, which is group 2 alone, has no queries.
  std::vector<int32_t> queryStart = {0, 5, 6, 9, 9, 10};
  std::vector<int32_t> groupStart = {0, 3, 3, 4, 5};
  std::vector<int32_t> prefixLens = {33, 64, 64, 0};
  /// Rows of two entries, three apart.
  std::vector<int32_t> table = {9,       0,       kUnused, kUnused,
                                kUnused, kUnused, kUnused, kUnused,
                                kUnused, kUnused, kUnused, kUnused};
  int64_t numStarts = 5;
  int64_t numGroups = 4;
  int64_t numTables = 4;
  int64_t maxPages = 2;
  int64_t numSeqs = 5;
  int64_t numPages = 10;
};
} // namespace

TEST_F(CheckPrefixTest, GoodGroups) {
  EXPECT_EQ(check(), FP8ATTN_OK) << context.message;
}

TEST_F(CheckPrefixTest, NoGroupsOfNoSequences) {
  const int32_t zero = 0;
  EXPECT_EQ(fp8attn_check_prefix(&context, &zero, 1, nullptr, 0, nullptr, 0, 0,
                                 0, &zero, 0, 0, kPageTokens),
            FP8ATTN_OK);
  expectFailure(fp8attn_check_prefix(&context, &zero, 1, nullptr, 0, nullptr, 0,
                                     0, 0, queryStart.data(), 5, 0,
                                     kPageTokens),
                FP8ATTN_BAD_QUERY_START,
                "group_start[0] is 0, expected 5 (the number of sequences)");
}

TEST_F(CheckPrefixTest, Counts) {
  numTables = 3;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "prefix_table has 3 rows, expected 4 (the elements of "
                "prefix_lens)");
  numStarts = 4;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "group_start has 4 elements, expected 1 more than prefix_lens "
                "(4)");
  // query_start without elements.
  numStarts = 5;
  numTables = 4;
  numSeqs = -1;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "group_start[4] is 5, expected -1 (the number of sequences)");
}

TEST_F(CheckPrefixTest, GroupStart) {
  numSeqs = 6;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "group_start[4] is 5, expected 6 (the number of sequences)");
  groupStart[1] = INT32_MAX;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "group_start[2] is 3, expected at least 2147483647 "
                "(group_start[1])");
  groupStart[0] = -1;
  expectFailure(check(), FP8ATTN_BAD_QUERY_START,
                "group_start[0] is -1, expected 0");
}

TEST_F(CheckPrefixTest, PrefixLens) {
  prefixLens[2] = 65;
  expectFailure(check(), FP8ATTN_BAD_SEQ_LEN,
                "prefix_lens[2] is 65, expected at most 64 (2 pages of 32 "
                "tokens)");
  prefixLens[1] = -1;
  expectFailure(check(), FP8ATTN_BAD_SEQ_LEN,
                "prefix_lens[1] is -1, expected at least 0");
}

TEST_F(CheckPrefixTest, PrefixTable) {
  table[1] = 10;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "prefix_table[0, 1] is 10, expected 0 to 9");
  table[1] = -1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "prefix_table[0, 1] is -1, expected 0 to 9");
  table[1] = 0;
  prefixLens[3] = 1;
  expectFailure(check(), FP8ATTN_BAD_BLOCK_TABLE,
                "prefix_table[3, 0] is -2147483648, expected 0 to 9");
}

TEST_F(CheckPrefixTest, Null) {
  const auto checkWith = [&](const int32_t *starts, const int32_t *lens) {
    return fp8attn_check_prefix(&context, starts, 5, lens, 4, nullptr, 4, 2, 3,
                                queryStart.data(), 5, 10, kPageTokens);
  };
  expectFailure(checkWith(nullptr, prefixLens.data()), FP8ATTN_NULL_POINTER,
                "group_start is null, expected 4 + 1 elements");
  expectFailure(checkWith(groupStart.data(), nullptr), FP8ATTN_NULL_POINTER,
                "prefix_lens is null, expected 4 elements");
  expectFailure(checkWith(groupStart.data(), prefixLens.data()),
                FP8ATTN_NULL_POINTER,
                "prefix_table is null, expected pages for prefix_lens[0] = 33");
}
