//===- KeyRunTest.cpp - where the keys of a work item are -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pointers and sizes of a key run, of one cache and of two, and of the run that
// the thread reads next.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include "gtest/gtest.h"

#include <vector>

TEST(KeyRun, PointsAtTheHead) {
  fp8attn_work_item item = {};
  item.sequence = 2;
  item.kv_head = 3;
  item.seq_k = 300;
  item.first_key = 256;
  item.num_keys = 270;
  std::vector<uint8_t> keys(4096), values(4096);
  const int32_t table[16] = {};
  fp8attn_key_run run;
  fp8attn_key_run_init(&run, &item, keys.data(), 1024, 100, /*key_share=*/1,
                       values.data(), 2048, 200, /*value_share=*/1, 50, table,
                       5, 32);
  EXPECT_EQ(run.keys, keys.data() + 300);
  EXPECT_EQ(run.values, values.data() + 650);
  EXPECT_EQ(run.key_page_bytes, 1024);
  EXPECT_EQ(run.value_page_bytes, 2048);
  // Pages of one granule: keys are 50 bytes, or all of a head without values.
  EXPECT_EQ(run.key_granule_bytes, 50);
  EXPECT_EQ(run.value_granule_bytes, 150);
  EXPECT_EQ(run.pages, table + 10);
  EXPECT_EQ(run.page_tokens, 32);
  EXPECT_EQ(run.first_key, 256);
  EXPECT_EQ(run.num_keys, 270);
  EXPECT_EQ(run.next.num_keys, 0);
}

TEST(KeyRun, PointsAtTheNextRun) {
  fp8attn_work_item item = {};
  item.num_keys = 1;
  item.next = {/*sequence=*/2, /*kv_head=*/3, /*first_key=*/256,
               /*num_keys=*/270};
  std::vector<uint8_t> keys(4096), values(4096);
  const int32_t table[16] = {};
  fp8attn_key_run run;
  fp8attn_key_run_init(&run, &item, keys.data(), 1024, 100, /*key_share=*/1,
                       values.data(), 2048, 200, /*value_share=*/1, 50, table,
                       5, 32);
  EXPECT_EQ(run.next.keys, keys.data() + 300);
  EXPECT_EQ(run.next.values, values.data() + 650);
  EXPECT_EQ(run.next.pages, table + 10);
  EXPECT_EQ(run.next.first_key, 256);
  EXPECT_EQ(run.next.num_keys, 270);
}

TEST(KeyRun, HeadsThatShare) {
  // Head 7 of twelve is head 2 of four of keys, and head 3 of six of values.
  fp8attn_work_item item = {};
  item.kv_head = 7;
  item.num_keys = 1;
  item.next = {/*sequence=*/0, /*kv_head=*/8, /*first_key=*/0, /*num_keys=*/1};
  const uint8_t keys[1000] = {}, values[1000] = {};
  const int32_t table[1] = {};
  fp8attn_key_run run;
  fp8attn_key_run_init(&run, &item, keys, 400, 100, /*key_share=*/3, values,
                       600, 100, /*value_share=*/2, 0, table, 1, 32);
  EXPECT_EQ(run.keys, keys + 200);
  EXPECT_EQ(run.values, values + 300);
  EXPECT_EQ(run.next.keys, keys + 200);
  EXPECT_EQ(run.next.values, values + 400);
}

TEST(KeyRun, GranulesOfTwoCaches) {
  fp8attn_work_item item = {};
  item.num_keys = 1;
  const uint8_t keys[1] = {}, values[1] = {};
  const int32_t table[1] = {};
  fp8attn_key_run run;
  fp8attn_key_run_init(&run, &item, keys, 1800, 900, /*key_share=*/1, values,
                       1200, 600, /*value_share=*/1, 0, table, 1, 96);
  EXPECT_EQ(run.key_granule_bytes, 300);
  EXPECT_EQ(run.value_granule_bytes, 200);
}

TEST(KeyRun, LatentCacheHasNoValues) {
  fp8attn_work_item item = {};
  item.kv_head = 1;
  item.num_keys = 1;
  const uint8_t keys[1801] = {};
  const int32_t table[1] = {};
  fp8attn_key_run run;
  fp8attn_key_run_init(&run, &item, keys, 1800, 900, /*key_share=*/1, nullptr,
                       1800, 0, /*value_share=*/1, 0, table, 1, 96);
  EXPECT_EQ(run.keys, keys + 900);
  EXPECT_EQ(run.key_granule_bytes, 300);
  EXPECT_EQ(run.values, nullptr);
  EXPECT_EQ(run.value_granule_bytes, 0);
}

TEST(KeyRun, NothingIsTouchedWithoutKeys) {
  fp8attn_work_item item = {};
  item.sequence = 2;
  item.kv_head = 3;
  fp8attn_key_run run;
  fp8attn_key_run_init(&run, &item, nullptr, 1024, 100, /*key_share=*/1,
                       nullptr, 2048, 200, /*value_share=*/1, 50, nullptr,
                       INT64_MAX, 32);
  EXPECT_EQ(run.keys, nullptr);
  EXPECT_EQ(run.values, nullptr);
  EXPECT_EQ(run.pages, nullptr);
  EXPECT_EQ(run.num_keys, 0);
}
