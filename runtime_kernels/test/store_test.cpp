//===- store_test.cpp - writing tokens into a cache -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every byte of the cache is compared: the new tokens' and all others.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "paged_cache.h"
#include "reference.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <math.h>
#include <numeric>
#include <random>
#include <string.h>
#include <thread>

namespace fp8attn::test {

class StoreTest : public KernelTest {};
/// Kernels that quantise.
class StoreScalesTest : public KernelTest {};

/// At least.
static constexpr int64_t kPages = 3;
static constexpr int kScaleIndex = 1;

/// Beside FP8ATTN_SCALES_...: one scale for all tokens.
static constexpr int64_t kOneScale = -1;

/// Returns what a kernel should compute for a row of `channels` elements from
/// `first` on.
static float computedScale(const std::string &cacheType,
                           const ElementBuffer &source, int64_t first,
                           int64_t channels, int64_t scalesFrom) {
  const std::map<std::string, float> largestNumbers = {
      {"e4m3", 448}, {"e5m2", 57344}, {"i8", 127}, {"i4", 7}, {"e2m1", 6}};
  float largest = 0;
  for (int64_t c = 0; c < channels; ++c)
    if (const float value = fabsf(source.value(first + c)); isfinite(value))
      largest = fmaxf(largest, value);
  const float scale = fmaxf(largest / largestNumbers.at(cacheType), 0x1p-40f);
  int exponent;
  const bool isPower = frexpf(scale, &exponent) == 0.5f;
  return scalesFrom == FP8ATTN_SCALES_COMPUTED || isPower ? scale
                                                          : ldexpf(1, exponent);
}

/// Fills in tokens of which each has numbers of another size, here and there
/// any bits, and some none but zeros or nothing finite.
static void makeTokens(ElementBuffer &source, const std::string &type,
                       int64_t tokenStride, Random &random) {
  std::normal_distribution<double> normal;
  for (int64_t i = 0; i < source.size(); ++i) {
    const int64_t token = i / tokenStride;
    const double size = ldexp(1, static_cast<int>(token % 11 * 5 - 40));
    const double value = token % 5 == 3   ? 0
                         : token % 7 == 5 ? INFINITY
                                          : size * normal(random);
    source.set(i, i % 29 == 7 && token % 5 != 3
                      ? static_cast<uint32_t>(random())
                      : nearestElement(type, value));
  }
}

/// Stores one token for each slot and compares the whole cache, and scales that
/// are computed.
static void checkStore(const KernelUnderTest &kernel,
                       const std::vector<int64_t> &slotList, int64_t channels,
                       int64_t pageTokens, Random &random,
                       int64_t scalesFrom = kOneScale) {
  const std::string type = kernel.row->cache;
  const auto layout = !strcmp(kernel.row->op, "store_key") ? keyBit : valueBit;
  const int64_t tokens = static_cast<int64_t>(slotList.size());
  // The head's part of a page is followed by bytes of another head.
  const int64_t padded = !strcmp(kernel.row->op, "store_key")
                             ? paddedKeys(channels)
                             : paddedValues(channels);
  const int64_t headBytes = pageTokens * padded * elementBits(type) / 8;
  // Pages are a multiple of 64 bytes apart.
  const int64_t pageBytes = ((headBytes + 63) & -64) + 128;
  const int64_t tokenStride = channels + 5;
  const std::string sourceType = kernel.row->in;
  ElementBuffer source(sourceType, tokens * tokenStride - 5);
  if (scalesFrom > FP8ATTN_SCALES_GIVEN)
    makeTokens(source, sourceType, tokenStride, random);
  else
    for (int64_t i = 0; i < source.size(); ++i)
      source.set(i, static_cast<uint32_t>(random()));
  const auto slots = GuardedBuffer<int64_t>::copyOf(slotList);
  const int64_t lastSlot =
      std::max<int64_t>(*std::max_element(slotList.begin(), slotList.end()),
                        kPages * pageTokens - 1);
  GuardedBuffer<uint8_t> cache(
      static_cast<size_t>(lastSlot / pageTokens * pageBytes + headBytes));
  for (uint8_t &byte : cache)
    byte = static_cast<uint8_t>(random());
  std::vector<uint8_t> expected(cache.begin(), cache.end());
  // A skipped token's is neither read nor written.
  std::vector<float> expectedScales(static_cast<size_t>(tokens), NAN);
  std::vector<float> given = expectedScales;
  for (int64_t token = 0; token < tokens; ++token) {
    const auto at = static_cast<size_t>(token);
    const int64_t slot = slotList[at];
    if (slot < 0)
      continue;
    const int64_t row = token * tokenStride;
    const int scaleIndex =
        scalesFrom == kOneScale ? kScaleIndex : static_cast<int>(token % 4);
    float &scale = expectedScales[at];
    if (scalesFrom > FP8ATTN_SCALES_GIVEN)
      scale = computedScale(type, source, row, channels, scalesFrom);
    else
      scale = given[at] = kGoldenScales[scaleIndex];
    const auto codeOf = [&](uint32_t bits) {
      return scalesFrom > FP8ATTN_SCALES_GIVEN
                 ? nearestCacheElement(type, sourceType, bits, scale)
                 : cacheElement(type, sourceType, bits, scaleIndex);
    };
    for (int64_t c = 0; c < padded; ++c) {
      const uint16_t code = c < channels ? codeOf(source.bits(row + c)) : 0;
      writeCode(type, expected.data() + slot / pageTokens * pageBytes,
                layout(type, slot % pageTokens, c, channels, pageTokens), code);
    }
  }
  auto scales = GuardedBuffer<float>::copyOf(given);
  kernel.as<fp8attn_uk_store_fn>()(
      source.data(), tokenStride, tokens, channels, slots.data(),
      kGoldenScales[kScaleIndex],
      scalesFrom == kOneScale ? nullptr : scales.data(),
      std::max<int64_t>(scalesFrom, FP8ATTN_SCALES_GIVEN), cache.data(),
      pageBytes, pageTokens);
  for (size_t token = 0; token < expectedScales.size(); ++token)
    ASSERT_EQ(memcmp(&scales[token], &expectedScales[token], sizeof(float)), 0)
        << "scale of token " << token << " is " << scales[token]
        << " instead of " << expectedScales[token];
  if (memcmp(cache.data(), expected.data(), expected.size()) == 0)
    return;
  for (size_t byte = 0; byte < expected.size(); ++byte)
    ASSERT_EQ(int(cache[byte]), int(expected[byte])) << "byte " << byte;
}

TEST_P(StoreTest, EverySlotPattern) {
  Random random(21);
  size_t n = 0;
  for (int64_t pageTokens : {32, 64, 96, 16, 48, 1, 40}) {
    for (int64_t tokens : {1, 2, 3, 15, 16, 17, 33, 40}) {
      const int64_t channels =
          takeTurns({8, 64, 24, 32, 40, 256, 72, 96, 16, 128, 576}, n++);
      SCOPED_TRACE(testing::Message()
                   << channels << " channels, pages of " << pageTokens << ", "
                   << tokens << " tokens");
      // 96 slots or more, so that each list fits.
      const int64_t pages = std::max<int64_t>(kPages, 96 / pageTokens);
      std::vector<int64_t> all(static_cast<size_t>(pages * pageTokens));
      std::iota(all.begin(), all.end(), 0);
      const auto take = [&](int64_t first) {
        return std::vector<int64_t>(all.begin() + first,
                                    all.begin() + first + tokens);
      };
      // A prompt, aligned and not, with padding tokens or without.
      for (int64_t first : {0, 16, 5, 32, 31}) {
        std::vector<int64_t> slots = take(first);
        // Of every other list one token is skipped.
        if (n++ % 2)
          slots[slots.size() / 2] = -1;
        ASSERT_NO_FATAL_FAILURE(
            checkStore(GetParam(), slots, channels, pageTokens, random));
      }
      // Tokens of many sequences.
      std::shuffle(all.begin(), all.end(), random);
      ASSERT_NO_FATAL_FAILURE(
          checkStore(GetParam(), take(0), channels, pageTokens, random));
    }
  }
}

// Threads write tokens that share lines, and codes of 4 bits even bytes, again
// and again: each finds what it wrote last, whatever the others wrote since.
TEST_P(StoreTest, NeighboursAtTheSameTime) {
  constexpr int kThreads = 4;
  constexpr int64_t kTokens = 32, kChannels = 32;
  const std::string type = GetParam().row->cache, in = GetParam().row->in;
  // So many that a change which is not atomic is lost on two processors.
  const int rounds = elementBits(type) == 4 ? 4000 : 100;
  const auto layout =
      !strcmp(GetParam().row->op, "store_key") ? keyBit : valueBit;
  const auto store = GetParam().as<fp8attn_uk_store_fn>();
  Random random(22);
  // Two rows for each token, which are written in turn.
  ElementBuffer source(in, 2 * kTokens * kChannels);
  std::vector<uint16_t> codes;
  for (int64_t i = 0; i < source.size(); ++i) {
    source.set(i, static_cast<uint32_t>(random()));
    codes.push_back(cacheElement(type, in, source.bits(i), kScaleIndex));
  }
  const int64_t pageBytes = kTokens * kChannels * elementBits(type) / 8;
  GuardedBuffer<uint8_t> cache(static_cast<size_t>(pageBytes));
  const auto load = [&](int64_t byte) {
    return byte < pageBytes
               ? __atomic_load_n(cache.data() + byte, __ATOMIC_RELAXED)
               : uint8_t(0);
  };
  const auto holds = [&](int64_t token, int64_t row) {
    for (int64_t c = 0; c < kChannels; ++c) {
      const int64_t bit = layout(type, token, c, kChannels, kTokens);
      const uint8_t bytes[2] = {load(bit / 8), load(bit / 8 + 1)};
      if (readCode(type, bytes, bit % 8) !=
          codes[static_cast<size_t>(row * kChannels + c)])
        return false;
    }
    return true;
  };
  std::atomic<int> lost = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round)
        for (int64_t token = thread; token < kTokens; token += kThreads) {
          if (round > 0 && !holds(token, 2 * token + (round - 1) % 2))
            ++lost;
          const int64_t row = 2 * token + round % 2;
          store(source.data() + row * kChannels * elementBytes(in), kChannels,
                1, kChannels, &token, kGoldenScales[kScaleIndex],
                /*scales=*/nullptr, FP8ATTN_SCALES_GIVEN, cache.data(),
                pageBytes, kTokens);
        }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(lost, 0);
}

