//===- KvCache.cpp - the cache of all layers, and calls of its functions --===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KvCache.h"

#include "attention.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace serving;

AlignedMemory serving::allocateAligned(size_t bytes) {
  constexpr size_t kAlignment = FP8ATTN_ALIGNMENT;
  void *memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) /
                                                    kAlignment * kAlignment);
  if (!memory)
    throw std::bad_alloc();
  return AlignedMemory(static_cast<std::byte *>(memory));
}

KvCache::KvCache(const Model &model, CacheFormat format, int32_t numPages)
    : format(format), numPages(numPages) {
  for (const Layer &layer : model.layers) {
    LayerScales &copy = scales.emplace_back();
    std::copy_n(layer.keyScale, kKvHeads, copy.key);
    std::copy_n(layer.valueScale, kKvHeads, copy.value);
  }
  // All bits set are NaN in either format: a result that depends on what nobody
  // wrote does not stay unnoticed.
  const size_t bytes = size_t(pageBytes()) * numPages;
  memory = allocateAligned(bytes);
  std::memset(memory.get(), 0xFF, bytes);
}

int64_t KvCache::pageBytes(CacheFormat format, int64_t numLayers) {
  return numLayers * (format == CacheFormat::E4M3
                          ? ATTEND_E4M3_CACHE_PAGE_BYTES
                          : ATTEND_BF16_CACHE_PAGE_BYTES);
}

int64_t KvCache::workspaceBytes(int32_t numWorkers) {
  return std::max({kv_write_e4m3_workspace_bytes(numWorkers),
                   kv_write_bf16_workspace_bytes(numWorkers),
                   attend_e4m3_workspace_bytes(numWorkers),
                   attend_bf16_workspace_bytes(numWorkers)});
}

fp8attn_cache KvCache::cacheOf(int layer) const {
  return {const_cast<std::byte *>(page(layer, 0)), numPages, layerPageBytes()};
}

static fp8attn_tensor heads(uint16_t *data, int64_t rows, int64_t count) {
  return fp8attn_tensor_make(data, FP8ATTN_TYPE_BF16, 3, rows, count, kHeadDim,
                             0);
}

static fp8attn_tensor list(std::vector<int32_t> &numbers) {
  return fp8attn_tensor_make(numbers.data(), FP8ATTN_TYPE_I32, 1,
                             int64_t(numbers.size()), 0, 0, 0);
}

static fp8attn_tensor headScales(float *scales) {
  return fp8attn_tensor_make(scales, FP8ATTN_TYPE_F32, 1, kKvHeads, 0, 0, 0);
}

fp8attn_status KvCache::write(fp8attn_context &context, int layer,
                              uint16_t *key, uint16_t *value,
                              BatchTables &batch) {
  const fp8attn_tensor keys = heads(key, batch.numRows(), kKvHeads);
  const fp8attn_tensor values = heads(value, batch.numRows(), kKvHeads);
  const fp8attn_tensor slots = fp8attn_tensor_make(
      batch.slots.data(), FP8ATTN_TYPE_I64, 1, batch.numRows(), 0, 0, 0);
  const fp8attn_cache cache = cacheOf(layer);
  if (format == CacheFormat::BF16)
    return kv_write_bf16(&context, &keys, &values, &slots, &cache);
  const fp8attn_tensor keyScale = headScales(scales[layer].key);
  const fp8attn_tensor valueScale = headScales(scales[layer].value);
  return kv_write_e4m3(&context, &keys, &values, &slots, &keyScale, &valueScale,
                       &cache);
}

fp8attn_status KvCache::attend(fp8attn_context &context, int layer,
                               uint16_t *query, BatchTables &batch,
                               uint16_t *out) {
  const fp8attn_tensor queries = heads(query, batch.numRows(), kQueryHeads);
  const fp8attn_tensor outs = heads(out, batch.numRows(), kQueryHeads);
  const fp8attn_tensor queryStart = list(batch.queryStart);
  const fp8attn_tensor seqLens = list(batch.seqLens);
  const fp8attn_tensor blockTable =
      fp8attn_tensor_make(batch.blockTable.data(), FP8ATTN_TYPE_I32, 2,
                          batch.numSequences(), batch.maxPages, 0, 0);
  const fp8attn_cache cache = cacheOf(layer);
  if (format == CacheFormat::BF16)
    return attend_bf16(&context, &queries, &cache, &queryStart, &seqLens,
                       &blockTable, &outs);
  const fp8attn_tensor keyScale = headScales(scales[layer].key);
  const fp8attn_tensor valueScale = headScales(scales[layer].value);
  return attend_e4m3(&context, &queries, &cache, &keyScale, &valueScale,
                     &queryStart, &seqLens, &blockTable, &outs);
}
