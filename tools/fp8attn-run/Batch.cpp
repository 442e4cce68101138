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

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

/// Keys of a sequence if the user says nothing.
static constexpr int64_t kDefaultContext = 1024;

FailureOr<Batch> mlir::fp8attn::makeBatch(const RunOptions &options) {
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

  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  Batch batch;
  batch.queryStart.push_back(0);
  for (size_t s = 0; s < numSeqs; ++s) {
    const int64_t context = contexts[s % contexts.size()];
    const int64_t end =
        batch.queryStart.back() + queryLens[s % queryLens.size()];
    if (context > kMax || end > kMax) {
      reportError("expects lengths and their sum to fit in 32 bits, got " +
                  Twine(std::max(context, end)));
      return failure();
    }
    batch.seqLens.push_back(context);
    batch.queryStart.push_back(end);
  }
  return batch;
}

PageTable mlir::fp8attn::makePageTable(const Batch &batch, int64_t pageTokens,
                                       Random &random) {
  PageTable table;
  table.pageTokens = pageTokens;
  table.maxPages = 1;
  int64_t numUsed = 0;
  for (int32_t length : batch.seqLens) {
    const int64_t pages = llvm::divideCeil(length, pageTokens);
    table.maxPages = std::max(table.maxPages, pages);
    numUsed += pages;
  }
  // Some pages belong to nobody: a wrong page number should find garbage.
  constexpr int64_t kUnusedPages = 3;
  table.numPages = numUsed + kUnusedPages;
  std::vector<int32_t> free(table.numPages);
  std::iota(free.begin(), free.end(), 0);
  random.shuffle(free);

  // Past the end, entries are never read: they may be anything.
  table.pages.assign(batch.numSeqs() * table.maxPages,
                     std::numeric_limits<int32_t>::max());
  for (int64_t s = 0; s < batch.numSeqs(); ++s)
    for (int64_t i = 0; i * pageTokens < batch.seqLens[s]; ++i) {
      table.pages[s * table.maxPages + i] = free.back();
      free.pop_back();
    }
  return table;
}