// Tokens with a scale each, given and computed, in lines and alone.
TEST_P(StoreScalesTest, OfEachToken) {
  Random random(23);
  size_t n = 0;
  for (int64_t pageTokens : {32, 40})
    for (int64_t scalesFrom :
         {FP8ATTN_SCALES_GIVEN, FP8ATTN_SCALES_COMPUTED, FP8ATTN_SCALES_POWERS})
      for (int64_t first : {0, 16, 5}) {
        const int64_t channels = takeTurns({128, 24, 72, 40, 136}, n++);
        SCOPED_TRACE(testing::Message()
                     << channels << " channels, pages of " << pageTokens
                     << ", from slot " << first << ", scales " << scalesFrom);
        std::vector<int64_t> slots(36);
        std::iota(slots.begin(), slots.end(), first);
        ASSERT_NO_FATAL_FAILURE(checkStore(GetParam(), slots, channels,
                                           pageTokens, random, scalesFrom));
        slots[20] = -1;
        ASSERT_NO_FATAL_FAILURE(checkStore(GetParam(), slots, channels,
                                           pageTokens, random, scalesFrom));
      }
}

/// Returns the kernels of `op` that have a scale.
static std::vector<KernelUnderTest> quantisersOf(const std::string &op) {
  std::vector<KernelUnderTest> kernels = kernelsOf(op);
  const auto hasNoScale = [](const KernelUnderTest &kernel) {
    const std::string type = kernel.row->cache;
    return type == "bf16" || type == kernel.row->in;
  };
  kernels.erase(std::remove_if(kernels.begin(), kernels.end(), hasNoScale),
                kernels.end());
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(Key, StoreScalesTest,
                         testing::ValuesIn(quantisersOf("store_key")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Value, StoreScalesTest,
                         testing::ValuesIn(quantisersOf("store_value")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Key, StoreTest,
                         testing::ValuesIn(kernelsOf("store_key")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Value, StoreTest,
                         testing::ValuesIn(kernelsOf("store_value")),
                         kernelTestName);

} // namespace fp8attn::test
