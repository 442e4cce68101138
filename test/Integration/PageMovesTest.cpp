//===- PageMovesTest.cpp - copies of pages within one memory --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lists of pages whose source and destination are one cache: accepted where the
// entries have nothing to do with each other, with the bytes that copies from
// another memory would give; refused else, and nothing is written.
//
//===----------------------------------------------------------------------===//

#include "shared_memory.h"

#include "gtest/gtest.h"

#include <cstring>
#include <numeric>
#include <random>
#include <set>
#include <vector>

static constexpr int64_t kPageBytes = COPY_PAGES_SOURCE_PAGE_BYTES;
static constexpr int64_t kLineBytes = 64;

namespace {
/// Pages, each with bytes of its own.
class Pages {
public:
  explicit Pages(int64_t count) : bytes(count * kPageBytes + 2 * kLineBytes) {
    auto address = reinterpret_cast<uintptr_t>(bytes.data());
    begin = bytes.data() + (kLineBytes - address % kLineBytes) % kLineBytes;
    for (int64_t i = 0; i < count * kPageBytes; ++i)
      begin[i] = static_cast<uint8_t>((i / kPageBytes * 31 + i) % 251);
  }

  uint8_t *data() const { return begin; }

private:
  std::vector<uint8_t> bytes;
  uint8_t *begin;
};

class PageMovesTest : public testing::Test {
protected:
  PageMovesTest() { fp8attn_context_init(&context); }

  static constexpr int64_t kPages = 6;
  using List = std::vector<std::pair<int32_t, int32_t>>;
  using Copy = fp8attn_status(fp8attn_context *, const fp8attn_cache *,
                              const fp8attn_cache *, const fp8attn_tensor *);

  fp8attn_status run(Copy *copy, const fp8attn_cache &source,
                     const fp8attn_cache &destination, const List &list) {
    std::vector<int32_t> numbers;
    for (auto [from, to] : list)
      numbers.insert(numbers.end(), {from, to});
    const fp8attn_tensor pages = fp8attn_tensor_make(
        numbers.data(), FP8ATTN_TYPE_I32, 2, int64_t(list.size()), 2, 0, 0);
    return copy(&context, &source, &destination, &pages);
  }

  void expectRefused(Copy *copy, const fp8attn_cache &source,
                     const fp8attn_cache &destination, const List &list,
                     fp8attn_status status, const std::string &text) {
    const std::vector<uint8_t> before(pages.data(),
                                      pages.data() + kPages * kPageBytes);
    EXPECT_EQ(run(copy, source, destination, list), status);
    EXPECT_EQ(std::string(context.message).substr(0, text.size()), text);
    EXPECT_EQ(std::memcmp(before.data(), pages.data(), before.size()), 0);
  }

  Pages pages{kPages};
  const fp8attn_cache pool = {pages.data(), kPages, kPageBytes};
  fp8attn_context context;
};
} // namespace

TEST_F(PageMovesTest, WithinOneCache) {
  const Pages original(kPages);
  ASSERT_EQ(run(copy_pages, pool, pool, {{0, 3}, {0, 4}, {1, 5}, {2, 2}}),
            FP8ATTN_OK)
      << context.message;
  const int64_t expected[kPages] = {0, 1, 2, 0, 0, 1};
  for (int64_t page = 0; page < kPages; ++page)
    EXPECT_EQ(std::memcmp(pages.data() + page * kPageBytes,
                          original.data() + expected[page] * kPageBytes,
                          kPageBytes),
              0)
        << page;
}

TEST_F(PageMovesTest, OverEachOther) {
  expectRefused(copy_pages, pool, pool, {{0, 1}, {1, 2}}, FP8ATTN_BAD_PAGE,
                "pages[1, 0] is 1, expected a page that pages[0, 1] does not "
                "write (source and destination share memory)");
  expectRefused(copy_pages, pool, pool, {{0, 1}, {1, 0}}, FP8ATTN_BAD_PAGE,
                "pages[0, 0] is 0, expected a page that pages[1, 1] does not "
                "write");
  expectRefused(copy_pages, pool, pool, {{0, 3}, {2, 4}, {1, 3}},
                FP8ATTN_BAD_PAGE,
                "pages[2, 1] is 3, expected a page that pages[0, 1] does not "
                "write");
  expectRefused(copy_pages, pool, pool, {{2, 2}, {2, 3}}, FP8ATTN_BAD_PAGE,
                "pages[1, 0] is 2, expected a page that pages[0, 1] does not "
                "write");
}

/// Caches that overlap, but not page for page; also if the list names none of
/// the pages that do.
TEST_F(PageMovesTest, OtherPagesOfTheMemory) {
  fp8attn_cache shifted = pool;
  shifted.data = pages.data() + kLineBytes;
  --shifted.num_pages;
  const std::string text = "destination overlaps source, expected memory of "
                           "its own or the same pages: [0x";
  expectRefused(copy_pages, pool, shifted, {{0, 0}}, FP8ATTN_OVERLAP, text);
  EXPECT_NE(std::string(context.message).find(") and [0x"), std::string::npos);
  expectRefused(copy_pages, shifted, pool, {{0, 4}}, FP8ATTN_OVERLAP, text);
  fp8attn_cache far = {pages.data(), kPages / 2, 2 * kPageBytes};
  expectRefused(copy_pages, pool, far, {{0, 1}}, FP8ATTN_OVERLAP, text);
  // Fewer pages of the same memory are the same pages.
  fp8attn_cache few = pool;
  few.num_pages = 2;
  EXPECT_EQ(run(copy_pages, few, pool, {{0, 4}}), FP8ATTN_OK)
      << context.message;
  // Pages between the pages of another cache are apart.
  fp8attn_cache between = far;
  between.data = pages.data() + kPageBytes;
  EXPECT_EQ(run(copy_pages, far, between, {{0, 0}}), FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(run(copy_pages, pool, shifted, {}), FP8ATTN_OK) << context.message;
}

/// A page in one layout is no page in another.
TEST_F(PageMovesTest, FromOneLayoutToAnother) {
  expectRefused(change_pages, pool, pool, {{0, 0}}, FP8ATTN_OVERLAP,
                "destination overlaps source, expected memory of its own: ");
  expectRefused(change_pages, pool, pool, {{0, 1}}, FP8ATTN_OVERLAP,
                "destination overlaps source, ");
  fp8attn_cache rest = pool;
  rest.data = pages.data() + 3 * kPageBytes;
  rest.num_pages = 3;
  fp8attn_cache first = pool;
  first.num_pages = 3;
  EXPECT_EQ(run(change_pages, first, rest, {{0, 2}, {0, 0}}), FP8ATTN_OK)
      << context.message;
}

/// Accepted exactly if no page that is written is read or written by another.
TEST_F(PageMovesTest, RandomLists) {
  constexpr int kLists = 500;
  std::mt19937 random(7);
  for (int i = 0; i < kLists; ++i) {
    List list(random() % 4 + 1);
    for (auto &[from, to] : list) {
      from = int32_t(random() % kPages);
      to = int32_t(random() % kPages);
    }
    bool isApart = true;
    for (size_t a = 0; a < list.size(); ++a)
      for (size_t b = 0; b < list.size(); ++b)
        isApart &= a == b || (list[a].second != list[b].second &&
                              list[a].second != list[b].first);
    EXPECT_EQ(run(copy_pages, pool, pool, list),
              isApart ? FP8ATTN_OK : FP8ATTN_BAD_PAGE)
        << "list " << i << ", seed 7";
  }
}
