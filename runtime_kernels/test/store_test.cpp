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
#include <numeric>
#include <string.h>
#include <thread>

namespace fp8attn::test {

class StoreTest : public KernelTest {};

/// At least.
static constexpr int64_t kPages = 3;
static constexpr int kScaleIndex = 1;

/// Stores one token for each slot and compares the whole cache.
static void checkStore(const KernelUnderTest &kernel,
                       const std::vector<int64_t> &slotList, int64_t channels,
                       int64_t pageTokens, Random &random) {
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
  for (int64_t token = 0; token < tokens; ++token) {
    const int64_t slot = slotList[static_cast<size_t>(token)];
    if (slot < 0)
      continue;
    for (int64_t c = 0; c < padded; ++c) {
      const uint16_t code =
          c < channels
              ? cacheElement(type, sourceType,
                             source.bits(token * tokenStride + c), kScaleIndex)
              : 0;
      writeCode(type, expected.data() + slot / pageTokens * pageBytes,
                layout(type, slot % pageTokens, c, channels, pageTokens), code);
    }
  }
  kernel.as<fp8attn_uk_store_fn>()(source.data(), tokenStride, tokens, channels,
                                   slots.data(), kGoldenScales[kScaleIndex],
                                   cache.data(), pageBytes, pageTokens);
  if (memcmp(cache.data(), expected.data(), expected.size()) == 0)
    return;
  for (size_t byte = 0; byte < expected.size(); ++byte)
    ASSERT_EQ(int(cache[byte]), int(expected[byte])) << "byte " << byte;
}

TEST_P(StoreTest, EverySlotPattern) {
  Random random(21);
  size_t n = 0;
  for (int64_t pageTokens : {32, 64, 96, 16, 48, 1, 40}) {
    if (!takesPages(GetParam().row->cache, pageTokens))
      continue;
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
      // A prompt, aligned and not; the same with padding tokens.
      for (int64_t first : {0, 16, 5, 32, 31}) {
        std::vector<int64_t> slots = take(first);
        ASSERT_NO_FATAL_FAILURE(
            checkStore(GetParam(), slots, channels, pageTokens, random));
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
                1, kChannels, &token, kGoldenScales[kScaleIndex], cache.data(),
                pageBytes, kTokens);
        }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(lost, 0);
}

INSTANTIATE_TEST_SUITE_P(Key, StoreTest,
                         testing::ValuesIn(kernelsOf("store_key")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Value, StoreTest,
                         testing::ValuesIn(kernelsOf("store_value")),
                         kernelTestName);

} // namespace fp8attn::test
