//===- KvCache.h - the cache of all layers ----------------------*- C++ -*-===//
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One compiled pair of functions serves all layers: each call gets the layer's
// part of the memory, and its scales.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_KVCACHE_H
#define FP8ATTN_EXAMPLES_SERVING_KVCACHE_H

#include "Model.h"

#include "fp8attn/Runtime/fp8attn.h"

#include <cstdlib>
#include <memory>

namespace serving {

enum class CacheFormat { E4M3, BF16 };

struct FreeMemory {
  void operator()(void *memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<std::byte, FreeMemory>;

/// Returns memory aligned to FP8ATTN_ALIGNMENT; throws std::bad_alloc.
AlignedMemory allocateAligned(size_t bytes);

/// The rows of a call as attention needs them, the same for all layers. Rows of
/// a sequence are its last tokens.
struct BatchTables {
  /// Place of each row's token: page * kPageTokens + token in the page.
  std::vector<int64_t> slots;
  /// Of sequence s: its rows begin at queryStart[s] and end at queryStart[s +
  /// 1]; it has seqLens[s] tokens, those of the rows included.
  std::vector<int32_t> queryStart = {0}, seqLens;
  /// [sequences, maxPages]: the pages of each sequence; entries past its
  /// tokens are not read.
  std::vector<int32_t> blockTable;
  int64_t maxPages = 0;

  int64_t numRows() const { return int64_t(slots.size()); }
  int64_t numSequences() const { return int64_t(seqLens.size()); }
};

class KvCache {
public:
  KvCache(const Model &model, CacheFormat format, int32_t numPages);

  /// Bytes of a page, of all layers together.
  static int64_t pageBytes(CacheFormat format, int64_t numLayers);
  int64_t pageBytes() const { return pageBytes(format, numLayers()); }
  /// Bytes of workspace for calls on a number of workers.
  static int64_t workspaceBytes(int32_t numWorkers);

  /// Writes keys and values, [rows, kKvHeads, kHeadDim] in bf16, to the slots.
  fp8attn_status write(fp8attn_context &context, int layer, uint16_t *key,
                       uint16_t *value, BatchTables &batch);
  /// Attends with queries [rows, kQueryHeads, kHeadDim] in bf16; out likewise.
  fp8attn_status attend(fp8attn_context &context, int layer, uint16_t *query,
                        BatchTables &batch, uint16_t *out);

  /// Returns the memory of a page of one layer, pageBytes() / numLayers()
  /// bytes.
  const std::byte *page(int64_t layer, int32_t page) const {
    return memory.get() + (layer * numPages + page) * layerPageBytes();
  }
  int64_t numLayers() const { return int64_t(scales.size()); }

private:
  /// Copies of the model's.
  struct LayerScales {
    float key[kKvHeads], value[kKvHeads];
  };
  int64_t layerPageBytes() const { return pageBytes(format, 1); }
  fp8attn_cache cacheOf(int layer) const;

  CacheFormat format;
  int32_t numPages;
  std::vector<LayerScales> scales;
  AlignedMemory memory;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_KVCACHE_H
