//===- CheckCacheTest.cpp - checks of caches, slots and pages -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Refusals of what belongs to a cache. Arrays are longer than a scan block,
// with the offence in a later block, so that indices are those of the array.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include <vector>

using namespace fp8attn;
using CheckCacheTest = RuntimeTest;

static constexpr int64_t kPageBytes = 8192;

TEST_F(CheckCacheTest, Cache) {
  fp8attn_cache cache = {fakeAddress(), 4, kPageBytes};
  auto check = [&] {
    return fp8attn_check_cache(&context, &cache, "key_cache", kPageBytes);
  };
  EXPECT_EQ(check(), FP8ATTN_OK);
  cache.data = fakeAddress(16);
  expectFailure(check(), FP8ATTN_MISALIGNED,
                "key_cache.data is 0x10010, expected a multiple of 64");
  cache.data = nullptr;
  expectFailure(check(), FP8ATTN_NULL_POINTER,
                "key_cache.data is null, expected 32768 bytes");
  cache.num_pages = 0;
  EXPECT_EQ(check(), FP8ATTN_OK);
  cache.num_pages = INT64_MAX;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "key_cache.num_pages is 9223372036854775807, expected at most "
                "1125899906842623 pages of 8192 bytes");
  // Pages may be further apart than they are long.
  cache = {fakeAddress(), 4, kPageBytes + 64};
  EXPECT_EQ(check(), FP8ATTN_OK);
  cache.num_pages = INT64_MAX / cache.page_bytes + 1;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "key_cache.num_pages is 1117172000588031, expected at most "
                "1117172000588030 pages of 8256 bytes");
  for (int64_t bytes : {int64_t(4096), kPageBytes - 64, kPageBytes + 32,
                        int64_t(0), INT64_MIN}) {
    cache.page_bytes = bytes;
    expectFailure(check(), FP8ATTN_BAD_SIZE,
                  ("key_cache.page_bytes is " + std::to_string(bytes) +
                   ", expected at least 8192, a multiple of 64")
                      .c_str());
  }
  cache.num_pages = -2;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "key_cache.num_pages is -2, expected at least 0");
  expectFailure(fp8attn_check_cache(&context, nullptr, "key_cache", kPageBytes),
                FP8ATTN_NULL_POINTER, "key_cache is null, expected a cache");
}

/// Pages of rows have nothing between them, and need not be whole lines.
TEST_F(CheckCacheTest, Rows) {
  constexpr int64_t kRowBytes = 656, kTokens = 3;
  fp8attn_cache cache = {fakeAddress(), 4, kTokens * kRowBytes};
  auto check = [&] {
    return fp8attn_check_rows(&context, &cache, "cache", kTokens * kRowBytes,
                              kRowBytes);
  };
  EXPECT_EQ(check(), FP8ATTN_OK);
  for (int64_t bytes : {int64_t(0), kTokens * kRowBytes - 1, int64_t(1984),
                        kTokens * 704, INT64_MIN}) {
    cache.page_bytes = bytes;
    expectFailure(check(), FP8ATTN_BAD_SIZE,
                  ("cache.page_bytes is " + std::to_string(bytes) +
                   ", expected 1968, a row of 656 bytes for each of 3 tokens")
                      .c_str());
  }
  cache = {fakeAddress(16), 4, kTokens * kRowBytes};
  expectFailure(check(), FP8ATTN_MISALIGNED,
                "cache.data is 0x10010, expected a multiple of 64");
  cache.num_pages = INT64_MAX;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "cache.num_pages is 9223372036854775807, expected at most "
                "4686672782954662 pages of 1968 bytes");
  cache.num_pages = -1;
  expectFailure(check(), FP8ATTN_BAD_SIZE,
                "cache.num_pages is -1, expected at least 0");
  expectFailure(
      fp8attn_check_rows(&context, nullptr, "cache", kRowBytes, kRowBytes),
      FP8ATTN_NULL_POINTER, "cache is null, expected a cache");
}

TEST_F(CheckCacheTest, View) {
  const auto check = [&](const void *data, int64_t bytes) {
    return fp8attn_check_view(&context, "cache", data, bytes, kPageBytes);
  };
  EXPECT_EQ(check(fakeAddress(), 4 * kPageBytes), FP8ATTN_OK);
  EXPECT_EQ(check(nullptr, 0), FP8ATTN_OK);
  for (int64_t bytes :
       {kPageBytes - 1, kPageBytes + 64, int64_t(1), INT64_MIN, -kPageBytes})
    expectFailure(check(fakeAddress(), bytes), FP8ATTN_BAD_SIZE,
                  ("cache is a view of " + std::to_string(bytes) +
                   " bytes, expected a multiple of 8192 (the bytes of a page)")
                      .c_str());
  expectFailure(check(nullptr, kPageBytes), FP8ATTN_NULL_POINTER,
                "cache.data is null, expected 8192 bytes");
  expectFailure(check(fakeAddress(32), kPageBytes), FP8ATTN_MISALIGNED,
                "cache.data is 0x10020, expected a multiple of 64");
}

