//===- Batch.h - a ragged batch of sequences --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lengths of the sequences of a run, and the pages that they occupy.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_BATCH_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_BATCH_H

#include "Random.h"
#include "RunOptions.h"

#include <algorithm>
#include <vector>

namespace mlir::fp8attn {

/// A batch as paged_attention takes it.
struct Batch {
  /// [numSeqs + 1]
  std::vector<int32_t> queryStart;
  /// [numSeqs]
  std::vector<int32_t> seqLens;
  /// [numGroups + 1] and [numGroups]: of operations with a prefix; the first is
  /// empty if there are none.
  std::vector<int32_t> groupStart, prefixLens;
  /// Keys that a query selects, of operations with lists of them.
  int64_t numSelected = 0;

  int64_t numSeqs() const { return seqLens.size(); }
  int64_t numGroups() const { return prefixLens.size(); }
  /// Query tokens of all sequences.
  int64_t numTokens() const { return queryStart.back(); }
  int64_t queryLen(int64_t sequence) const {
    return queryStart[sequence + 1] - queryStart[sequence];
  }
  /// Returns the query tokens of the sequence that has most.
  int64_t mostQueries() const {
    int64_t most = 0;
    for (int64_t s = 0; s < numSeqs(); ++s)
      most = std::max(most, queryLen(s));
    return most;
  }
};

/// Makes the batch that the options describe, in groups if operations have a
/// prefix; reports a total that does not fit in 32 bits.
FailureOr<Batch> makeBatch(const RunOptions &options, bool hasPrefix);

/// Which page holds which tokens.
struct PageTable {
  int64_t pageTokens;
  /// Pages of the cache, some of them used by no sequence.
  int64_t numPages;
  /// Pages of the longest sequence, at least 1.
  int64_t maxPages;
  /// [numSeqs, maxPages]; entries past a sequence's length are invalid numbers.
  std::vector<int32_t> pages;
  /// Pages of the longest prefix, at least 1, and those of each group, as
  /// above.
  int64_t maxPrefixPages;
  std::vector<int32_t> prefixPages;

  /// Returns the slot of a token of a sequence, -1 for a negative token.
  int64_t slot(int64_t sequence, int64_t token) const {
    if (token < 0)
      return -1;
    return pages[sequence * maxPages + token / pageTokens] * pageTokens +
           token % pageTokens;
  }

  /// Returns the slot of a token of a group's prefix.
  int64_t prefixSlot(int64_t group, int64_t token) const {
    return prefixPages[group * maxPrefixPages + token / pageTokens] *
               pageTokens +
           token % pageTokens;
  }
};

/// Gives each sequence and prefix its pages, in random order over the cache.
PageTable makePageTable(const Batch &batch, int64_t pageTokens, Random &random);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_BATCH_H
