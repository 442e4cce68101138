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
                   int64_t left = FP8ATTN_UNBOUNDED,
                   int64_t rows = FP8ATTN_BLOCK_ROWS) {
    std::vector<int32_t> starts(static_cast<size_t>(sequences + 1));
    std::iota(starts.begin(), starts.end(), 0);
    const std::vector<int32_t> lens(static_cast<size_t>(sequences), keys);
    context.num_workers = workers;
    return fp8attn_num_parts(&context, sequences, rows, starts.data(),
                             lens.data(), sequences, sequences, /*group=*/1,
                             /*num_kv_heads=*/1, /*top_left=*/0, left,
                             /*right=*/0, FP8ATTN_UNBOUNDED);
  }

  fp8attn_context context;
  std::vector<int32_t> counters =
      std::vector<int32_t>(FP8ATTN_LOOP_BYTES / sizeof(int32_t), -1);
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

/// Their states would not have room.
TEST_F(KeyPartsTest, LargeBlocksAreNotDivided) {
  EXPECT_EQ(numParts(8, 1, 10000, FP8ATTN_UNBOUNDED, 2 * FP8ATTN_BLOCK_ROWS),
            1);
}

TEST_F(KeyPartsTest, RowsOfItems) {
  constexpr int64_t kMost = FP8ATTN_PREFILL_ROWS;
  const auto rows = [&](int32_t workers, int64_t tokens, int64_t heads,
                        int64_t most = kMost) {
    context.num_workers = workers;
    return fp8attn_item_rows(&context, tokens, /*num_seqs=*/1, /*group=*/4,
                             heads, most);
  };
  // As many as kernels take, on one worker.
  EXPECT_EQ(rows(1, 1, 1), kMost);
  EXPECT_EQ(rows(1, 2048, 2), kMost);
  EXPECT_EQ(rows(1, 2048, 2, FP8ATTN_BLOCK_ROWS), FP8ATTN_BLOCK_ROWS);
  EXPECT_EQ(rows(16, 2048, 2, FP8ATTN_BLOCK_ROWS), FP8ATTN_BLOCK_ROWS);
  // 16,384 rows on 2, 4 and 16 workers: eight items for each, unless they would
  // be small, and then one at least; of such sizes the one with which the last
  // turn is fullest.
  EXPECT_EQ(rows(2, 2048, 2), 912);
  EXPECT_EQ(rows(4, 2048, 2), 384);
  EXPECT_EQ(rows(16, 2048, 2), 96);
  EXPECT_EQ(rows(64, 2048, 2), 96);
  EXPECT_EQ(rows(128, 2048, 2), 48);
  // Few blocks may be divided into parts.
  EXPECT_EQ(rows(256, 2048, 2), FP8ATTN_BLOCK_ROWS);
  EXPECT_EQ(rows(16, 1, 1), FP8ATTN_BLOCK_ROWS);
  // The loop runs on the calling thread.
  context.parallel_for = nullptr;
  EXPECT_EQ(rows(16, 2048, 2), kMost);
}

TEST_F(KeyPartsTest, EnoughBlocksAreNot) {
  EXPECT_EQ(numParts(1, 1, 10000), 1);
  EXPECT_EQ(numParts(2, 7, 4096), 2);
  EXPECT_EQ(numParts(2, 8, 4096), 1);
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
}

TEST_F(KeyPartsTest, OnOneWorkerTheWorkspaceIsNotTouched) {
  context.workspace = nullptr;
  EXPECT_EQ(numParts(1, 1, 10000), 1);
}

/// Writes down the sums it is given, which say whose states they are.
static std::vector<float> joined;
static void recordJoin(int64_t rows, int64_t channels, float *max, float *sum,
                       float *acc, const float *otherMax, const float *otherSum,
                       const float *otherAcc) {
  EXPECT_EQ(rows, 17);
  EXPECT_EQ(channels, 16);
  // Lengths: the last row of each.
  EXPECT_EQ(otherMax[16], otherSum[0] + 1);
  EXPECT_EQ(otherSum[16], otherSum[0]);
  EXPECT_EQ(otherAcc[32 * 16 - 1], otherSum[0] + 2);
  EXPECT_EQ(max[16], sum[0] + 1);
  EXPECT_EQ(acc[32 * 16 - 1], sum[0] + 2);
  joined.insert(joined.end(), {sum[0], otherSum[0]});
}

/// Two blocks of three parts, which have room in the shares of two workers:
/// whichever is ready last, it has the first one's state and joins the others'.
TEST_F(KeyPartsTest, TheLastJoinsInOrder) {
  constexpr int64_t kChannels = 16, kRows = 17, kParts = 30;
  const int64_t share = fp8attn_part_states_bytes(kChannels);
  // Of this run of the test alone: counters of blocks begin at 0.
  alignas(64) char workspace[2 * 128 * 1024 + 2 * FP8ATTN_LOOP_BYTES] = {};
  ASSERT_LE(2 * share, int64_t(sizeof(workspace)));
  context.workspace = workspace;
  joined.clear();
  for (int64_t block : {0, 1})
    for (int64_t i = 0; i < kParts; ++i) {
      // 0, 29, 28, ... 1
      const int64_t part = (kParts - i) % kParts;
      fp8attn_work_item item = {};
      item.block = block;
      item.num_rows = kRows;
      item.num_parts = kParts;
      item.part = part;
      item.slot = block * kParts + part;
      const auto whose = static_cast<float>(100 * block + part);
      std::vector<float> max(kRows, whose + 1), sum(kRows, whose),
          acc(32 * kChannels, whose + 2);
      EXPECT_EQ(fp8attn_hand_over(&context, &item, share, kChannels, max.data(),
                                  sum.data(), acc.data(), recordJoin),
                i == kParts - 1);
    }
  ASSERT_EQ(joined.size(), size_t(2 * 2 * (kParts - 1)));
  for (int64_t block : {0, 1})
    for (int64_t part = 1; part < kParts; ++part) {
      const size_t at = size_t(2 * (block * (kParts - 1) + part - 1));
      EXPECT_EQ(joined[at], 100 * block);
      EXPECT_EQ(joined[at + 1], 100 * block + part);
    }
}
