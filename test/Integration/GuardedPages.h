//===- GuardedPages.h - a cache of which some pages are there ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory of a cache whose pages can be taken away, so that a call that reads
// one of them ends the test.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_GUARDEDPAGES_H
#define FP8ATTN_TEST_INTEGRATION_GUARDEDPAGES_H

#include "fp8attn/Runtime/fp8attn.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

class GuardedPages {
public:
  /// Pages of at least `bytes` bytes, of memory of their own each.
  GuardedPages(int64_t numPages, int64_t bytes) : numPages(numPages) {
    const int64_t unit = sysconf(_SC_PAGESIZE);
    pageBytes = (bytes + unit - 1) / unit * unit;
    memory = static_cast<uint8_t *>(mmap(nullptr, numPages * pageBytes,
                                         PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(memory, MAP_FAILED);
  }
  GuardedPages(const GuardedPages &) = delete;
  GuardedPages &operator=(const GuardedPages &) = delete;
  ~GuardedPages() { munmap(memory, numPages * pageBytes); }

  uint8_t *data() const { return memory; }
  fp8attn_cache cache() const { return {memory, numPages, pageBytes}; }
  void fill(uint8_t byte) { std::memset(memory, byte, numPages * pageBytes); }

  /// Takes pages away but those of which a token is in `places`, of
  /// `pageTokens` each.
  void showOnly(const std::vector<bool> &places, int64_t pageTokens) {
    for (int64_t page = 0; page < numPages; ++page) {
      const auto first = places.begin() + page * pageTokens;
      if (std::find(first, first + pageTokens, true) == first + pageTokens)
        EXPECT_EQ(mprotect(memory + page * pageBytes, pageBytes, PROT_NONE), 0);
    }
  }
  void showAll() {
    EXPECT_EQ(mprotect(memory, numPages * pageBytes, PROT_READ | PROT_WRITE),
              0);
  }

private:
  int64_t numPages, pageBytes;
  uint8_t *memory;
};

#endif // FP8ATTN_TEST_INTEGRATION_GUARDEDPAGES_H
