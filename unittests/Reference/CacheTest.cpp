//===- CacheTest.cpp - the cache of the reference -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bytes of the layout, taken from its drawing, and writing by slot.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Cache.h"

#include "fp8attn/Reference/Fp8.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace fp8attn::reference;

TEST(CacheTest, KeysInterleaveTwoRowsOfPairs) {
  PairsCache cache = makePairsCache(nullptr, Content::KeyValue,
                                    FP8ATTN_TYPE_F8E4M3FN, /*heads=*/2,
                                    /*headDim=*/64, /*pageTokens=*/32);
  EXPECT_EQ(cache.pageBytes, 2 * 2 * 32 * 64);
  auto byte = [&](int64_t token, int64_t channel) {
    return cache.keys.byte(0, 0, token, channel);
  };
  EXPECT_EQ(byte(0, 0), 0);
  EXPECT_EQ(byte(0, 2), 1);
  EXPECT_EQ(byte(0, 1), 2);
  EXPECT_EQ(byte(0, 3), 3);
  EXPECT_EQ(byte(1, 0), 4);
  EXPECT_EQ(byte(0, 4), 64);
  EXPECT_EQ(byte(0, 32), 512);
  EXPECT_EQ(byte(16, 0), 1024);
  EXPECT_EQ(cache.keys.byte(3, 1, 0, 0), 3 * 8192 + 4096);
}

TEST(CacheTest, ValuesReduceTokens) {
  PairsCache cache =
      makePairsCache(nullptr, Content::KeyValue, FP8ATTN_TYPE_F8E5M2,
                     /*heads=*/1, /*headDim=*/64, /*pageTokens=*/64);
  auto byte = [&](int64_t token, int64_t channel) {
    return cache.values.byte(0, 0, token, channel) - 64 * 64;
  };
  EXPECT_EQ(byte(0, 0), 0);
  EXPECT_EQ(byte(2, 0), 1);
  EXPECT_EQ(byte(1, 0), 2);
  EXPECT_EQ(byte(0, 1), 4);
  EXPECT_EQ(byte(4, 0), 64);
  EXPECT_EQ(byte(0, 16), 512);
  EXPECT_EQ(byte(32, 0), 2048);
}

TEST(CacheTest, Bf16LinesAreRowsOfPairs) {
  PairsCache cache =
      makePairsCache(nullptr, Content::Key, FP8ATTN_TYPE_BF16, /*heads=*/1,
                     /*headDim=*/32, /*pageTokens=*/32);
  EXPECT_EQ(cache.keys.byte(0, 0, 0, 1), 2);
  EXPECT_EQ(cache.keys.byte(0, 0, 1, 0), 4);
  EXPECT_EQ(cache.keys.byte(0, 0, 0, 2), 64);
  EXPECT_EQ(cache.keys.byte(0, 0, 16, 0), 1024);
  EXPECT_FALSE(cache.values.byte);
}

TEST(CacheTest, EachByteBelongsToOneElement) {
  PairsCache cache =
      makePairsCache(nullptr, Content::KeyValue, FP8ATTN_TYPE_F8E4M3FN,
                     /*heads=*/2, /*headDim=*/128, /*pageTokens=*/96);
  std::vector<int> uses(cache.pageBytes);
  for (const CachePart *part : {&cache.keys, &cache.values})
    for (int64_t head = 0; head < 2; ++head)
      for (int64_t token = 0; token < 96; ++token)
        for (int64_t channel = 0; channel < 128; ++channel)
          ++uses.at(part->byte(0, head, token, channel));
  EXPECT_EQ(uses, std::vector<int>(cache.pageBytes, 1));
}

// A head of 40 channels: keys are stored as 64, values as 48.
TEST(CacheTest, WritesZerosInThePaddingOfEachToken) {
  std::vector<uint8_t> memory(32 * (64 + 48), 0xFF);
  PairsCache cache =
      makePairsCache(memory.data(), Content::KeyValue, FP8ATTN_TYPE_F8E4M3FN,
                     /*heads=*/1, /*headDim=*/40, /*pageTokens=*/32);
  EXPECT_EQ(cache.pageBytes, int64_t(memory.size()));
  EXPECT_EQ(cache.values.byte(0, 0, 0, 0), 32 * 64);
  std::vector<uint16_t> token(40, encodeBf16(3.0f));
  const int64_t slots[] = {5};
  for (const CachePart *part : {&cache.keys, &cache.values})
    writeCache(*part, {token.data(), 1, 40, 40}, slots, {});
  EXPECT_EQ(cache.keys.load(0, 0, 5, 39), 3.0);
  EXPECT_EQ(memory[cache.keys.byte(0, 0, 5, 40)], 0);
  EXPECT_EQ(memory[cache.keys.byte(0, 0, 5, 63)], 0);
  EXPECT_EQ(memory[cache.values.byte(0, 0, 5, 47)], 0);
  EXPECT_EQ(std::count(memory.begin(), memory.end(), 0), 24 + 8);
}

