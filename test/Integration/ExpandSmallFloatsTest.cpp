//===- ExpandSmallFloatsTest.cpp - conversions of small floats ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the conversions of functions.mlir on every value of f16 and bf16, on
// what is halfway between two of them and beside it, on f32 of every exponent,
// and on every FP8 code, and compares with their definition, bit by bit.
//
//===----------------------------------------------------------------------===//

#include "functions.h"

#include "fp8attn/Reference/Fp8.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

namespace reference = fp8attn::reference;

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

static void expectExact(std::vector<float> x) {
  const auto count = int64_t(x.size());
  std::vector<uint16_t> words(count), halves(count);
  std::vector<float> y(2 * count);
  fp8attn_context context;
  fp8attn_context_init(&context);
  const auto tensor = [&](void *data, fp8attn_type type) {
    return fp8attn_tensor_make(data, type, 1, count, 0, 0, 0);
  };
  const fp8attn_tensor in = tensor(x.data(), FP8ATTN_TYPE_F32),
                       bf16 = tensor(words.data(), FP8ATTN_TYPE_BF16),
                       f16 = tensor(halves.data(), FP8ATTN_TYPE_F16),
                       out = fp8attn_tensor_make(y.data(), FP8ATTN_TYPE_F32, 2,
                                                 count, 2, 0, 0);
  ASSERT_EQ(conversions(&context, &in, &bf16, &f16, &out), FP8ATTN_OK)
      << context.message;
  for (int64_t i = 0; i < count; ++i) {
    SCOPED_TRACE(testing::Message() << "of " << x[i]);
    if (std::isnan(x[i])) {
      ASSERT_TRUE(std::isnan(reference::decodeBf16(words[i])) &&
                  std::isnan(reference::decodeF16(halves[i])) &&
                  std::isnan(y[2 * i]) && std::isnan(y[2 * i + 1]));
      continue;
    }
    ASSERT_EQ(words[i], reference::encodeBf16(x[i]));
    ASSERT_EQ(halves[i], reference::encodeF16(x[i]));
    ASSERT_EQ(bitsOf(y[2 * i]), bitsOf(reference::decodeBf16(words[i])));
    ASSERT_EQ(bitsOf(y[2 * i + 1]), bitsOf(reference::decodeF16(halves[i])));
  }
}

/// Returns the values of all words, and for each what is halfway to the next
/// one, with its neighbours.
template <class Decode> static std::vector<float> aroundAll(Decode decode) {
  std::vector<float> x;
  for (uint32_t word = 0; word <= UINT16_MAX; ++word) {
    const float value = decode(uint16_t(word));
    const float next = decode(uint16_t(word + 1));
    const auto middle = float((double(value) + double(next)) / 2);
    x.push_back(value);
    for (int offset : {-1, 0, 1})
      x.push_back(fromBits(bitsOf(middle) + uint32_t(offset)));
  }
  return x;
}

TEST(ExpandSmallFloatsTest, AroundEveryBf16) {
  expectExact(aroundAll(reference::decodeBf16));
}

TEST(ExpandSmallFloatsTest, AroundEveryF16) {
  expectExact(aroundAll(reference::decodeF16));
}

TEST(ExpandSmallFloatsTest, EveryExponent) {
  // An odd step, so that low bits of the mantissa vary, too.
  constexpr uint32_t kStep = 4099;
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += kStep)
    x.push_back(fromBits(uint32_t(bits)));
  expectExact(std::move(x));
}

TEST(ExpandSmallFloatsTest, EveryCode) {
  constexpr int64_t kCodes = 256;
  std::vector<uint8_t> codes(kCodes);
  std::iota(codes.begin(), codes.end(), uint8_t(0));
  std::vector<float> y(2 * kCodes);
  fp8attn_context context;
  fp8attn_context_init(&context);
  const auto tensor = [&](fp8attn_type type) {
    return fp8attn_tensor_make(codes.data(), type, 1, kCodes, 0, 0, 0);
  };
  constexpr fp8attn_type kTypes[] = {FP8ATTN_TYPE_F8E4M3FN,
                                     FP8ATTN_TYPE_F8E5M2};
  const fp8attn_tensor e4m3 = tensor(kTypes[0]), e5m2 = tensor(kTypes[1]),
                       out = fp8attn_tensor_make(y.data(), FP8ATTN_TYPE_F32, 2,
                                                 kCodes, 2, 0, 0);
  ASSERT_EQ(decodings(&context, &e4m3, &e5m2, &out), FP8ATTN_OK)
      << context.message;
  for (int64_t i = 0; i < 2 * kCodes; ++i) {
    SCOPED_TRACE(testing::Message()
                 << "code " << i / 2 << " of type " << kTypes[i % 2]);
    const auto expected =
        float(reference::decodeElement(&codes[i / 2], kTypes[i % 2]));
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(y[i]));
    else
      ASSERT_EQ(bitsOf(y[i]), bitsOf(expected));
  }
}
