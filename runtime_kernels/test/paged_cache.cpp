//===- paged_cache.cpp - keys and values of one head in pages -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout formulas are written out here a second time, so that a slip in the
// kernels' own does not go unseen.
//
//===----------------------------------------------------------------------===//

#include "paged_cache.h"

#include "golden.h"

#include <numeric>
#include <string.h>

namespace fp8attn::test {

/// Where the element of a lane is in a tile, of which the other one of its two
/// dimensions is paired.
static int64_t placeInTile(std::string_view type, int64_t lane,
                           int64_t paired) {
  const int64_t r = paired / 2, h = paired & 1;
  if (type == "bf16")
    return r * 32 + 2 * lane + h;
  return (r / 2) * 64 + 2 * (2 * lane + h) + (r & 1);
}

int64_t keyBit(std::string_view type, int64_t t, int64_t d, int64_t channels,
               int64_t pageTokens) {
  if (pageTokens % 16 != 0)
    return (t * paddedKeys(channels) + d) * elementBits(type);
  const int64_t tile = (t / 16) * (paddedKeys(channels) / 32) + d / 32;
  return (tile * 512 + placeInTile(type, t % 16, d % 32)) * elementBits(type);
}

int64_t valueBit(std::string_view type, int64_t t, int64_t d, int64_t channels,
                 int64_t pageTokens) {
  if (pageTokens % 16 != 0)
    return (t * paddedValues(channels) + d) * elementBits(type);
  // Tiles of 32 tokens, or halves of them.
  const int64_t n = pageTokens % 32 == 0 ? 32 : 16;
  const int64_t tile = (t / n) * (paddedValues(channels) / 16) + d / 16;
  return (tile * 16 * n + placeInTile(type, d % 16, t % n)) * elementBits(type);
}

uint16_t readCode(std::string_view type, const uint8_t *bytes, int64_t bit) {
  uint16_t code = bytes[bit / 8];
  if (elementBits(type) == 4)
    return code >> bit % 8 & 0xf;
  if (type == "bf16")
    code = static_cast<uint16_t>(code | bytes[bit / 8 + 1] << 8);
  return code;
}

void writeCode(std::string_view type, uint8_t *bytes, int64_t bit,
               uint16_t code) {
  uint8_t *to = bytes + bit / 8;
  if (elementBits(type) == 4)
    *to = static_cast<uint8_t>((*to & 0xf0 >> bit % 8) | code << bit % 8);
  else
    memcpy(to, &code, static_cast<size_t>(elementBytes(type)));
}

double normalNumber(Random &random) {
  constexpr size_t kNumbers = 1 << 16;
  static const std::vector<double> numbers = [] {
    Random bits;
    std::normal_distribution<double> normal;
    std::vector<double> result(kNumbers);
    for (double &number : result)
      number = normal(bits);
    return result;
  }();
  return numbers[random() % kNumbers];
}

uint16_t randomCode(std::string_view type, Random &random) {
  if (type == "bf16")
    return nearestBf16(normalNumber(random));
  if (type == "e2m1")
    return random() & 0xf;
  if (type == "i8" || type == "i4")
    return static_cast<uint16_t>(
        std::uniform_int_distribution<>(-2, 2)(random) &
        (type == "i8" ? 0xff : 0xf));
  const int largest = type == "e4m3" ? 0x48 : 0x44;
  const int magnitude = std::uniform_int_distribution<>(0, largest)(random);
  return static_cast<uint16_t>(magnitude | (random() & 0x80));
}

/// Pages that belong to other sequences.
static constexpr int64_t kForeignPages = 2;

static int64_t pagesOf(const CacheShape &shape) {
  return (shape.numKeys + shape.pageTokens - 1) / shape.pageTokens;
}

PagedCache::PagedCache(const CacheShape &shape, Random &random)
    : cacheShape(shape), pageBytes((shape.pageTokens *
                                        (paddedKeys(shape.keyChannels) +
                                         paddedValues(shape.valueChannels)) *
                                        elementBits(shape.type) / 8 +
                                    63) &
                                   -64),
      valueBegin(shape.pageTokens * paddedKeys(shape.keyChannels) *
                 elementBits(shape.type) / 8),
      pages(static_cast<size_t>(pagesOf(shape))),
      bytes(static_cast<size_t>((pagesOf(shape) + kForeignPages) * pageBytes)),
      keyCodes(shape.numKeys, shape.keyChannels),
      valueCodes(shape.numKeys, shape.valueChannels),
      keyNumbers(shape.numKeys, shape.keyChannels),
      valueNumbers(shape.numKeys, shape.valueChannels) {
  std::vector<int32_t> order(pages.size() + kForeignPages);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::copy_n(order.begin(), pages.size(), pages.begin());
  memset(bytes.data(), 0xff, bytes.size());
  const int64_t granuleBytes = FP8ATTN_GRANULE * elementBits(shape.type) / 8;
  keyRun = {bytes.data(),
            bytes.data() + valueBegin,
            pageBytes,
            pageBytes,
            granuleBytes * paddedKeys(shape.keyChannels),
            granuleBytes * paddedValues(shape.valueChannels),
            pages.data(),
            shape.pageTokens,
            0,
            shape.numKeys,
            /*next=*/{}};
  for (int64_t token = 0; token < shape.numKeys; ++token) {
    for (int64_t channel = 0; channel < shape.keyChannels; ++channel)
      setKey(token, channel, randomCode(shape.type, random));
    for (int64_t channel = shape.keyChannels;
         channel < paddedKeys(shape.keyChannels); ++channel)
      store(token,
            keyBit(shape.type, token % shape.pageTokens, channel,
                   shape.keyChannels, shape.pageTokens),
            0);
    for (int64_t channel = 0; channel < shape.valueChannels; ++channel)
      setValue(token, channel, randomCode(shape.type, random));
  }
}

void PagedCache::store(int64_t token, int64_t bit, uint16_t code) {
  const int64_t page = pages[static_cast<size_t>(token / keyRun.page_tokens)];
  writeCode(cacheShape.type, bytes.data() + page * pageBytes, bit, code);
}

/// Returns the bits of a code that a type has.
static uint16_t bitsOfType(std::string_view type, uint16_t code) {
  return elementBits(type) == 4 ? code & 0xf : code;
}

void PagedCache::setKey(int64_t token, int64_t channel, uint16_t code) {
  code = bitsOfType(cacheShape.type, code);
  keyCodes.at(token, channel) = code;
  keyNumbers.at(token, channel) = cacheValue(cacheShape.type, code);
  store(token,
        keyBit(cacheShape.type, token % keyRun.page_tokens, channel,
               cacheShape.keyChannels, keyRun.page_tokens),
        code);
}

void PagedCache::setValue(int64_t token, int64_t channel, uint16_t code) {
  code = bitsOfType(cacheShape.type, code);
  valueCodes.at(token, channel) = code;
  valueNumbers.at(token, channel) = cacheValue(cacheShape.type, code);
  store(token,
        8 * valueBegin + valueBit(cacheShape.type, token % keyRun.page_tokens,
                                  channel, cacheShape.valueChannels,
                                  keyRun.page_tokens),
        code);
}

void PagedCache::beginAt(int64_t token) {
  const uint16_t nan = cacheShape.type == "bf16" ? 0x7fff : 0x7f;
  for (int64_t earlier = 0; earlier < token; ++earlier) {
    for (int64_t channel = 0; channel < cacheShape.keyChannels; ++channel)
      setKey(earlier, channel, nan);
    for (int64_t channel = 0; channel < cacheShape.valueChannels; ++channel)
      setValue(earlier, channel, nan);
  }
  // Far outside of any mapping.
  constexpr int32_t kNoPage = INT32_MAX;
  std::fill_n(pages.begin(), token / keyRun.page_tokens, kNoPage);
  keyRun.first_key = token;
}

void PagedCache::copyCodes(const PagedCache &from) {
  for (int64_t token = 0; token < cacheShape.numKeys; ++token) {
    for (int64_t channel = 0; channel < cacheShape.keyChannels; ++channel)
      setKey(token, channel, from.keyCodes.at(token, channel));
    for (int64_t channel = 0; channel < cacheShape.valueChannels; ++channel)
      setValue(token, channel, from.valueCodes.at(token, channel));
  }
}

void PagedCache::copyKeysToValues() {
  for (int64_t token = keyRun.first_key; token < cacheShape.numKeys; ++token)
    for (int64_t channel = 0; channel < cacheShape.valueChannels; ++channel)
      setValue(token, channel, keyCodes.at(token, channel));
}

void PagedCache::dropValues() {
  for (size_t page = 0; page < bytes.size() / size_t(pageBytes); ++page)
    memset(bytes.data() + int64_t(page) * pageBytes + valueBegin, 0xff,
           size_t(pageBytes - valueBegin));
  keyRun.values = nullptr;
  keyRun.value_page_bytes = keyRun.value_granule_bytes = 0;
}

} // namespace fp8attn::test
