//===- KeyPartsTest.cpp - when the keys of blocks are divided -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// fp8attn_num_parts: the number of blocks and workers decides, the room in the
// workspace limits, and counters begin at 0.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include "gtest/gtest.h"

#include <numeric>
#include <vector>

namespace {
class KeyPartsTest : public testing::Test {
protected:
  KeyPartsTest() {
    fp8attn_context_init(&context);
    context.workspace = counters.data();
    context.parallel_for = fp8attn_pool_parallel_for;
  }

  /// For `sequences` sequences with a token each, and one KV head.
  int64_t numParts(int32_t workers, int64_t sequences, int32_t keys,
                   int64_t left = FP8ATTN_UNBOUNDED) {
    std::vector<int32_t> starts(static_cast<size_t>(sequences + 1));
    std::iota(starts.begin(), starts.end(), 0);
    const std::vector<int32_t> lens(static_cast<size_t>(sequences), keys);
    context.num_workers = workers;
    return fp8attn_num_parts(&context, sequences, starts.data(), lens.data(),
                             sequences, sequences, /*group=*/1,
                             /*num_kv_heads=*/1, /*top_left=*/0, left,
                             /*right=*/0);
  }

  fp8attn_context context;
  std::vector<int32_t> counters =
      std::vector<int32_t>(FP8ATTN_MAX_DIVIDED_BLOCKS + 1, -1);
};
} // namespace

TEST_F(KeyPartsTest, FewBlocksAreDivided) {
  EXPECT_EQ(numParts(8, 1, 2048), 1);
  EXPECT_EQ(numParts(8, 1, 2049), 2);
  EXPECT_EQ(numParts(8, 3, 10000), 5);
  // A window of 3,000 keys is in two parts or in three.
  EXPECT_EQ(numParts(8, 3, 10000, 2999), 2);
  EXPECT_EQ(numParts(8, 3, 9000, 2999), 3);
  EXPECT_EQ(numParts(8, 3, 8192, 2047), 1);
}

TEST_F(KeyPartsTest, EnoughBlocksAreNot) {
  EXPECT_EQ(numParts(1, 1, 10000), 1);
  EXPECT_EQ(numParts(2, 3, 4096), 2);
  EXPECT_EQ(numParts(2, 4, 4096), 1);
  EXPECT_EQ(numParts(2, 0, 4096), 1);
}

TEST_F(KeyPartsTest, NotForALoopOnTheCallingThread) {
  context.parallel_for = nullptr;
  EXPECT_EQ(numParts(8, 1, 10000), 1);
}

TEST_F(KeyPartsTest, OnlyAsManyAsHaveRoom) {
  const int32_t room = 4 * FP8ATTN_PARTS_PER_WORKER;
  EXPECT_EQ(numParts(4, 1, room * FP8ATTN_PART_KEYS), room);
  EXPECT_EQ(numParts(4, 1, room * FP8ATTN_PART_KEYS + 1), 1);
  EXPECT_EQ(numParts(1 << 20, FP8ATTN_MAX_DIVIDED_BLOCKS, 4096), 2);
  EXPECT_EQ(numParts(1 << 20, FP8ATTN_MAX_DIVIDED_BLOCKS + 1, 4096), 1);
}

TEST_F(KeyPartsTest, CountersBeginAtZero) {
  ASSERT_EQ(numParts(8, 3, 10000), 5);
  EXPECT_EQ(counters[0], 0);
  EXPECT_EQ(counters[2], 0);
  EXPECT_EQ(counters[3], -1);
  ASSERT_EQ(numParts(1 << 20, FP8ATTN_MAX_DIVIDED_BLOCKS, 4096), 2);
  EXPECT_EQ(counters[FP8ATTN_MAX_DIVIDED_BLOCKS - 1], 0);
  EXPECT_EQ(counters[FP8ATTN_MAX_DIVIDED_BLOCKS], -1);
}

TEST_F(KeyPartsTest, WithoutDivisionTheWorkspaceIsNotTouched) {
  context.workspace = nullptr;
  EXPECT_EQ(numParts(8, 1, 100), 1);
}

TEST_F(KeyPartsTest, TheLastPartIsTold) {
  ASSERT_EQ(numParts(8, 3, 10000), 5);
  fp8attn_work_item item = {};
  item.block = 1;
  item.num_parts = 3;
  EXPECT_EQ(fp8attn_count_part(&context, &item), 0);
  EXPECT_EQ(fp8attn_count_part(&context, &item), 0);
  EXPECT_EQ(fp8attn_count_part(&context, &item), 1);
  EXPECT_EQ(counters[0], 0);
  EXPECT_EQ(counters[2], 0);
}
