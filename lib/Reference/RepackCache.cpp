//===- RepackCache.cpp - copies between caches, element by element --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every element is taken from its place and put to its other one, whatever the
// layouts and pages of the two caches are.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Cache.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace fp8attn::reference;

/// Returns whether each element, of the padding too, has the same place among a
/// head's keys or values, in pages of one size.
static bool haveSamePlaces(const CachePart &from, const CachePart &to) {
  if (from.paddedDim != to.paddedDim || from.pageTokens != to.pageTokens)
    return false;
  auto place = [](const CachePart &part, int64_t token, int64_t channel) {
    return part.byte(0, 0, token, channel) - part.byte(0, 0, 0, 0);
  };
  for (int64_t token = 0; token < from.pageTokens; ++token)
    for (int64_t channel = 0; channel < from.paddedDim; ++channel)
      if (place(from, token, channel) != place(to, token, channel))
        return false;
  return true;
}

static bool haveSameElements(const CachePart &from, const CachePart &to) {
  return from.type == to.type && from.isFnuz == to.isFnuz;
}

/// Returns the bf16 nearest to a number, of two the even one.
static uint16_t roundToBf16(double number) {
  if (std::isnan(number))
    return 0x7FC0;
  const uint16_t sign = std::signbit(number) ? 0x8000 : 0;
  const double magnitude = std::abs(number);
  // The word after the largest number is infinity, and stands for 2^128 here.
  auto valueOf = [](uint16_t word) {
    return word == 0x7F80 ? 0x1p128 : double(decodeBf16(word));
  };
  uint16_t above = 0;
  for (int bit = 14; bit >= 0; --bit)
    if (above + (1 << bit) <= 0x7F80 && valueOf(above + (1 << bit)) < magnitude)
      above += 1 << bit;
  // That is the last one below, unless there is none.
  if (magnitude == 0 || above == 0x7F80)
    return sign | above;
  const double down = magnitude - valueOf(above);
  const double up = valueOf(above + 1) - magnitude;
  const bool takeAbove = up < down || (up == down && above % 2 == 1);
  return sign | (above + takeAbove);
}

/// Returns a code of one of f8E4M3FNUZ and f8E4M3FN as the code of the other
/// whose value is nearest to half, or to twice, as much.
static uint8_t recode(uint8_t code, bool fromFnuz) {
  constexpr uint8_t kFnuzNan = 0x80, kNan = 0x7F, kLargest = 0x7E;
  const uint8_t magnitude = code & 0x7F, sign = code & 0x80;
  if (fromFnuz) {
    if (code == kFnuzNan)
      return kNan;
    return sign | std::min(magnitude, kLargest);
  }
  if (magnitude == kNan)
    return kFnuzNan;
  return magnitude == 0 ? 0 : code;
}

/// Returns the value of a code of f8E4M3FNUZ.
static double decodeFnuz(uint8_t code) {
  const uint8_t magnitude = code & 0x7F;
  if (code == 0x80)
    return NAN;
  // Half of that of f8E4M3FN, which has no number 480.
  const double twice =
      magnitude == 0x7F ? 480 : decodeFp8(magnitude, FP8ATTN_TYPE_F8E4M3FN);
  return code & 0x80 ? -twice / 2 : twice / 2;
}

/// Makes one element of `from` one of `to`.
static void repackElement(const CachePart &from, const uint8_t *element,
                          const CachePart &to, uint8_t *result, float scale,
                          int64_t channel) {
  if (haveSameElements(from, to))
    std::memcpy(result, element, elementBytes(from.typeOf(channel)));
  else if (from.type == FP8ATTN_TYPE_BF16)
    *result = quantizeElement(
        static_cast<float>(decodeElement(element, from.type)), scale, to.type);
  else if (to.type != FP8ATTN_TYPE_BF16)
    *result = recode(*element, from.isFnuz);
  else {
    const double value =
        from.isFnuz ? decodeFnuz(*element) : decodeElement(element, from.type);
    const uint16_t word = roundToBf16(value * scale);
    std::memcpy(result, &word, sizeof(word));
  }
}

/// Moves one token of one head.
static void repackToken(const CachePart &from, const ElementPlace &source,
                        const CachePart &to, const ElementPlace &destination,
                        bool copiesPadding, const Scales &scales) {
  const bool scaledByTarget = from.type == FP8ATTN_TYPE_BF16;
  for (int64_t channel = 0; channel < to.paddedDim; ++channel) {
    uint8_t result[2] = {};
    if (channel < (copiesPadding ? from.paddedDim : from.headDim)) {
      const uint8_t *element = from.data + from.byte(source.page, source.head,
                                                     source.token, channel);
      uint8_t code;
      if (elementBits(from.type) < 8) {
        code = from.loadCode(source.page, source.head, source.token, channel);
        element = &code;
      }
      ElementPlace place = scaledByTarget ? destination : source;
      place.channel = channel;
      repackElement(from, element, to, result, scales.at(place), channel);
    }
    to.store(destination.page, destination.head, destination.token, channel,
             result);
  }
}

void fp8attn::reference::repackCache(const CachePart &from, const CachePart &to,
                                     const PageList &pages,
                                     const Scales &scales) {
  const bool copiesPadding =
      haveSameElements(from, to) && haveSamePlaces(from, to);
  for (const PagePair &pair : pages)
    for (int64_t token = 0; token < int64_t(pair.from.size()) * from.pageTokens;
         ++token) {
      auto placeIn = [&](const CachePart &part,
                         const std::vector<int64_t> &list) -> ElementPlace {
        return {list[token / part.pageTokens], 0, token % part.pageTokens, 0};
      };
      ElementPlace source = placeIn(from, pair.from);
      ElementPlace destination = placeIn(to, pair.to);
      if (source.page < 0 || destination.page < 0)
        continue;
      for (int64_t head = 0; head < from.heads; ++head) {
        source.head = destination.head = head;
        repackToken(from, source, to, destination, copiesPadding, scales);
      }
    }
}