TEST_F(CheckCacheTest, Slots) {
  std::vector<int64_t> slots(100, 4095);
  slots[3] = -1; // Skipped tokens.
  slots[4] = INT64_MIN;
  auto check = [&](int64_t numSlots) {
    return fp8attn_check_slots(&context, slots.data(), 100, numSlots);
  };
  EXPECT_EQ(check(4096), FP8ATTN_OK);
  slots[77] = 4096;
  expectFailure(check(4096), FP8ATTN_BAD_SLOT,
                "slots[77] is 4096, expected less than 4096 (the slots of the "
                "cache)");
  expectFailure(check(0), FP8ATTN_BAD_SLOT,
                "slots[0] is 4095, expected less than 0 (the slots of the "
                "cache)");
  expectFailure(fp8attn_check_slots(&context, nullptr, 1, 1),
                FP8ATTN_NULL_POINTER, "slots is null, expected 1 slots");
  EXPECT_EQ(fp8attn_check_slots(&context, nullptr, 0, 1), FP8ATTN_OK);
}

TEST_F(CheckCacheTest, Pages) {
  std::vector<int32_t> pages;
  for (int32_t i = 0; i < 100; ++i)
    pages.insert(pages.end(), {i % 8, 99 - i, -1});
  const auto check = [&](int64_t source, int64_t destination) {
    return fp8attn_check_pages(&context, pages.data(), 100, /*stride=*/3, 1,
                               source, 1, destination);
  };
  EXPECT_EQ(check(8, 100), FP8ATTN_OK);
  expectFailure(check(7, 100), FP8ATTN_BAD_PAGE,
                "pages[7, 0] is 7, expected 0 to 6 (the pages of source)");
  expectFailure(check(8, 99), FP8ATTN_BAD_PAGE,
                "pages[0, 1] is 99, expected 0 to 98 (the pages of "
                "destination)");
  expectFailure(check(0, 100), FP8ATTN_BAD_PAGE,
                "pages[0, 0] is 0, expected no entry as source has 0 pages");
  pages[3 * 71 + 1] = INT32_MIN;
  expectFailure(check(8, 100), FP8ATTN_BAD_PAGE,
                "pages[71, 1] is -2147483648, expected 0 to 99 (the pages of "
                "destination)");
  expectFailure(fp8attn_check_pages(&context, nullptr, 1, 2, 1, 1, 1, 1),
                FP8ATTN_NULL_POINTER, "pages is null, expected 1 entries");
  EXPECT_EQ(fp8attn_check_pages(&context, nullptr, 0, 2, 1, 0, 1, 0),
            FP8ATTN_OK);
}

/// Entries of two pages and one, and of one and two; of the two, one may be
/// absent.
TEST_F(CheckCacheTest, SmallerPages) {
  std::vector<int32_t> pages = {0, 5, 3, -1, -1, 0, 5, -1, 3};
  const auto check = [&](int64_t sourceColumns, int64_t source,
                         int64_t destination) {
    return fp8attn_check_pages(&context, pages.data(), 3, /*stride=*/3,
                               sourceColumns, source, 3 - sourceColumns,
                               destination);
  };
  EXPECT_EQ(check(2, 6, 4), FP8ATTN_OK);
  expectFailure(check(2, 5, 4), FP8ATTN_BAD_PAGE,
                "pages[0, 1] is 5, expected -1 (no page) or 0 to less than 5 "
                "(the pages of source)");
  expectFailure(check(2, 6, 3), FP8ATTN_BAD_PAGE,
                "pages[0, 2] is 3, expected 0 to 2 (the pages of destination)");
  pages[2] = -1;
  expectFailure(check(2, 6, 4), FP8ATTN_BAD_PAGE,
                "pages[0, 2] is -1, expected 0 to 3 (the pages of "
                "destination)");
  expectFailure(check(1, 6, 6), FP8ATTN_BAD_PAGE,
                "pages[1, 0] is -1, expected 0 to 5 (the pages of source)");
  pages[3] = 0;
  EXPECT_EQ(check(1, 6, 6), FP8ATTN_OK);
  pages[8] = -2;
  expectFailure(check(1, 6, 6), FP8ATTN_BAD_PAGE,
                "pages[2, 2] is -2, expected -1 (no page) or 0 to less than 6 "
                "(the pages of destination)");
}
