//===- KvCache.h - the cache of all layers ----------------------*- C++ -*-===//
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

/// FP8 codes have a scale for each KV head, which the model says, or for each
/// token and head, which is computed when they are written.
enum class CacheFormat { BF16, E4M3, E4M3Token, E5M2 };
constexpr CacheFormat kCacheFormats[] = {CacheFormat::BF16, CacheFormat::E4M3,
                                         CacheFormat::E4M3Token,
                                         CacheFormat::E5M2};

/// Returns the name of a format: "bf16", "e4m3", "e4m3-token", "e5m2".
const char *nameOf(CacheFormat format);

struct FreeMemory {
  void operator()(void *memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<std::byte, FreeMemory>;

/// Returns memory aligned to FP8ATTN_ALIGNMENT; throws std::bad_alloc.
AlignedMemory allocateAligned(size_t bytes);

/// Tokens of prefixes in the calls of attention of a layer.
struct PrefixReads {
  /// Those that were read, and those that would have been if each sequence read
  /// its prefix for itself.
  int64_t numRead = 0, numForEach = 0;
};

/// The rows of a call as attention needs them, the same for all layers. Rows of
/// a sequence are its last tokens. Sequences are in groups, each of which
/// begins with the same prefix; it may be empty.
struct BatchTables {
  /// Place of each row's token: page * kPageTokens + token in the page.
  std::vector<int64_t> slots;
  /// Of sequence s: its rows begin at queryStart[s] and end at queryStart[s +
  /// 1]; it has seqLens[s] tokens behind the prefix, those of the rows
  /// included.
  std::vector<int32_t> queryStart = {0}, seqLens;
  /// Of group g: its sequences begin at groupStart[g] and end at groupStart[g +
  /// 1]; its prefix has prefixLens[g] tokens.
  std::vector<int32_t> groupStart = {0}, prefixLens;
  /// [sequences, maxPages] and [groups, maxPages]: the pages of each sequence
  /// behind the prefix, and of each prefix; entries past their tokens are not
  /// read.
  std::vector<int32_t> blockTable, prefixTable;
  int64_t maxPages = 0;
  PrefixReads reads;

  int64_t numRows() const { return int64_t(slots.size()); }
  int64_t numSequences() const { return int64_t(seqLens.size()); }
  int64_t numGroups() const { return int64_t(prefixLens.size()); }
};

class KvCache {
public:
  KvCache(const Model &model, CacheFormat format, int32_t numPages);

  /// Bytes of a page with its scales, of all layers together.
  static int64_t pageBytes(CacheFormat format, int64_t numLayers);
  int64_t pageBytes() const { return pageBytes(format, numLayers()); }
  /// The keyMost and valueMost that make scales of heads 1.
  static float mostForScaleOne(CacheFormat format);
  /// Bytes of workspace for calls on a number of workers.
  static int64_t workspaceBytes(int32_t numWorkers);

  /// Writes keys and values, [rows, kKvHeads, kHeadDim] in bf16, to the slots.
  fp8attn_status write(fp8attn_context &context, int layer, uint16_t *key,
                       uint16_t *value, BatchTables &batch);
  /// Attends with queries [rows, kQueryHeads, kHeadDim] in bf16; out likewise.
  fp8attn_status attend(fp8attn_context &context, int layer, uint16_t *query,
                        BatchTables &batch, uint16_t *out);

  int64_t numLayers() const { return int64_t(scales.size()); }

private:
  /// Of heads, [kKvHeads]; or of tokens and heads, [numPages, kKvHeads,
  /// kPageTokens].
  struct LayerScales {
    std::vector<float> key, value;
  };
  fp8attn_cache cacheOf(int layer) const;
  fp8attn_tensor scalesOf(std::vector<float> &values) const;

  CacheFormat format;
  bool isWindowed;
  int32_t numPages;
  std::vector<LayerScales> scales;
  AlignedMemory memory;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_KVCACHE_H
