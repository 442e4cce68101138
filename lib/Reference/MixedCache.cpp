//===- MixedCache.cpp - caches whose keys have two element types ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A page is that of a cache of codes, and behind it that of a cache of bf16:
// the map of the whole asks those of the two.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Cache.h"

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
