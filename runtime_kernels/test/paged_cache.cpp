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

int64_t keyByte(std::string_view type, int64_t t, int64_t d, int64_t channels) {
  const int64_t tile = (t / 16) * (paddedKeys(channels) / 32) + d / 32;
  if (type == "bf16")
    return tile * 1024 + ((d % 32) / 2) * 64 + 4 * (t % 16) + 2 * (d & 1);
  const int64_t r = (d % 32) / 2, h = d & 1;
  return tile * 512 + (r / 2) * 64 + 2 * (2 * (t % 16) + h) + (r & 1);
}

int64_t valueByte(std::string_view type, int64_t t, int64_t d,
                  int64_t channels) {
  const int64_t granule =
      t / 32 * 32 * paddedValues(channels) * elementBytes(type);
  if (type == "bf16")
    return granule + (d / 16) * 1024 + ((t % 32) / 2) * 64 + 4 * (d % 16) +
           2 * (t & 1);
  const int64_t r = (t % 32) / 2, h = t & 1;
  return granule + (d / 16) * 512 + (r / 2) * 64 + 2 * (2 * (d % 16) + h) +
         (r & 1);
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
  if (type == "i8")
    return static_cast<uint8_t>(std::uniform_int_distribution<>(-2, 2)(random));
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
    : cacheShape(shape), pageBytes(shape.pageTokens *
                                   (paddedKeys(shape.keyChannels) +
                                    paddedValues(shape.valueChannels)) *
                                   elementBytes(shape.type)),
      valueBegin(shape.pageTokens * paddedKeys(shape.keyChannels) *
                 elementBytes(shape.type)),
      pages(static_cast<size_t>(pagesOf(shape))),
      bytes(static_cast<size_t>((pagesOf(shape) + kForeignPages) * pageBytes)),
      keyCodes(shape.numKeys, shape.keyChannels),
      keyNumbers(shape.numKeys, shape.keyChannels),
      valueNumbers(shape.numKeys, shape.valueChannels) {
  std::vector<int32_t> order(pages.size() + kForeignPages);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::copy_n(order.begin(), pages.size(), pages.begin());
  memset(bytes.data(), 0xff, bytes.size());
  const int64_t granules = shape.pageTokens / FP8ATTN_GRANULE;
  keyRun = {bytes.data(),
            bytes.data() + valueBegin,
            pageBytes,
            pageBytes,
            valueBegin / granules,
            (pageBytes - valueBegin) / granules,
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
            keyByte(shape.type, token % shape.pageTokens, channel,
                    shape.keyChannels),
            0);
    for (int64_t channel = 0; channel < shape.valueChannels; ++channel)
      setValue(token, channel, randomCode(shape.type, random));
  }
}

void PagedCache::store(int64_t token, int64_t byte, uint16_t code) {
  const int64_t page = pages[static_cast<size_t>(token / keyRun.page_tokens)];
  memcpy(bytes.data() + page * pageBytes + byte, &code,
         static_cast<size_t>(elementBytes(cacheShape.type)));
}

void PagedCache::setKey(int64_t token, int64_t channel, uint16_t code) {
  keyCodes.at(token, channel) = code;
  keyNumbers.at(token, channel) = cacheValue(cacheShape.type, code);
  store(token,
        keyByte(cacheShape.type, token % keyRun.page_tokens, channel,
                cacheShape.keyChannels),
        code);
}

void PagedCache::setValue(int64_t token, int64_t channel, uint16_t code) {
  valueNumbers.at(token, channel) = cacheValue(cacheShape.type, code);
  store(token,
        valueBegin + valueByte(cacheShape.type, token % keyRun.page_tokens,
                               channel, cacheShape.valueChannels),
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
