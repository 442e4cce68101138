//===- Batch.cpp - a ragged batch of sequences ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes batches and page tables.
//
//===----------------------------------------------------------------------===//

#include "Batch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

/// Keys of a sequence, and of a prefix, if the user says nothing.
static constexpr int64_t kDefaultContext = 1024;

/// Reports a length that does not fit in 32 bits.
static LogicalResult checkFits(int64_t length) {
  if (length <= std::numeric_limits<int32_t>::max())
    return success();
  reportError("expects lengths and their sum to fit in 32 bits, got " +
              Twine(length));
  return failure();
}

/// Divides the batch into groups.
static LogicalResult makeGroups(const RunOptions &options, Batch &batch) {
  std::vector<int64_t> prefixes(options.prefixes.begin(),
                                options.prefixes.end());
  if (prefixes.empty())
    prefixes = {kDefaultContext};
  const int64_t size = options.group ? options.group : batch.numSeqs();
  for (int64_t first = 0; first < batch.numSeqs(); first += size) {
    const int64_t tokens = prefixes[batch.numGroups() % prefixes.size()];
    if (failed(checkFits(tokens)))
      return failure();
    batch.groupStart.push_back(first);
    batch.prefixLens.push_back(tokens);
  }
  batch.groupStart.push_back(batch.numSeqs());
  return success();
}

FailureOr<Batch> mlir::fp8attn::makeBatch(const RunOptions &options,
                                          bool hasPrefix) {
  std::vector<int64_t> contexts(options.contexts.begin(),
                                options.contexts.end());
  std::vector<int64_t> queryLens(options.queryLens.begin(),
                                 options.queryLens.end());
  if (contexts.empty())
    contexts = {kDefaultContext};
  if (queryLens.empty())
    queryLens = {1};
  const size_t numSeqs = options.seqs
                             ? static_cast<size_t>(options.seqs)
                             : std::max(contexts.size(), queryLens.size());

  Batch batch;
  batch.numSelected = options.selected;
  batch.queryStart.push_back(0);
  for (size_t s = 0; s < numSeqs; ++s) {
    const int64_t context = contexts[s % contexts.size()];
    const int64_t end =
        batch.queryStart.back() + queryLens[s % queryLens.size()];
    if (failed(checkFits(std::max(context, end))))
      return failure();
    batch.seqLens.push_back(context);
    batch.queryStart.push_back(end);
  }
  if (hasPrefix && failed(makeGroups(options, batch)))
    return failure();
  return batch;
}

/// Returns the pages of the longest of `lens`, at least 1, and adds those of
/// all to `numUsed`.
static int64_t countPages(ArrayRef<int32_t> lens, int64_t pageTokens,
                          int64_t &numUsed) {
  int64_t most = 1;
  for (int32_t length : lens) {
    const int64_t pages = llvm::divideCeil(length, pageTokens);
    most = std::max(most, pages);
    numUsed += pages;
  }
  return most;
}

/// Takes free pages for each of `lens`, a row of `maxPages` each. Past the end,
/// entries are never read: they may be anything.
static std::vector<int32_t> takePages(ArrayRef<int32_t> lens, int64_t maxPages,
                                      int64_t pageTokens,
                                      std::vector<int32_t> &free) {
  std::vector<int32_t> pages(lens.size() * maxPages,
                             std::numeric_limits<int32_t>::max());
  for (auto [row, length] : llvm::enumerate(lens))
    for (int64_t i = 0; i * pageTokens < length; ++i) {
      pages[row * maxPages + i] = free.back();
      free.pop_back();
    }
  return pages;
}

PageTable mlir::fp8attn::makePageTable(const Batch &batch, int64_t pageTokens,
                                       Random &random) {
  PageTable table;
  table.pageTokens = pageTokens;
  int64_t numUsed = 0;
  table.maxPages = countPages(batch.seqLens, pageTokens, numUsed);
  table.maxPrefixPages = countPages(batch.prefixLens, pageTokens, numUsed);
  // Some pages belong to nobody: a wrong page number should find garbage.
  constexpr int64_t kUnusedPages = 3;
  table.numPages = numUsed + kUnusedPages;
  std::vector<int32_t> free(table.numPages);
  std::iota(free.begin(), free.end(), 0);
  random.shuffle(free);

  table.pages = takePages(batch.seqLens, table.maxPages, pageTokens, free);
  table.prefixPages =
      takePages(batch.prefixLens, table.maxPrefixPages, pageTokens, free);
  return table;
}
