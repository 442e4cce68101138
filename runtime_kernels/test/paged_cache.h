//===- paged_cache.h - keys and values of one head in pages --- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cache in the layout of docs/Layout.md with pages in random order. Keys have
// zeros in the channels that pad them. Whatever else is not set is a NaN code,
// or of types without NaN of all ones: tails of pages, pages of nobody, and the
// padding of values.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_PAGED_CACHE_H
#define FP8ATTN_TEST_PAGED_CACHE_H

#include "element_values.h"
#include "fp8attn/Runtime/kernels.h"
#include "tiles.h"

#include <random>
#include <string>
#include <string_view>

namespace fp8attn::test {

using Random = std::mt19937;

/// Returns a normally distributed number: one of many that are drawn once, as
/// drawing them takes longer than what they are for.
double normalNumber(Random &random);

/// Sizes of a PagedCache.
struct CacheShape {
  /// "e4m3", "e5m2", "e2m1", "i8", "i4" or "bf16".
  std::string type;
  int64_t numKeys;
  int64_t keyChannels;
  int64_t valueChannels;
  int64_t pageTokens;
};

/// Returns a head size rounded up to whole tiles of keys, and of values.
inline int64_t paddedKeys(int64_t channels) { return (channels + 31) & ~31; }
inline int64_t paddedValues(int64_t channels) { return (channels + 15) & ~15; }

/// Returns where, in bits, an element begins within a head's part of a page, as
/// the documentation of the layout has it.
int64_t keyBit(std::string_view type, int64_t token, int64_t channel,
               int64_t channels, int64_t pageTokens);
int64_t valueBit(std::string_view type, int64_t token, int64_t channel,
                 int64_t channels, int64_t pageTokens);

/// Reads and writes the element that begins at a bit.
uint16_t readCode(std::string_view type, const uint8_t *bytes, int64_t bit);
void writeCode(std::string_view type, uint8_t *bytes, int64_t bit,
               uint16_t code);

/// Returns a random code of a value of magnitude up to about 4; FP8 codes are
/// uniform, so that subnormals are among them. Integers are up to 2, as most of
/// those, and e2m1 any.
uint16_t randomCode(std::string_view type, Random &random);

class PagedCache {
public:
  /// Fills all keys and values with random codes.
  PagedCache(const CacheShape &shape, Random &random);

  void setKey(int64_t token, int64_t channel, uint16_t code);
  void setValue(int64_t token, int64_t channel, uint16_t code);
  /// Lets the run begin at `token`, a multiple of FP8ATTN_GRANULE. Page
  /// numbers and codes of earlier tokens become what must not be read.
  void beginAt(int64_t token);
  /// Takes the codes of a cache of the same head sizes and number of keys.
  void copyCodes(const PagedCache &from);
  /// Makes the values the first channels of the keys.
  void copyKeysToValues();
  /// Makes the run one of a latent cache, whose values are those channels.
  void dropValues();
  /// Lets the run end at `token`. Codes of later tokens stay.
  void endAt(int64_t token) { keyRun.num_keys = token; }
  /// Lets the run be the one that is read after it, too.
  void repeat() {
    keyRun.next = {keyRun.keys, keyRun.values, keyRun.pages, keyRun.first_key,
                   keyRun.num_keys};
  }
  /// Return decoded elements.
  double key(int64_t token, int64_t channel) const {
    return keyNumbers.at(token, channel);
  }
  double value(int64_t token, int64_t channel) const {
    return valueNumbers.at(token, channel);
  }
  const fp8attn_key_run &run() const { return keyRun; }
  const CacheShape &shape() const { return cacheShape; }

private:
  void store(int64_t token, int64_t bit, uint16_t code);

  CacheShape cacheShape;
  int64_t pageBytes;
  /// From a page's first key to its first value.
  int64_t valueBegin;
  GuardedBuffer<int32_t> pages;
  GuardedBuffer<uint8_t> bytes;
  fp8attn_key_run keyRun;
  Matrix<uint16_t> keyCodes, valueCodes;
  Matrix<double> keyNumbers, valueNumbers;
};

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_PAGED_CACHE_H
