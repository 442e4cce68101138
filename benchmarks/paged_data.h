//===- paged_data.h - a batch over a paged cache ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory of a benchmark: random queries, a cache with pages in random order,
// and the tables that describe them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_PAGED_DATA_H
#define FP8ATTN_BENCHMARKS_PAGED_DATA_H

#include "kernel_set.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace fp8attn {

/// Zeroed memory aligned to FP8ATTN_ALIGNMENT.
class AlignedBuffer {
public:
  explicit AlignedBuffer(int64_t bytes);

  uint8_t *data() const { return memory.get(); }
  template <class T> T *as() const {
    return reinterpret_cast<T *>(memory.get());
  }

private:
  struct Free {
    void operator()(uint8_t *pointer) const;
  };
  std::unique_ptr<uint8_t, Free> memory;
};

/// Sizes of a batch; all sequences are alike.
struct BatchShape {
  int64_t sequences;
  int64_t queries;
  int64_t keys;
  int64_t heads;
  int64_t kvHeads;
  int64_t headDim;
  int64_t pageTokens;
  /// Caches that are used in turn, as the layers of a model are.
  int64_t layers;

  int64_t group() const { return heads / kvHeads; }
  int64_t tokens() const { return sequences * queries; }
  int64_t pagesPerSequence() const { return keys / pageTokens; }
  int64_t pages() const { return sequences * pagesPerSequence(); }
  /// Elements of keys, or of values, of one head in one page.
  int64_t pagePart() const { return pageTokens * headDim; }
  /// Elements of keys and values of a layer.
  int64_t cacheElements() const { return pages() * kvHeads * 2 * pagePart(); }
};

/// A cache of each layer: page, head, [keys | values].
struct PagedCache {
  PagedCache(const BatchShape &shape, int64_t elementBits, unsigned seed);

  int64_t headBytes, pageBytes;
  /// [sequences, pagesPerSequence]
  std::vector<int32_t> blockTable;
  std::vector<AlignedBuffer> layers;

  /// Returns the (page, head) parts of a layer in the order in which the
  /// batch's work items read them.
  std::vector<const uint8_t *> blocks(const BatchShape &shape,
                                      int64_t layer) const;
};

/// Returns random bf16 numbers around 1.
std::vector<uint16_t> randomBf16(int64_t count, unsigned seed);

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_PAGED_DATA_H
