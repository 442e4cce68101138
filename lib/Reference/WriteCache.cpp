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

/// Returns the code of i8 of a quotient, rounded to nearest even, plus a zero
/// point.
static uint8_t encodeWithZeroPoint(float quotient, int zeroPoint) {
  constexpr float kLeast = -128, kLargest = 127;
  if (std::isnan(quotient))
    quotient = 0;
  // Saturated sums are those of saturated quotients: these reach further.
  const float nearest = std::nearbyint(std::clamp(quotient, -1e3f, 1e3f));
  return static_cast<uint8_t>(static_cast<int8_t>(
      std::clamp(nearest + static_cast<float>(zeroPoint), kLeast, kLargest)));
}

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

/// Computes the scales and the zero points of a token and head that have the
/// element of `place` with channel 0.
static void computeZeroPoints(const CachePart &part, const HeadTensor &source,
                              int64_t token, ElementPlace place,
                              fp8attn_type type, Scales &scales) {
  constexpr float kLeast = -128, kCodes = 255;
  struct Range {
    float least = 0, largest = 0;
    ElementPlace first = {};
  };
  std::map<int64_t, Range> ranges;
  for (place.channel = 0; place.channel < part.headDim; ++place.channel) {
    const float element = source.at(token, place.head, place.channel);
    auto [entry, isNew] = ranges.try_emplace(scales.index(place));
    Range &range = entry->second;
    if (isNew)
      range.first = place;
    if (!std::isfinite(element))
      continue;
    range.least = std::min(range.least, element);
    range.largest = std::max(range.largest, element);
  }
  for (const auto &[index, range] : ranges) {
    // As that of a largest magnitude that takes it to a code of 1.
    scales.values[index] =
        computeScale(range.largest / kCodes - range.least / kCodes, 1, type,
                     /*microscaling=*/false, scales.outerAt(place.head));
    const float zeroPoint = kLeast - range.least / scales.at(range.first);
    scales.zeroPoints[scales.zeroIndex(range.first)] =
        static_cast<int8_t>(encodeWithZeroPoint(zeroPoint, 0));
  }
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
      if (!scales.zeroPoints.empty()) {
        computeZeroPoints(
            part, source, token,
            {slot / part.pageTokens, head, slot % part.pageTokens, 0}, type,
            scales);
        continue;
      }
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
        const ElementPlace at = {place.page, head, place.token, channel};
        if (isCoded && !scales.zeroPoints.empty())
          element[0] = encodeWithZeroPoint(source.at(token, head, channel) /
                                               scales.at(at),
                                           scales.zeroPointAt(at));
        else if (channel < part.headDim)
          storeElement(part.typeOf(channel), source, token, head, channel,
                       isCoded ? scales.at(at) : 1, element);
        part.store(place.page, head, place.token, channel, element);
      }
    }
  }
}
