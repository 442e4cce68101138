//===- PrefixTree.h - pages found by their tokens ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A page's keys and values depend on the tokens up to its end, and, behind a
// prefix that a request names, on where that ends; on nothing else, bit for bit
// (docs/Repeatability.md). So a full page may serve every sequence that begins
// with these tokens, and behind a prefix those that name the same. The tree has
// a level for each page of a sequence, and holds a reference on each of its
// pages; the pages that nobody else holds are what the engine gives away when
// it runs out.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_PREFIXTREE_H
#define FP8ATTN_EXAMPLES_SERVING_PREFIXTREE_H

#include "Model.h"
#include "PagePool.h"

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace serving {

class PrefixTree {
public:
  explicit PrefixTree(PagePool &pool) : pool(pool) {}
  ~PrefixTree() {
    while (evict())
      ;
  }

  /// Returns the pages of the longest beginning of `tokens` that is there in
  /// full pages, with a reference on each for the caller. The first
  /// `numPrefixPages` are those of a prefix.
  std::vector<int32_t> match(std::span<const Token> tokens,
                             int32_t numPrefixPages);

  /// Adds the full pages of a sequence: `pages` holds the keys and values of
  /// `tokens`, the first `numPrefixPages` those of a prefix. Where the tree has
  /// the same tokens in another page already, that one takes the place of the
  /// sequence's own, which is released. So whoever holds a page of the tree
  /// holds all pages above it.
  void insert(std::span<const Token> tokens, int32_t numPrefixPages,
              std::vector<int32_t> &pages);

  /// Releases the least recently used page among those that nobody else holds
  /// and that have none below them. Returns false if there is none.
  bool evict();

  /// Returns the number of pages that evict() can release one after the other.
  int32_t numEvictable() const;

  /// Returns all pages of the tree.
  std::vector<int32_t> listPages() const;

private:
  /// The pages of the prefix that a page is behind, 0 for none; its tokens.
  using Key = std::pair<int32_t, std::vector<Token>>;
  struct Node {
    int32_t page = -1;
    int64_t lastUse = 0;
    std::map<Key, Node> children;
  };
  using Child = std::map<Key, Node>::iterator;

  static Key keyOf(std::span<const Token> tokens, int32_t numPrefixPages,
                   size_t page);

  /// A leaf that can go, and where it hangs.
  struct Candidate {
    Node *parent = nullptr;
    Child child;
  };
  void findOldest(Node &node, Candidate &oldest);
  void list(const Node &node, std::vector<int32_t> &pages) const;

  PagePool &pool;
  Node root;
  int64_t clock = 0;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_PREFIXTREE_H
