//===- PrefixTree.cpp - pages found by their tokens -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PrefixTree.h"

using namespace serving;

PrefixTree::Key PrefixTree::keyOf(std::span<const Token> tokens,
                                  int32_t numPrefixPages, size_t page) {
  const auto begin = tokens.begin() + page * kPageTokens;
  const bool isBehind = page >= size_t(numPrefixPages);
  return {isBehind ? numPrefixPages : 0, {begin, begin + kPageTokens}};
}

std::vector<int32_t> PrefixTree::match(std::span<const Token> tokens,
                                       int32_t numPrefixPages) {
  std::vector<int32_t> pages;
  ++clock;
  Node *node = &root;
  for (size_t i = 0; i < tokens.size() / kPageTokens; ++i) {
    const auto child = node->children.find(keyOf(tokens, numPrefixPages, i));
    if (child == node->children.end())
      break;
    node = &child->second;
    node->lastUse = clock;
    pool.retain(node->page);
    pages.push_back(node->page);
  }
  return pages;
}

void PrefixTree::insert(std::span<const Token> tokens, int32_t numPrefixPages,
                        std::vector<int32_t> &pages) {
  ++clock;
  Node *node = &root;
  for (size_t i = 0; i < tokens.size() / kPageTokens; ++i) {
    node = &node->children[keyOf(tokens, numPrefixPages, i)];
    node->lastUse = clock;
    if (node->page == pages[i])
      continue;
    if (node->page < 0) {
      node->page = pages[i];
      pool.retain(node->page);
      continue;
    }
    pool.retain(node->page);
    pool.release(pages[i]);
    pages[i] = node->page;
  }
}

void PrefixTree::findOldest(Node &node, Candidate &oldest) {
  for (Child child = node.children.begin(); child != node.children.end();
       ++child) {
    Node &below = child->second;
    findOldest(below, oldest);
    if (below.children.empty() && pool.numReferences(below.page) == 1 &&
        (!oldest.parent || below.lastUse < oldest.child->second.lastUse))
      oldest = {&node, child};
  }
}

bool PrefixTree::evict() {
  Candidate oldest;
  findOldest(root, oldest);
  if (!oldest.parent)
    return false;
  pool.release(oldest.child->second.page);
  oldest.parent->children.erase(oldest.child);
  return true;
}

void PrefixTree::list(const Node &node, std::vector<int32_t> &pages) const {
  for (const auto &[key, child] : node.children) {
    pages.push_back(child.page);
    list(child, pages);
  }
}

std::vector<int32_t> PrefixTree::listPages() const {
  std::vector<int32_t> pages;
  list(root, pages);
  return pages;
}

int32_t PrefixTree::numEvictable() const {
  int32_t count = 0;
  for (int32_t page : listPages())
    count += pool.numReferences(page) == 1;
  return count;
}
