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
                                   const std::vector<Token> &tokens) {
  std::vector<int32_t> pages;
  for (size_t i = 0; i < tokens.size() / kPageTokens; ++i)
    pages.push_back(*pool.allocate());
  tree.insert(tokens, pages);
  for (int32_t page : pages)
    pool.release(page);
  return pages;
}

TEST(PrefixTreeTest, FullPagesAreFound) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> pages = insert(pool, tree, count(0, 70));
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(tree.match(count(0, 64)), pages);
  EXPECT_EQ(pool.numReferences(pages[1]), 2);
  EXPECT_EQ(tree.match(count(0, 63)).size(), 1u);
  EXPECT_TRUE(tree.match(count(0, 31)).empty());
  EXPECT_TRUE(tree.match(count(1, 64)).empty());
  // A page that differs ends it, even if the next one is alike.
  std::vector<Token> other = count(0, 64);
  other[0] = 7;
  EXPECT_TRUE(tree.match(other).empty());
}

TEST(PrefixTreeTest, EqualTokensEndUpInOnePage) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> pages = insert(pool, tree, count(0, 64));
  EXPECT_EQ(insert(pool, tree, count(0, 96))[1], pages[1]);
  EXPECT_EQ(pool.numFree(), 5);
}

TEST(PrefixTreeTest, TheLeastRecentlyUsedLeafGoesFirst) {
  PagePool pool(8);
  PrefixTree tree(pool);
  const std::vector<int32_t> older = insert(pool, tree, count(0, 64));
  const std::vector<int32_t> newer = insert(pool, tree, count(100, 32));
  const std::vector<int32_t> held = tree.match(count(100, 32));
  EXPECT_EQ(tree.numEvictable(), 2);
  EXPECT_TRUE(tree.evict());
  EXPECT_EQ(pool.numReferences(older[1]), 0);
  EXPECT_EQ(pool.numReferences(older[0]), 1);
  EXPECT_TRUE(tree.evict());
  // A sequence has the last one.
  EXPECT_FALSE(tree.evict());
  EXPECT_EQ(pool.numReferences(newer[0]), 2);
}
