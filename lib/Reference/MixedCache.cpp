//===- MixedCache.cpp - caches whose keys have two element types ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A page is that of a cache of codes, and behind it that of a cache of bf16:
// the map of the whole asks those of the two. Or tokens are rows of codes,
// their scales, and bf16.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Cache.h"

#include <cstring>

using namespace fp8attn::reference;

PairsCache fp8attn::reference::makeMixedCache(void *data, fp8attn_type type,
                                              int64_t headDim, int64_t valueDim,
                                              int64_t ropeDim,
                                              int64_t pageTokens) {
  const int64_t codedDim = headDim - ropeDim;
  PairsCache cache =
      makePairsCache(data, Content::Key, type, 1, codedDim, pageTokens);
  const int64_t codedBytes = cache.pageBytes;
  const PairsCache rope = makePairsCache(data, Content::Key, FP8ATTN_TYPE_BF16,
                                         1, ropeDim, pageTokens);
  cache.pageBytes += rope.pageBytes;
  CachePart &keys = cache.keys;
  keys.byte = [coded = keys.byte, rope = rope.keys.byte,
               pageBytes = cache.pageBytes, codedBytes, codedDim](
                  int64_t page, int64_t head, int64_t token, int64_t channel) {
    return page * pageBytes +
           (channel < codedDim
                ? coded(0, head, token, channel)
                : codedBytes + rope(0, head, token, channel - codedDim));
  };
  keys.headDim = keys.paddedDim = headDim;
  keys.ropeDim = ropeDim;
  cache.values = firstChannels(keys, valueDim);
  return cache;
}

PairsCache fp8attn::reference::makeFlashMlaCache(void *data, int64_t headDim,
                                                 int64_t valueDim,
                                                 int64_t ropeDim,
                                                 int64_t pageTokens) {
  constexpr int64_t kScaleBytes = 4, kRopeBytes = 2;
  const int64_t codedDim = headDim - ropeDim;
  const int64_t rope = codedDim + codedDim / kRowChannelsPerScale * kScaleBytes;
  const int64_t rowBytes = rope + ropeDim * kRopeBytes;
  PairsCache cache;
  cache.pageBytes = pageTokens * rowBytes;
  CachePart &keys = cache.keys;
  keys.data = static_cast<uint8_t *>(data);
  keys.heads = 1;
  keys.headDim = keys.paddedDim = headDim;
  keys.ropeDim = ropeDim;
  keys.pageTokens = pageTokens;
  keys.byte = [=](int64_t page, int64_t, int64_t token, int64_t channel) {
    const int64_t place =
        channel < codedDim ? channel : rope + (channel - codedDim) * kRopeBytes;
    return (page * pageTokens + token) * rowBytes + place;
  };
  keys.rowScale = [=](int64_t page, int64_t token, int64_t index) {
    return (page * pageTokens + token) * rowBytes + codedDim +
           index * kScaleBytes;
  };
  cache.values = firstChannels(keys, valueDim);
  return cache;
}

/// Copies a scale of a token.
static void repackRowScale(const CachePart &from, const ElementPlace &source,
                           const CachePart &to, const ElementPlace &destination,
                           int64_t index, Scales &scales) {
  float scale;
  if (from.rowScale)
    std::memcpy(&scale,
                from.data + from.rowScale(source.page, source.token, index),
                sizeof(scale));
  else
    scale = scales.at(source);
  if (to.rowScale)
    std::memcpy(to.data +
                    to.rowScale(destination.page, destination.token, index),
                &scale, sizeof(scale));
  else
    scales.values[scales.index(destination)] = scale;
}

void fp8attn::reference::repackRowScales(const CachePart &from,
                                         const CachePart &to,
                                         const PageList &pages,
                                         Scales &scales) {
  if (!from.rowScale && !to.rowScale)
    return;
  for (const PagePair &pair : pages)
    for (size_t token = 0; token < pair.from.size() * from.pageTokens; ++token)
      for (int64_t channel = 0; channel < from.codedDim();
           channel += kRowChannelsPerScale) {
        const ElementPlace source = {pair.from[token / from.pageTokens], 0,
                                     int64_t(token % from.pageTokens), channel},
                           destination = {pair.to[token / to.pageTokens], 0,
                                          int64_t(token % to.pageTokens),
                                          channel};
        if (source.page >= 0 && destination.page >= 0)
          repackRowScale(from, source, to, destination,
                         channel / kRowChannelsPerScale, scales);
      }
}
