//===- KvCache.cpp - the cache of all layers, and calls of its functions --===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KvCache.h"

#include "attention.h"

#include <algorithm>
#include <cstring>
#include <limits>
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

/// The compiled functions of a format. Those of bf16 take no scales.
namespace {
struct FormatFunctions {
  const char *name;
  /// What a scale is to the largest magnitude of a head; 0 of bf16 and where
  /// scales are computed.
  float largestCode;
  /// Of a page of a layer, without scales.
  int64_t pageBytes;
  decltype(&kv_write_e4m3) write;
  /// By whether the model is windowed.
  decltype(&attend_e4m3) attend[2];
  decltype(&attend_e4m3_prefix) attendPrefix;
  /// Of attention: in the order above.
  decltype(&kv_write_e4m3_workspace_bytes) writeBytes, attendBytes[3];
};
} // namespace

static const FormatFunctions &functionsOf(CacheFormat format) {
  static constexpr FormatFunctions kFunctions[] = {
      {"bf16",
       0,
       ATTEND_BF16_CACHE_PAGE_BYTES,
       nullptr,
       {},
       nullptr,
       kv_write_bf16_workspace_bytes,
       {attend_bf16_workspace_bytes, attend_bf16_window_workspace_bytes,
        attend_bf16_prefix_workspace_bytes}},
      {"e4m3",
       448,
       ATTEND_E4M3_CACHE_PAGE_BYTES,
       kv_write_e4m3,
       {attend_e4m3, attend_e4m3_window},
       attend_e4m3_prefix,
       kv_write_e4m3_workspace_bytes,
       {attend_e4m3_workspace_bytes, attend_e4m3_window_workspace_bytes,
        attend_e4m3_prefix_workspace_bytes}},
      {"e4m3-token",
       0,
       ATTEND_E4M3_TOKEN_CACHE_PAGE_BYTES,
       kv_write_e4m3_token,
       {attend_e4m3_token, attend_e4m3_token_window},
       attend_e4m3_token_prefix,
       kv_write_e4m3_token_workspace_bytes,
       {attend_e4m3_token_workspace_bytes,
        attend_e4m3_token_window_workspace_bytes,
        attend_e4m3_token_prefix_workspace_bytes}},
      {"e5m2",
       57344,
       ATTEND_E5M2_CACHE_PAGE_BYTES,
       kv_write_e5m2,
       {attend_e5m2, attend_e5m2_window},
       attend_e5m2_prefix,
       kv_write_e5m2_workspace_bytes,
       {attend_e5m2_workspace_bytes, attend_e5m2_window_workspace_bytes,
        attend_e5m2_prefix_workspace_bytes}}};
  return kFunctions[int(format)];
}

const char *serving::nameOf(CacheFormat format) {
  return functionsOf(format).name;
}

/// Twice the largest magnitude that was seen is the largest code: what exceeds
/// it is not cut off soon, and all codes but subnormal ones are as fine as they
/// would be without.
constexpr float kRoom = 2;

/// Returns the scales of heads.
static std::vector<float> scalesFor(const float *most, float largestCode) {
  std::vector<float> scales;
  for (int head = 0; head < kKvHeads; ++head)
    scales.push_back(kRoom * most[head] / largestCode);
  return scales;
}

KvCache::KvCache(const Model &model, CacheFormat format, int32_t numPages)
    : format(format), isWindowed(model.isWindowed), numPages(numPages) {
  // What nobody wrote is NaN, codes (all bits are set) and scales: a result
  // that depends on it does not stay unnoticed.
  const std::vector<float> unwritten(format == CacheFormat::E4M3Token
                                         ? size_t(numPages) * kKvHeads *
                                               kPageTokens
                                         : 0,
                                     std::numeric_limits<float>::quiet_NaN());
  const float largestCode = functionsOf(format).largestCode;
  for (const Layer &layer : model.layers)
    if (largestCode > 0)
      scales.push_back({scalesFor(layer.keyMost, largestCode),
                        scalesFor(layer.valueMost, largestCode)});
    else
      scales.push_back({unwritten, unwritten});
  const size_t bytes =
      size_t(functionsOf(format).pageBytes * numLayers()) * numPages;
  memory = allocateAligned(bytes);
  std::memset(memory.get(), 0xFF, bytes);
}

int64_t KvCache::pageBytes(CacheFormat format, int64_t numLayers) {
  constexpr int64_t kScaleBytes =
      2 * kKvHeads * kPageTokens * int64_t(sizeof(float));
  return numLayers * (functionsOf(format).pageBytes +
                      (format == CacheFormat::E4M3Token ? kScaleBytes : 0));
}

