//===- golden_test.cpp - all codes and all bf16 numbers -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every way into and out of FP8, bit by bit against what a GPU does: 65,536
// bf16 numbers x 4 scales x 2 formats quantised, and 256 codes decoded. i8
// likewise, against the nearest integer.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "paged_cache.h"
#include "reference.h"

#include <math.h>
#include <numeric>
#include <string.h>

namespace fp8attn::test {

class QuantizeTest : public KernelTest {};
class DequantizeTest : public KernelTest {};
class StoreGoldenTest : public KernelTest {};
class QkGoldenTest : public KernelTest {};
class PvGoldenTest : public KernelTest {};

/// Returns the n-th of 65,536 test elements of a type: each bf16, each f16; of
/// f32 each bf16, and numbers between it and the next, halfway and close by.
static uint32_t nthElement(const std::string &type, int n) {
  constexpr uint32_t kBetween[] = {0, 0x7fff, 0x8000, 0x8001, 0x1234};
  const uint32_t bits = static_cast<uint32_t>(n);
  return type == "f32" ? bits << 16 | kBetween[n % 5] : bits;
}

TEST_P(QuantizeTest, EveryElement) {
  const KernelRow &row = *GetParam().row;
  const auto quantize = GetParam().as<fp8attn_uk_convert_fn>();
  ElementBuffer source(row.in, kBf16Codes);
  for (int i = 0; i < kBf16Codes; ++i)
    source.set(i, nthElement(row.in, i));
  for (int scale = 0; scale < 4; ++scale) {
    GuardedBuffer<uint8_t> codes(kBf16Codes);
    quantize(source.data(), kBf16Codes, kGoldenScales[scale], codes.data());
    for (int i = 0; i < kBf16Codes; ++i)
      ASSERT_EQ(int(codes[size_t(i)]),
                cacheElement(row.cache, row.in, source.bits(i), scale))
          << "bits " << source.bits(i) << " scale " << kGoldenScales[scale];
  }
}

// f32 that are bf16 numbers are quantised as a GPU does those.
TEST_P(QuantizeTest, WidenedBf16) {
  const KernelRow &row = *GetParam().row;
  if (strcmp(row.in, "f32") || !strcmp(row.cache, "i8"))
    return;
  ElementBuffer source(row.in, kBf16Codes);
  for (int i = 0; i < kBf16Codes; ++i)
    source.set(i, static_cast<uint32_t>(i) << 16);
  for (int scale = 0; scale < 4; ++scale) {
    GuardedBuffer<uint8_t> codes(kBf16Codes);
    GetParam().as<fp8attn_uk_convert_fn>()(source.data(), kBf16Codes,
                                           kGoldenScales[scale], codes.data());
    ASSERT_EQ(memcmp(codes.data(), goldenCodes(row.cache, scale), codes.size()),
              0);
  }
}

// Tails shorter than a vector, ending at a guard page.
TEST_P(QuantizeTest, EveryCount) {
  const auto quantize = GetParam().as<fp8attn_uk_convert_fn>();
  const KernelRow &row = *GetParam().row;
  for (int count = 0; count <= 130; ++count) {
    ElementBuffer source(row.in, count);
    GuardedBuffer<uint8_t> codes(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i)
      source.set(i, nthElement(row.in, 0x3f80 + i));
    quantize(source.data(), count, kGoldenScales[1], codes.data());
    for (int i = 0; i < count; ++i)
      ASSERT_EQ(int(codes[size_t(i)]),
                cacheElement(row.cache, row.in, source.bits(i), 1))
          << count;
  }
}

TEST_P(DequantizeTest, EveryCode) {
  const KernelRow &row = *GetParam().row;
  GuardedBuffer<uint8_t> codes(kFp8Codes);
  std::iota(codes.begin(), codes.end(), 0);
  for (float scale : kGoldenScales) {
    ElementBuffer values(row.in, kFp8Codes);
    GetParam().as<fp8attn_uk_convert_fn>()(codes.data(), kFp8Codes, scale,
                                           values.data());
    for (int code = 0; code < kFp8Codes; ++code) {
      const float value = values.value(code);
      const auto bits = static_cast<uint16_t>(code);
      float expected = static_cast<float>(cacheValue(row.cache, bits)) * scale;
      if (isfinite(expected))
        expected = elementValue(row.in, nearestElement(row.in, expected));
      if (isnan(expected))
        ASSERT_TRUE(isnan(value)) << "code " << code;
      else
        ASSERT_EQ(memcmp(&value, &expected, 4), 0)
            << "code " << code << ": " << value << " instead of " << expected;
    }
  }
}

TEST_P(StoreGoldenTest, EveryElement) {
  const std::string type = GetParam().row->cache, in = GetParam().row->in;
  const auto store = GetParam().as<fp8attn_uk_store_fn>();
  const bool keys = !strcmp(GetParam().row->op, "store_key");
  constexpr int64_t kTokens = 16, kChannels = 128, kPageTokens = 32;
  const int64_t pageBytes = kPageTokens * kChannels * elementBits(type) / 8;
  GuardedBuffer<int64_t> slots(kTokens);
  std::iota(slots.begin(), slots.end(), 16);
  for (int scale = 0; scale < 4; ++scale)
    for (int first = 0; first < kBf16Codes; first += kTokens * kChannels) {
      ElementBuffer source(in, kTokens * kChannels);
      for (int i = 0; i < kTokens * kChannels; ++i)
        source.set(i, nthElement(in, first + i));
      GuardedBuffer<uint8_t> cache(static_cast<size_t>(pageBytes));
      store(source.data(), kChannels, kTokens, kChannels, slots.data(),
            kGoldenScales[scale], /*scales=*/nullptr, FP8ATTN_SCALES_GIVEN,
            cache.data(), pageBytes, kPageTokens);
      for (int i = 0; i < kTokens * kChannels; ++i) {
        const int64_t bit = (keys ? keyBit : valueBit)(
            type, 16 + i / kChannels, i % kChannels, kChannels, kPageTokens);
        const int code = readCode(type, cache.data(), bit);
        ASSERT_EQ(code, cacheElement(type, in, source.bits(i), scale))
            << in << " bits " << source.bits(i) << " scale "
            << kGoldenScales[scale];
      }
    }
}

/// Expects a decoded word, multiplied back, to be exactly the value of `code`.
static void expectExactly(double result, const std::string &type,
                          uint16_t code) {
  const double expected = cacheValue(type, code);
  if (isnan(expected))
    ASSERT_TRUE(isnan(result)) << "code " << code << " gives " << result;
  else
    ASSERT_EQ(result, expected) << "code " << code;
}

/// Returns the n-th test code: of FP8 and i8 the code n, of 4 bits n % 16; of
/// bf16, whose subnormals need not be exact, an infinity, a NaN or one of a
/// spread of normal numbers.
static uint16_t nthCode(const std::string &type, int n) {
  if (type != "bf16")
    return static_cast<uint16_t>(n % (1 << elementBits(type)));
  const int special = 0x7f80 + (n / 16) % 2, normal = 0x80 + n * 127;
  return static_cast<uint16_t>((n % 16 == 15 ? special : normal) | (n & 1)
                                                                       << 15);
}

// A key that is zero but for one channel, and a query that is one there.
TEST_P(QkGoldenTest, EveryCode) {
  const KernelRow &row = *GetParam().row;
  constexpr int64_t kChannels = 64;
  Random random(1);
  PagedCache cache({row.cache, kFp8Codes, kChannels, 32, 64}, random);
  GuardedBuffer<uint8_t> scratch(FP8ATTN_KERNEL_SCRATCH_BYTES);
  TileScope tiles(GetParam());
  for (int64_t rows : {1, 17})
    for (int64_t channel = 0; channel < kChannels; ++channel) {
      for (int token = 0; token < kFp8Codes; ++token)
        for (int64_t c = 0; c < kChannels; ++c)
          cache.setKey(token, c, c == channel ? nthCode(row.cache, token) : 0);
      Matrix<float> query(rows, kChannels);
      for (int64_t r = 0; r < rows; ++r)
        query.at(r, channel) = ldexpf(1, int(row.exponent));
      ProductTiles queryTiles(queryType, query, kChannels);
      Tiles<float> scores(rows, FP8ATTN_BLOCK_KEYS, NAN);
      GetParam().as<fp8attn_uk_qk_fn>()(&cache.run(), 0, kFp8Codes,
                                        queryTiles.data(), rows, kChannels,
                                        scores.data(), scratch.data());
      for (int64_t r = 0; r < rows; ++r)
        for (int token = 0; token < kFp8Codes; ++token)
          ASSERT_NO_FATAL_FAILURE(expectExactly(scores.at(r, token), row.cache,
                                                nthCode(row.cache, token)))
              << "channel " << channel << " row " << r;
    }
}

// Each row puts all weight on one key. The other keys' NaN must not be seen.
TEST_P(PvGoldenTest, EveryCode) {
  const KernelRow &row = *GetParam().row;
  constexpr int64_t kKeys = 64, kChannels = 256;
  Random random(1);
  PagedCache cache({row.cache, kKeys, 32, kChannels, 32}, random);
  const auto codeOf = [&](int64_t key, int64_t channel) {
    return nthCode(row.cache, int((channel + 7 * key) % kFp8Codes));
  };
  for (int64_t key = 0; key < kKeys; ++key)
    for (int64_t c = 0; c < kChannels; ++c)
      cache.setValue(key, c, codeOf(key, c));
  GuardedBuffer<uint8_t> scratch(FP8ATTN_KERNEL_SCRATCH_BYTES);
  TileScope tiles(GetParam());
  for (int64_t rows : {1, 16, 48})
    for (int64_t first = 0; first < kKeys; first += rows) {
      Matrix<float> probs(rows, kKeys);
      for (int64_t r = 0; r < rows; ++r)
        probs.at(r, (first + r) % kKeys) = 1;
      ProductTiles probTiles(queryType, probs, FP8ATTN_BLOCK_KEYS);
      Tiles<float> acc(rows, kChannels, 0);
      GetParam().as<fp8attn_uk_pv_fn>()(&cache.run(), 0, kKeys,
                                        probTiles.data(), rows, kChannels,
                                        acc.data(), scratch.data());
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < kChannels; ++c)
          ASSERT_NO_FATAL_FAILURE(
              expectExactly(ldexp(acc.at(r, c), int(row.exponent)), row.cache,
                            codeOf((first + r) % kKeys, c)))
              << "row " << r << " of " << rows << " channel " << c;
    }
}

INSTANTIATE_TEST_SUITE_P(Table, QuantizeTest,
                         testing::ValuesIn(kernelsOf("quantize")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, DequantizeTest,
                         testing::ValuesIn(kernelsOf("dequantize")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Key, StoreGoldenTest,
                         testing::ValuesIn(kernelsOf("store_key")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Value, StoreGoldenTest,
                         testing::ValuesIn(kernelsOf("store_value")),
                         kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, QkGoldenTest,
                         testing::ValuesIn(kernelsOf("qk")), kernelTestName);
INSTANTIATE_TEST_SUITE_P(Table, PvGoldenTest,
                         testing::ValuesIn(kernelsOf("pv")), kernelTestName);

} // namespace fp8attn::test
