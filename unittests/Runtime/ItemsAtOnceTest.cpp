//===- ItemsAtOnceTest.cpp - work that is worth a thread ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// fp8attn_items_at_once: all items of a short context, one of a long one, and
// numbers in range for any batch.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include "gtest/gtest.h"

#include <climits>
#include <vector>

namespace {
class ItemsAtOnceTest : public testing::Test {
protected:
  ItemsAtOnceTest() {
    fp8attn_context_init(&context);
    context.num_workers = 16;
    context.parallel_for = fp8attn_pool_parallel_for;
  }

  /// Of eight KV heads of 128 channels with four query heads each.
  int64_t atOnce(int64_t items, std::vector<int32_t> queries,
                 std::vector<int32_t> keys, int64_t left = FP8ATTN_UNBOUNDED) {
    std::vector<int32_t> starts = {0};
    for (int32_t count : queries)
      starts.push_back(starts.back() + count);
    return fp8attn_items_at_once(&context, items, starts.data(), keys.data(),
                                 static_cast<int64_t>(keys.size()), /*group=*/4,
                                 /*num_kv_heads=*/8, /*channels=*/256, left);
  }

  fp8attn_context context;
};
} // namespace

TEST_F(ItemsAtOnceTest, TokensOfShortContextsAreFew) {
  // 4096 + 256 elements each: four are 16 K.
  EXPECT_EQ(atOnce(8, {1}, {1}), 3);
  EXPECT_EQ(atOnce(8, {1}, {32}), 1);
  EXPECT_EQ(atOnce(8, {1}, {8192}), 1);
  EXPECT_EQ(atOnce(16, {1, 1}, {1, 1}), 3);
  EXPECT_EQ(atOnce(8, {1}, {8192}, /*left=*/0), 3);
}

TEST_F(ItemsAtOnceTest, SurplusItemsCostNothing) {
  EXPECT_EQ(atOnce(80, {1}, {1}), 37);
  EXPECT_EQ(atOnce(8, {0}, {1000}), 8);
  EXPECT_EQ(atOnce(0, {}, {}), 1);
}

TEST_F(ItemsAtOnceTest, AllWithoutThreads) {
  context.parallel_for = nullptr;
  EXPECT_EQ(atOnce(8, {1}, {8192}), 8);
  EXPECT_EQ(atOnce(0, {}, {}), 1);
}

TEST_F(ItemsAtOnceTest, LargestNumbers) {
  EXPECT_EQ(atOnce(1000, {INT_MAX}, {INT_MAX}), 1);
  EXPECT_EQ(atOnce(1, {INT_MAX}, {INT_MAX}, INT64_MAX), 1);
  EXPECT_EQ(atOnce(INT64_MAX, {0}, {0}), INT64_MAX);
}