float KvCache::mostForScaleOne(CacheFormat format) {
  return functionsOf(format).largestCode / kRoom;
}

int64_t KvCache::workspaceBytes(int32_t numWorkers) {
  int64_t bytes = 0;
  for (CacheFormat format : kCacheFormats) {
    const FormatFunctions &functions = functionsOf(format);
    bytes = std::max(bytes, functions.writeBytes(numWorkers));
    for (const auto &attendBytes : functions.attendBytes)
      bytes = std::max(bytes, attendBytes(numWorkers));
  }
  return bytes;
}

fp8attn_cache KvCache::cacheOf(int layer) const {
  const int64_t bytes = functionsOf(format).pageBytes;
  return {memory.get() + layer * numPages * bytes, numPages, bytes};
}

fp8attn_tensor KvCache::scalesOf(std::vector<float> &values) const {
  if (format == CacheFormat::E4M3Token)
    return fp8attn_tensor_make(values.data(), FP8ATTN_TYPE_F32, 3, numPages,
                               kKvHeads, kPageTokens, 0);
  return fp8attn_tensor_make(values.data(), FP8ATTN_TYPE_F32, 1, kKvHeads, 0, 0,
                             0);
}

static fp8attn_tensor heads(uint16_t *data, int64_t rows, int64_t count) {
  return fp8attn_tensor_make(data, FP8ATTN_TYPE_BF16, 3, rows, count, kHeadDim,
                             0);
}

static fp8attn_tensor list(std::vector<int32_t> &numbers) {
  return fp8attn_tensor_make(numbers.data(), FP8ATTN_TYPE_I32, 1,
                             int64_t(numbers.size()), 0, 0, 0);
}

static fp8attn_tensor table(std::vector<int32_t> &pages, int64_t rows,
                            int64_t maxPages) {
  return fp8attn_tensor_make(pages.data(), FP8ATTN_TYPE_I32, 2, rows, maxPages,
                             0, 0);
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
  const fp8attn_tensor keyScale = scalesOf(scales[layer].key);
  const fp8attn_tensor valueScale = scalesOf(scales[layer].value);
  return functionsOf(format).write(&context, &keys, &values, &slots, &keyScale,
                                   &valueScale, &cache);
}

fp8attn_status KvCache::attend(fp8attn_context &context, int layer,
                               uint16_t *query, BatchTables &batch,
                               uint16_t *out) {
  const fp8attn_tensor queries = heads(query, batch.numRows(), kQueryHeads);
  const fp8attn_tensor outs = heads(out, batch.numRows(), kQueryHeads);
  const fp8attn_tensor queryStart = list(batch.queryStart);
  const fp8attn_tensor seqLens = list(batch.seqLens);
  const fp8attn_tensor blockTable =
      table(batch.blockTable, batch.numSequences(), batch.maxPages);
  const fp8attn_tensor groupStart = list(batch.groupStart);
  const fp8attn_tensor prefixLens = list(batch.prefixLens);
  const fp8attn_tensor prefixTable =
      table(batch.prefixTable, batch.numGroups(), batch.maxPages);
  const fp8attn_cache cache = cacheOf(layer);
  // Where all prefixes are empty, the bits are the same without.
  const bool hasPrefix = batch.reads.numRead > 0;
  if (format == CacheFormat::BF16) {
    if (hasPrefix)
      return attend_bf16_prefix(&context, &queries, &cache, &queryStart,
                                &seqLens, &blockTable, &groupStart, &prefixLens,
                                &prefixTable, &outs);
    return (isWindowed ? attend_bf16_window : attend_bf16)(
        &context, &queries, &cache, &queryStart, &seqLens, &blockTable, &outs);
  }
  const fp8attn_tensor keyScale = scalesOf(scales[layer].key);
  const fp8attn_tensor valueScale = scalesOf(scales[layer].value);
  const FormatFunctions &functions = functionsOf(format);
  if (hasPrefix)
    return functions.attendPrefix(
        &context, &queries, &cache, &keyScale, &valueScale, &queryStart,
        &seqLens, &blockTable, &groupStart, &prefixLens, &prefixTable, &outs);
  return functions.attend[isWindowed](&context, &queries, &cache, &keyScale,
                                      &valueScale, &queryStart, &seqLens,
                                      &blockTable, &outs);
}
