//===- Cache.cpp - a paged cache, element by element ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout is enumerated: the elements are named in the order of their bytes,
// and the map is the inverse of that list. Kernels compute the same with a
// formula.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Cache.h"

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

using namespace fp8attn::reference;

double CachePart::load(int64_t page, int64_t head, int64_t token,
                       int64_t channel) const {
  if (elementBits(typeOf(channel)) >= 8)
    return decodeElement(data + byte(page, head, token, channel),
                         typeOf(channel));
  const uint8_t code = loadCode(page, head, token, channel);
  return decodeElement(&code, type);
}

int CachePart::shift(int64_t token, int64_t channel) const {
  // Two of the four neighbours that share a lane's 16 bits are in high halves.
  return elementBits(type) < 8 && (isKey ? channel : token) % 4 >= 2 ? 4 : 0;
}

uint8_t CachePart::loadCode(int64_t page, int64_t head, int64_t token,
                            int64_t channel) const {
  const uint8_t whole = data[byte(page, head, token, channel)];
  return elementBits(type) < 8 ? whole >> shift(token, channel) & 0xF : whole;
}

void CachePart::store(int64_t page, int64_t head, int64_t token,
                      int64_t channel, const void *element) const {
  uint8_t *to = data + byte(page, head, token, channel);
  if (elementBits(typeOf(channel)) >= 8) {
    std::memcpy(to, element, elementBytes(typeOf(channel)));
    return;
  }
  const int code = *static_cast<const uint8_t *>(element);
  const int place = shift(token, channel);
  *to = static_cast<uint8_t>((*to & ~(0xF << place)) | code << place);
}

const void *HeadTensor::address(int64_t token, int64_t head,
                                int64_t channel) const {
  return static_cast<const uint8_t *>(data) +
         (token * tokenStride + head * headStride + channel) *
             elementBytes(type);
}

float HeadTensor::at(int64_t token, int64_t head, int64_t channel) const {
  return static_cast<float>(decodeElement(address(token, head, channel), type));
}

/// Lanes of a line.
static constexpr int64_t kLanes = 16;
static constexpr int64_t kLineBytes = 64;
/// Elements of a lane along the dimension that a GEMM reduces, in a tile.
static constexpr int64_t kDepth = 32;
/// FP8 elements that AMX-FP8 takes together, and how many of a lane its tile
/// reduces.
static constexpr int64_t kQuad = 4, kQuadDepth = 64;

/// Returns the elements in the order of their bytes, as (reduced * numLanes +
/// lane), where the tiles that cover the plane follow one another along the
/// reduced dimension first if `depthFirst`. They have `depth` elements of it.
static std::vector<int64_t> elementsInOrder(int64_t numReduced,
                                            int64_t numLanes, int64_t depth,
                                            bool depthFirst,
                                            int64_t elementSize) {
  std::vector<int64_t> order;
  auto appendTile = [&](int64_t reduced, int64_t lane) {
    // A line has 64 bytes: for each lane, two neighbours along the reduced
    // dimension in bf16; four in FP8, those of the first of two decoded rows
    // (0, 1) alternating with those of the second (2, 3).
    static const std::vector<int64_t> kBf16 = {0, 1}, kFp8 = {0, 2, 1, 3};
    const std::vector<int64_t> &line = elementSize == 2 ? kBf16 : kFp8;
    for (int64_t first = 0; first < depth; first += line.size())
      for (int64_t l = 0; l < kLanes; ++l)
        for (int64_t r : line)
          order.push_back((reduced + first + r) * numLanes + lane + l);
  };
  if (depthFirst) {
    for (int64_t lane = 0; lane < numLanes; lane += kLanes)
      for (int64_t reduced = 0; reduced < numReduced; reduced += depth)
        appendTile(reduced, lane);
  } else {
    for (int64_t reduced = 0; reduced < numReduced; reduced += depth)
      for (int64_t lane = 0; lane < numLanes; lane += kLanes)
        appendTile(reduced, lane);
  }
  return order;
}

