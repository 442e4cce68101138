//===- SelectKeysTest.cpp - keys of a list, in order ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lists in any order, with entries twice, none, and behind what a query sees,
// give pages and places in the order of positions.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/lowering_abi.h"

#include "gtest/gtest.h"

#include <vector>

static constexpr int64_t kPageTokens = 32;

namespace {
/// A sequence without queries, and one of two queries with 70 keys.
class SelectKeysTest : public ::testing::Test {
protected:
  /// Selects for a query token; rows of lists and results are 10 apart.
  std::vector<int32_t> pages(int64_t token, std::vector<int32_t> list) {
    list.insert(list.begin(), token * 10, -7);
    std::vector<int32_t> out(30, -5);
    keys = fp8attn_select_pages(list.data(), list.size() - token * 10, 10,
                                token, starts, lens, 2, table, 3, kPageTokens,
                                topLeft, right, out.data(), 10, 2);
    return {out.begin() + 20,
            out.begin() + 20 + (keys + kPageTokens - 1) / kPageTokens};
  }
  std::vector<int64_t> tokens(int64_t token, std::vector<int32_t> list) {
    list.insert(list.begin(), token * 10, -7);
    std::vector<int64_t> out(30, -5);
    keys = fp8attn_select_tokens(list.data(), list.size() - token * 10, 10,
                                 token, starts, lens, 2, table, 3, kPageTokens,
                                 topLeft, right, out.data(), 10, 2);
    return {out.begin() + 20, out.begin() + 20 + keys};
  }

  const int32_t starts[3] = {0, 0, 2}, lens[2] = {96, 70};
  const int32_t table[6] = {-1, -1, -1, 7, 4, 5};
  int64_t topLeft = 0, right = 0, keys = -1;
};
using Pages = std::vector<int32_t>;
using Places = std::vector<int64_t>;
} // namespace

TEST_F(SelectKeysTest, Pages) {
  EXPECT_EQ(pages(1, {0, 1, 2}), (Pages{7, 4, 5}));
  EXPECT_EQ(keys, 70);
  EXPECT_EQ(pages(1, {2, -1, 0}), (Pages{7, 5}));
  EXPECT_EQ(keys, 38);
  EXPECT_EQ(pages(0, {2, 2, 2, -1}), (Pages{5}));
  EXPECT_EQ(keys, 5);
  EXPECT_EQ(pages(0, {1, 0, 1, 0}), (Pages{7, 4}));
  EXPECT_EQ(keys, 64);
  EXPECT_EQ(pages(0, {-1, -1}), Pages());
  EXPECT_EQ(keys, 0);
  EXPECT_EQ(pages(1, {}), Pages());
  topLeft = 1;
  EXPECT_EQ(pages(1, {1, 0, 2}), (Pages{7}));
  EXPECT_EQ(keys, 2);
  right = FP8ATTN_UNBOUNDED;
  EXPECT_EQ(pages(1, {1, 0, 2}), (Pages{7, 4, 5}));
  EXPECT_EQ(keys, 70);
}

TEST_F(SelectKeysTest, Tokens) {
  const auto place = [](int64_t page, int64_t token) {
    return page * kPageTokens + token;
  };
  EXPECT_EQ(tokens(1, {0, 33, 69}),
            (Places{place(7, 0), place(4, 1), place(5, 5)}));
  EXPECT_EQ(tokens(1, {69, -1, 33, 0, 33, 70, 95}),
            (Places{place(7, 0), place(4, 1), place(5, 5)}));
  // The first query is one key before the last.
  EXPECT_EQ(tokens(0, {69, 68}), (Places{place(5, 4)}));
  EXPECT_EQ(tokens(0, {5, 5, 5, 5}), (Places{place(7, 5)}));
  EXPECT_EQ(tokens(0, {-1}), Places());
}
