//===- PagePool.h - pages with reference counts -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Who holds which page of the cache is bookkeeping of the engine alone: the
// compiled functions see page numbers in slots and block tables. A page number
// stands for a page of every layer.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_PAGEPOOL_H
#define FP8ATTN_EXAMPLES_SERVING_PAGEPOOL_H

#include <cassert>
#include <cstdint>
#include <optional>
#include <vector>

namespace serving {

class PagePool {
public:
  explicit PagePool(int32_t numPages) : references(numPages, 0) {
    for (int32_t page = numPages; page > 0; --page)
      unused.push_back(page - 1);
  }

  /// Returns a page with one reference, or nothing if all pages are held.
  std::optional<int32_t> allocate() {
    if (unused.empty())
      return std::nullopt;
    const int32_t page = unused.back();
    unused.pop_back();
    references[page] = 1;
    return page;
  }

  /// Adds a holder to a page that has one.
  void retain(int32_t page) {
    assert(references[page] > 0 && "nobody holds the page");
    ++references[page];
  }

  /// Takes a holder away; the page of the last one is free again.
  void release(int32_t page) {
    assert(references[page] > 0 && "nobody holds the page");
    if (--references[page] == 0)
      unused.push_back(page);
  }

  int32_t numReferences(int32_t page) const { return references[page]; }
  int32_t numPages() const { return int32_t(references.size()); }
  int32_t numFree() const { return int32_t(unused.size()); }

private:
  std::vector<int32_t> references;
  std::vector<int32_t> unused;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_PAGEPOOL_H