/// Returns the elements of the layouts of others in the order of their bytes,
/// as (token * channels + channel).
static std::vector<int64_t> elementsOfOthers(Layout layout, bool isKey,
                                             int64_t tokens, int64_t channels) {
  std::vector<int64_t> order;
  auto append = [&](int64_t token, int64_t channel) {
    order.push_back(token * channels + channel);
  };
  if (layout == Layout::VllmAmx && isKey) {
    for (int64_t group = 0; group < tokens; group += kLanes)
      for (int64_t channel = 0; channel < channels; channel += 2)
        for (int64_t token = group; token < group + kLanes; ++token)
          for (int64_t half : {0, 1})
            append(token, channel + half);
  } else if (layout == Layout::VllmAmx) {
    for (int64_t group = 0; group < channels; group += kLanes)
      for (int64_t token = 0; token < tokens; token += 2)
        for (int64_t channel = group; channel < group + kLanes; ++channel)
          for (int64_t half : {0, 1})
            append(token + half, channel);
  } else if (isKey &&
             (layout == Layout::Quads || layout == Layout::VllmAmxFp8)) {
    for (int64_t first = 0; first < tokens; first += kLanes)
      for (int64_t channel = 0; channel < channels; channel += kQuad)
        for (int64_t token = first; token < first + kLanes; ++token)
          for (int64_t i = 0; i < kQuad; ++i)
            append(token, channel + i);
  } else if (layout == Layout::Quads || layout == Layout::VllmAmxFp8) {
    // All tokens of 16 channels, or as many as a tile has.
    const int64_t run = layout == Layout::Quads ? kQuadDepth : tokens;
    for (int64_t first = 0; first < tokens; first += run)
      for (int64_t group = 0; group < channels; group += kLanes)
        for (int64_t token = first; token < first + run; token += kQuad)
          for (int64_t channel = group; channel < group + kLanes; ++channel)
            for (int64_t i = 0; i < kQuad; ++i)
              append(token + i, channel);
  } else if (layout == Layout::VllmVector && isKey) {
    for (int64_t channel = 0; channel < channels; ++channel)
      for (int64_t token = 0; token < tokens; ++token)
        append(token, channel);
  } else {
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t channel = 0; channel < channels; ++channel)
        append(token, channel);
  }
  return order;
}

/// Returns the place of each (token, channel), in elements, among the keys or
/// the values of a head in a page. Keys reduce channels and have tokens in the
/// lanes; values the other way round.
static std::vector<int64_t> placeOfElement(bool isKey, int64_t tokens,
                                           int64_t channels,
                                           int64_t elementSize) {
  const int64_t numReduced = isKey ? channels : tokens;
  const int64_t numLanes = isKey ? tokens : channels;
  // Tiles of values end with the page, half as deep if need be.
  const int64_t depth = isKey || tokens % kDepth == 0 ? kDepth : kDepth / 2;
  const std::vector<int64_t> order = elementsInOrder(
      numReduced, numLanes, depth, /*depthFirst=*/isKey, elementSize);
  std::vector<int64_t> places(order.size());
  for (size_t place = 0; place < order.size(); ++place) {
    const int64_t reduced = order[place] / numLanes;
    const int64_t lane = order[place] % numLanes;
    const int64_t token = isKey ? lane : reduced;
    const int64_t channel = isKey ? reduced : lane;
    places[token * channels + channel] = place;
  }
  return places;
}

/// Returns the same for any layout.
static std::vector<int64_t> placeInLayout(Layout layout, bool isKey,
                                          int64_t tokens, int64_t channels,
                                          int64_t elementSize) {
  // Pages that are no whole tiles of keys are rows.
  if (layout == Layout::Pairs && tokens % kLanes == 0)
    return placeOfElement(isKey, tokens, channels, elementSize);
  const std::vector<int64_t> order =
      elementsOfOthers(layout, isKey, tokens, channels);
  std::vector<int64_t> places(order.size());
  for (size_t place = 0; place < order.size(); ++place)
    places[order[place]] = place;
  return places;
}

