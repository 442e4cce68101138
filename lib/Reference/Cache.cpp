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

/// Lanes of a line.
static constexpr int64_t kLanes = 16;

double CachePart::load(int64_t page, int64_t head, int64_t token,
                       int64_t channel) const {
  if (elementBits(typeOf(channel)) >= 8)
    return decodeElement(data + byte(page, head, token, channel),
                         typeOf(channel));
  const uint8_t code = loadCode(page, head, token, channel);
  return decodeElement(&code, type);
}

int CachePart::shift(int64_t token, int64_t channel) const {
  if (elementBits(type) >= 8)
    return 0;
  // Of a row, channels are packed in their order.
  if (hasRows)
    return channel % 2 == 1 ? 4 : 0;
  // Two of the four neighbours that share a lane's 16 bits are in high halves.
  return (isKey ? channel : token) % 4 >= 2 ? 4 : 0;
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
    part.hasRows = layout != Layout::Pairs || pageTokens % kLanes != 0;
    const bool areHeadsApart = layout == Layout::Hnd || layout == Layout::Nhd ||
                               layout == Layout::HndPacked;
    const int64_t numParts = content == Content::KeyValue ? 2 : 1;
    const int64_t index = isKey ? 0 : numParts - 1;
    part.byte = [=](int64_t page, int64_t head, int64_t token,
                    int64_t channel) {
      if (areHeadsApart)
        return page * pageBytes +
               (rowElement(layout, numParts, heads, pageTokens, headDim, index,
                           head, token) +
                channel) *
                   size / perByte;
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
