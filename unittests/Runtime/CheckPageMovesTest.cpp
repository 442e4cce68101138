//===- CheckPageMovesTest.cpp - checks of copies within one memory --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Long lists over many pages, compared with a set of all that is written. No
// memory is touched: addresses are made up.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <random>
#include <set>
#include <vector>

using namespace fp8attn;

namespace {
class CheckPageMovesTest : public RuntimeTest {
protected:
  static constexpr int64_t kPageBytes = 64;
  using List = std::vector<int32_t>;

  static fp8attn_operand cache(const char *name, int64_t pages) {
    return {name, fp8attn_tensor_make(fakeAddress(0), FP8ATTN_TYPE_I8, 2, pages,
                                      kPageBytes, 0, 0)};
  }

  int32_t check(const List &pages, int64_t numPages) {
    const fp8attn_operand source = cache("source", numPages),
                          destination = cache("destination", numPages);
    return fp8attn_check_page_moves(&context, pages.data(),
                                    int64_t(pages.size() / 2), 2, &source,
                                    &destination);
  }
};
} // namespace

/// Pages that are far apart are looked at in different passes.
TEST_F(CheckPageMovesTest, FarPages) {
  constexpr int64_t kManyPages = int64_t(1) << 31;
  constexpr int32_t kLast = INT32_MAX;
  EXPECT_EQ(check({0, kLast, 1, 32768, 2, 32767}, kManyPages), FP8ATTN_OK);
  expectFailure(check({0, 32768, kLast, 5, 7, 32767, 5, 9}, kManyPages),
                FP8ATTN_BAD_PAGE,
                "pages[3, 0] is 5, expected a page that pages[1, 1] does not "
                "write (source and destination share memory)");
  expectFailure(check({0, 5, 1, kLast, 2, kLast}, kManyPages), FP8ATTN_BAD_PAGE,
                "pages[2, 1] is 2147483647, expected a page that pages[1, 1] "
                "does not write (source and destination share memory)");
  EXPECT_EQ(check({kLast, kLast}, kManyPages), FP8ATTN_OK);
}

TEST_F(CheckPageMovesTest, RandomLists) {
  constexpr int kLists = 300;
  constexpr unsigned kSeed = 3;
  std::mt19937 random(kSeed);
  int numAccepted = 0;
  for (int i = 0; i < kLists; ++i) {
    const int64_t numPages = 1 << (4 + random() % 14);
    List pages;
    for (size_t count = 2 * (random() % 12 + 1); count > 0; --count)
      pages.push_back(int32_t(random() % numPages));
    bool isApart = true;
    for (size_t a = 0; a < pages.size(); a += 2)
      for (size_t b = 0; b < pages.size(); b += 2)
        isApart &= a == b ||
                   (pages[a + 1] != pages[b + 1] && pages[a + 1] != pages[b]);
    numAccepted += isApart;
    EXPECT_EQ(check(pages, numPages), isApart ? FP8ATTN_OK : FP8ATTN_BAD_PAGE)
        << "list " << i << ", seed " << kSeed;
  }
  EXPECT_GT(numAccepted, kLists / 4);
  EXPECT_LT(numAccepted, kLists);
}