TEST(CacheTest, SourcesOfOtherTypesAreRoundedOnce) {
  std::vector<uint8_t> memory(32 * 32 * 2, 0xFF);
  const int64_t slots[] = {0};
  // Between the e4m3 values 16 and 18, above the middle by less than a bf16
  // could say.
  const std::vector<float> source(32, 17.0f + 0x1p-12f);
  const HeadTensor tensor{source.data(), 1, 32, 32, FP8ATTN_TYPE_F32};
  PairsCache fp8 = makePairsCache(memory.data(), Content::Key,
                                  FP8ATTN_TYPE_F8E4M3FN, 1, 32, 32);
  writeCache(fp8.keys, tensor, slots, {});
  EXPECT_EQ(fp8.keys.load(0, 0, 0, 31), 18.0);
  PairsCache bf16 =
      makePairsCache(memory.data(), Content::Key, FP8ATTN_TYPE_BF16, 1, 32, 32);
  writeCache(bf16.keys, tensor, slots, {});
  EXPECT_EQ(bf16.keys.load(0, 0, 0, 31), 17.0);
}

TEST(CacheTest, WriteSkipsNegativeSlotsAndDividesByTheScale) {
  std::vector<uint8_t> memory(2 * 32 * 32, 0xFF);
  PairsCache cache =
      makePairsCache(memory.data(), Content::Key, FP8ATTN_TYPE_F8E4M3FN,
                     /*heads=*/1, /*headDim=*/32, /*pageTokens=*/32);
  std::vector<uint16_t> tokens(2 * 32, encodeBf16(3.0f));
  const int64_t slots[] = {-1, 33};
  writeCache(cache.keys, {tokens.data(), 2, 32, 32}, slots, {{0.5f}});
  EXPECT_EQ(cache.keys.load(1, 0, 1, 7), 6.0);
  EXPECT_EQ(std::count(memory.begin(), memory.end(), 0xFF), 2 * 32 * 32 - 32);
}

// The largest magnitude of two channels: 7 of f4E2M1FN saturates with a scale
// of 1, which is that of Microscaling, and not with 2, which is above 7/6.
// f8E4M3FN has 1.125 and 1.25 beside it.
TEST(CacheTest, ComputesScales) {
  PairsCache cache =
      makePairsCache(nullptr, Content::Key, FP8ATTN_TYPE_F4E2M1FN,
                     /*heads=*/1, /*headDim=*/8,
                     /*pageTokens=*/32);
  const float row[8] = {-7, 1, 6, 0, 0, -0.0f, 1e-20f, 0x1p100f};
  const int64_t slot = 0;
  const HeadTensor source{row, 1, 8, 8, FP8ATTN_TYPE_F32};
  const auto compute = [&](fp8attn_type type, bool microscaling,
                           float outer = 1) {
    Scales scales;
    scales.outer = {outer};
    scales.values.resize(4);
    scales.index = [](const ElementPlace &place) { return place.channel / 2; };
    computeScales(cache.keys, source, &slot, type, microscaling, scales);
    return scales.values;
  };
  EXPECT_EQ(compute(FP8ATTN_TYPE_F32, false),
            (std::vector<float>{7.0f / 6, 1, 0x1p-40f, 0x1p100f / 6}));
  EXPECT_EQ(compute(FP8ATTN_TYPE_F8E8M0FNU, false),
            (std::vector<float>{2, 1, 0x1p-40f, 0x1p98f}));
  EXPECT_EQ(compute(FP8ATTN_TYPE_F8E8M0FNU, true),
            (std::vector<float>{1, 1, 0x1p-40f, 0x1p98f}));
  EXPECT_EQ(compute(FP8ATTN_TYPE_F8E4M3FN, false),
            (std::vector<float>{1.125f, 1, 0x1p-9f, 448}));
  EXPECT_EQ(compute(FP8ATTN_TYPE_F8E4M3FN, false, 0x1p8f),
            (std::vector<float>{0x1p-8f, 0x1p-8f, 0x1p-9f, 448}));
}

// Elements are divided by the product of both scales, in f32.
TEST(CacheTest, OuterScales) {
  Scales scales;
  scales.values = {0.1f, 0.3f};
  scales.outer = {0.7f};
  EXPECT_EQ(scales.at({0, 1, 0, 0}), 0.3f * 0.7f);
  scales.outer = {2, 0.5f};
  EXPECT_EQ(scales.at({0, 0, 0, 0}), 0.2f);
  EXPECT_EQ(scales.at({0, 1, 0, 0}), 0.15f);
}
