//===- PagesTest.cpp - reference counts and shared prefixes ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PrefixTree.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace serving;

TEST(PagePoolTest, PagesAreFreeWhenNobodyHoldsThem) {
  PagePool pool(2);
  const int32_t first = *pool.allocate(), second = *pool.allocate();
  EXPECT_NE(first, second);
  EXPECT_EQ(pool.allocate(), std::nullopt);
  pool.retain(first);
  pool.release(first);
  EXPECT_EQ(pool.numReferences(first), 1);
  EXPECT_EQ(pool.allocate(), std::nullopt);
  pool.release(first);
  EXPECT_EQ(pool.numFree(), 1);
  EXPECT_EQ(pool.allocate(), first);
}

/// Returns the tokens first, first + 1, ...
static std::vector<Token> count(Token first, size_t size) {
  std::vector<Token> tokens(size);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

/// Inserts tokens in pages of their own, and gives up the pages.
static std::vector<int32_t> insert(PagePool &pool, PrefixTree &tree,
                                   const std::vector<Token> &tokens,
                                   int32_t numPrefixPages = 0) {
  std::vector<int32_t> pages;
  for (size_t i = 0; i < tokens.size() / kPageTokens; ++i)
    pages.push_back(*pool.allocate());
  tree.insert(tokens, numPrefixPages, pages);
  for (int32_t page : pages)
    pool.release(page);
  return pages;
}

TEST(PrefixTreeTest, FullPagesAreFound) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> pages = insert(pool, tree, count(0, 70));
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(tree.match(count(0, 64), 0), pages);
  EXPECT_EQ(pool.numReferences(pages[1]), 2);
  EXPECT_EQ(tree.match(count(0, 63), 0).size(), 1u);
  EXPECT_TRUE(tree.match(count(0, 31), 0).empty());
  EXPECT_TRUE(tree.match(count(1, 64), 0).empty());
  // A page that differs ends it, even if the next one is alike.
  std::vector<Token> other = count(0, 64);
  other[0] = 7;
  EXPECT_TRUE(tree.match(other, 0).empty());
}

TEST(PrefixTreeTest, EqualTokensEndUpInOnePage) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> pages = insert(pool, tree, count(0, 64));
  EXPECT_EQ(insert(pool, tree, count(0, 96))[1], pages[1]);
  EXPECT_EQ(pool.numFree(), 5);
}

TEST(PrefixTreeTest, PagesBehindANamedPrefixAreApart) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> plain = insert(pool, tree, count(0, 96));
  const std::vector<int32_t> behind = insert(pool, tree, count(0, 96), 1);
  // The prefix itself is computed as it is without a name.
  EXPECT_EQ(behind[0], plain[0]);
  EXPECT_NE(behind[1], plain[1]);
  EXPECT_NE(behind[2], plain[2]);
  EXPECT_EQ(pool.numFree(), 3);
  EXPECT_EQ(tree.match(count(0, 96), 0), plain);
  EXPECT_EQ(tree.match(count(0, 96), 1), behind);
  // Nobody was behind two pages yet.
  EXPECT_EQ(tree.match(count(0, 96), 2),
            std::vector(plain.begin(), plain.begin() + 2));
}

TEST(PrefixTreeTest, TheLeastRecentlyUsedLeafGoesFirst) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> older = insert(pool, tree, count(0, 64));
  const std::vector<int32_t> newer = insert(pool, tree, count(100, 32));
  const std::vector<int32_t> held = tree.match(count(100, 32), 0);
  EXPECT_EQ(tree.numEvictable(), 2);
  EXPECT_TRUE(tree.evict());
  EXPECT_EQ(pool.numReferences(older[1]), 0);
  EXPECT_EQ(pool.numReferences(older[0]), 1);
  EXPECT_TRUE(tree.evict());
  // A sequence has the last one.
  EXPECT_FALSE(tree.evict());
  EXPECT_EQ(pool.numReferences(newer[0]), 2);
}
