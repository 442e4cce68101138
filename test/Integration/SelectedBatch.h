//===- SelectedBatch.h - a batch with lists of keys -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random batches whose queries have a list of pages or tokens each, which
// places of the cache they see, and what a call gives.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_SELECTEDBATCH_H
#define FP8ATTN_TEST_INTEGRATION_SELECTEDBATCH_H

#include "DirectCall.h"

#include <algorithm>
#include <numeric>

static constexpr int64_t kPage = 32, kPages = 256;
/// Keys that queries see after their positions if they stand at the first keys.
static constexpr int64_t kWindowRight = 2;

/// Draws one of a few numbers.
inline int32_t oneOf(std::mt19937 &random, std::initializer_list<int32_t> of) {
  return of.begin()[random() % of.size()];
}

inline Integers makeList(const std::vector<int32_t> &elements) {
  Integers made(FP8ATTN_TYPE_I32, {int64_t(elements.size())});
  made.elements = elements;
  return made;
}

/// A batch, and a list for each of its queries, whose entries stand for `unit`
/// keys.
struct Batch {
  std::vector<int32_t> queryStart = {0}, lens;
  int64_t columns = 0, unit, entries;
  bool topLeft;
  std::vector<int32_t> table;
  Integers selected{FP8ATTN_TYPE_I32, {0, 0}};

  Batch(std::mt19937 &random, int64_t unit, bool topLeft = false)
      : unit(unit), entries(unit == 1 ? oneOf(random, {1, 40, 300, 2100})
                                      : oneOf(random, {1, 3, 8, 70})),
        topLeft(topLeft) {
    const int32_t numSeqs = oneOf(random, {1, 2, 5});
    for (int32_t s = 0; s < numSeqs; ++s) {
      lens.push_back(oneOf(random, {0, 1, 33, 64, 500, 1500}));
      queryStart.push_back(queryStart.back() + oneOf(random, {0, 1, 1, 3, 20}));
    }
    columns = *std::max_element(lens.begin(), lens.end()) / kPage + 2;
    std::vector<int32_t> free(kPages);
    std::iota(free.begin(), free.end(), 0);
    std::shuffle(free.begin(), free.end(), random);
    table.assign(numSeqs * columns, -1);
    for (int32_t s = 0; s < numSeqs; ++s)
      for (int64_t i = 0; i * kPage < lens[s]; ++i) {
        table[s * columns + i] = free.back();
        free.pop_back();
      }
    selected = Integers(FP8ATTN_TYPE_I32, {tokens(), entries}, -1);
    for (int32_t &entry : selected.elements)
      entry = static_cast<int32_t>(random() % (columns * kPage / unit + 1)) - 1;
  }

  int64_t tokens() const { return queryStart.back(); }
  int64_t numSeqs() const { return int64_t(lens.size()); }

  int64_t sequenceOf(int64_t token) const {
    return std::upper_bound(queryStart.begin(), queryStart.end(), token) -
           queryStart.begin() - 1;
  }
  /// Returns the end of the keys that a query could see.
  int64_t endOf(int64_t token) const {
    const int64_t s = sequenceOf(token), i = token - queryStart[s];
    const int64_t end =
        topLeft ? i + kWindowRight + 1
                : lens[s] - (queryStart[s + 1] - queryStart[s]) + i + 1;
    return std::clamp<int64_t>(end, 0, lens[s]);
  }
  /// Calls `take` with each place in the cache that a query sees.
  template <typename Take> void forEachPlace(Take take) const {
    for (int64_t token = 0; token < tokens(); ++token)
      for (int64_t i = 0; i < entries; ++i) {
        const int64_t entry = selected.elements[token * entries + i];
        const int64_t end = std::min(endOf(token), (entry + 1) * unit);
        for (int64_t key = std::max<int64_t>(entry, 0) * unit; key < end; ++key)
          take(table[sequenceOf(token) * columns + key / kPage] * kPage +
               key % kPage);
      }
  }
  std::vector<bool> places() const {
    std::vector<bool> isSeen(kPages * kPage);
    forEachPlace([&](int64_t place) { isSeen[place] = true; });
    return isSeen;
  }
  /// Returns the table with nothing but what is read.
  Integers leastTable(const std::vector<bool> &isSeen) const {
    Integers least(FP8ATTN_TYPE_I32, {numSeqs(), columns});
    least.elements = table;
    for (int32_t &page : least.elements)
      if (page >= 0 && page < kPages &&
          std::find(isSeen.begin() + page * kPage,
                    isSeen.begin() + (page + 1) * kPage,
                    true) == isSeen.begin() + (page + 1) * kPage)
        page = -7;
    return least;
  }
};

#endif // FP8ATTN_TEST_INTEGRATION_SELECTEDBATCH_H