PairsCache fp8attn::reference::makePairsCache(void *data, Content content,
                                              fp8attn_type type, int64_t heads,
                                              int64_t headDim,
                                              int64_t pageTokens) {
  return makeCache(Layout::Pairs, data, content, type, heads, headDim,
                   pageTokens);
}

/// Returns the element of a page where every row is `channels` elements: rows
/// are the dimensions of an array, part, head and token, in the layout's order.
static int64_t rowElement(Layout layout, int64_t numParts, int64_t heads,
                          int64_t tokens, int64_t channels, int64_t part,
                          int64_t head, int64_t token) {
  int64_t row = 0;
  switch (layout) {
  case Layout::Hnd: // [parts, heads, tokens]
    row = (part * heads + head) * tokens + token;
    break;
  case Layout::Nhd: // [parts, tokens, heads]
    row = (part * tokens + token) * heads + head;
    break;
  default: // [heads, tokens, parts]
    row = (head * tokens + token) * numParts + part;
  }
  return row * channels;
}

PairsCache fp8attn::reference::makeCache(Layout layout, void *data,
                                         Content content, fp8attn_type type,
                                         int64_t heads, int64_t headDim,
                                         int64_t pageTokens) {
  const int64_t size = elementBytes(type);
  // Elements of 4 bits are where those of 8 bits would be, two bytes in one.
  const int64_t perByte = elementBits(type) < 8 ? 2 : 1;
  const bool isPadded = layout == Layout::Pairs || layout == Layout::Quads;
  auto padded = [&](int64_t granule) {
    return isPadded ? (headDim + granule - 1) / granule * granule : headDim;
  };
  const int64_t keyDim = padded(layout == Layout::Quads ? kQuadDepth : kDepth);
  const int64_t valueDim = padded(kLanes);
  const int64_t keyBytes =
      content == Content::Value ? 0 : pageTokens * keyDim * size / perByte;
  const int64_t valueBytes =
      content == Content::Key ? 0 : pageTokens * valueDim * size / perByte;
  const int64_t headBytes = keyBytes + valueBytes;
  // Cache lines, though small pages need not fill them.
  int64_t pageBytes = heads * headBytes;
  if (layout == Layout::Pairs)
    pageBytes = (pageBytes + kLineBytes - 1) / kLineBytes * kLineBytes;

  auto makePart = [&](bool isKey, int64_t offset) {
    const int64_t paddedDim = isKey ? keyDim : valueDim;
    auto places = std::make_shared<std::vector<int64_t>>(
        placeInLayout(layout, isKey, pageTokens, paddedDim, size));
    CachePart part{static_cast<uint8_t *>(data),
                   type,
                   heads,
                   headDim,
                   pageTokens,
                   {},
                   paddedDim};
    part.isKey = isKey;
    const bool hasRows = layout == Layout::Hnd || layout == Layout::Nhd ||
                         layout == Layout::HndPacked;
    const int64_t numParts = content == Content::KeyValue ? 2 : 1;
    const int64_t index = isKey ? 0 : numParts - 1;
    part.byte = [=](int64_t page, int64_t head, int64_t token,
                    int64_t channel) {
      if (hasRows)
        return page * pageBytes +
               (rowElement(layout, numParts, heads, pageTokens, headDim, index,
                           head, token) +
                channel) *
                   size;
      return page * pageBytes + head * headBytes + offset +
             (*places)[token * paddedDim + channel] * size / perByte;
    };
    return part;
  };

  PairsCache cache;
  cache.pageBytes = pageBytes;
  if (content != Content::Value)
    cache.keys = makePart(/*isKey=*/true, 0);
  if (content != Content::Key)
    cache.values = makePart(/*isKey=*/false, keyBytes);
  return cache;
}

CachePart fp8attn::reference::firstChannels(const CachePart &keys,
                                            int64_t channels) {
  CachePart values = keys;
  values.headDim = values.paddedDim = channels;
  values.ropeDim = 0;
  return values;
}

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
