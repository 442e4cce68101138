//===- WriteCache.cpp - new tokens in caches, and their scales ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Cache.h"
#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

using namespace fp8attn::reference;

/// Writes one element of `source` to `to`, in a cache of `type`.
static void storeElement(fp8attn_type type, const HeadTensor &source,
                         int64_t token, int64_t head, int64_t channel,
                         float scale, uint8_t *to) {
  const float value = source.at(token, head, channel);
  if (type != FP8ATTN_TYPE_BF16)
    *to = quantizeElement(value, scale, type);
  else if (source.type == FP8ATTN_TYPE_BF16)
    std::memcpy(to, source.address(token, head, channel), 2);
  else
    encodeElement(value, to, type);
}

/// Returns the scale, of type `type`, of elements of at most this magnitude,
/// whose largest code is `largest`.
static float computeScale(float magnitude, float largest, fp8attn_type type,
                          bool microscaling, float outer) {
  constexpr float kSmallest = 0x1p-40f;
  if (microscaling)
    return magnitude == 0 ? kSmallest
                          : std::max(std::ldexp(1.0f, std::ilogb(magnitude) -
                                                          std::ilogb(largest)),
                                     kSmallest);
  const float scale = magnitude / largest;
  if (type == FP8ATTN_TYPE_F8E4M3FN) {
    const uint8_t code =
        quantizeElement(std::max(scale / outer, 0x1p-9f), 1, type);
    return static_cast<float>(decodeElement(&code, type));
  }
  return type == FP8ATTN_TYPE_F32
             ? std::max(scale, kSmallest)
             : std::exp2(std::ceil(std::log2(std::max(scale, kSmallest))));
}

void fp8attn::reference::computeScales(const CachePart &part,
                                       const HeadTensor &source,
                                       const int64_t *slots, fp8attn_type type,
                                       bool microscaling, Scales &scales) {
  for (int64_t token = 0; token < source.tokens; ++token) {
    const int64_t slot = slots[token];
    if (slot < 0)
      continue;
    for (int64_t head = 0; head < part.heads; ++head) {
      std::map<int64_t, float> magnitudes;
      for (int64_t channel = 0; channel < part.codedDim(); ++channel) {
        float &found = magnitudes[scales.index(
            {slot / part.pageTokens, head, slot % part.pageTokens, channel})];
        const float magnitude = std::abs(source.at(token, head, channel));
        if (std::isfinite(magnitude))
          found = std::max(found, magnitude);
      }
      for (const auto &[index, magnitude] : magnitudes)
        scales.values[index] =
            computeScale(magnitude, largestCode(part.type), type, microscaling,
                         scales.outerAt(head));
    }
  }
}

void fp8attn::reference::writeCache(const CachePart &part,
                                    const HeadTensor &source,
                                    const int64_t *slots,
                                    const Scales &scales) {
  for (int64_t token = 0; token < source.tokens; ++token) {
    const int64_t slot = slots[token];
    if (slot < 0)
      continue;
    for (int64_t head = 0; head < part.heads; ++head) {
      const ElementPlace place = {slot / part.pageTokens, head,
                                  slot % part.pageTokens, 0};
      for (int64_t channel = 0; channel < part.paddedDim; ++channel) {
        uint8_t element[2] = {};
        const bool isCoded = channel < part.codedDim();
        if (channel < part.headDim)
          storeElement(
              part.typeOf(channel), source, token, head, channel,
              isCoded ? scales.at({place.page, head, place.token, channel}) : 1,
              element);
        part.store(place.page, head, place.token, channel, element);
      }
    }
  }
}
