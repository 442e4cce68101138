//===- Fp8Test.cpp - conversions of the reference -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Codes and values computed by hand from the formats' definitions, then all
// codes of all bf16 words under four scales against data made on a GPU.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Fp8.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <vector>

using namespace fp8attn::reference;

static constexpr fp8attn_type kE4M3 = FP8ATTN_TYPE_F8E4M3FN;
static constexpr fp8attn_type kE5M2 = FP8ATTN_TYPE_F8E5M2;
static constexpr fp8attn_type kI8 = FP8ATTN_TYPE_I8;
static constexpr fp8attn_type kE2M1 = FP8ATTN_TYPE_F4E2M1FN;
static constexpr fp8attn_type kI4 = FP8ATTN_TYPE_I4;
static constexpr float kInf = std::numeric_limits<float>::infinity();
static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(Fp8Test, DecodesE4M3) {
  EXPECT_EQ(decodeFp8(0x38, kE4M3), 1.0);
  EXPECT_EQ(decodeFp8(0xB9, kE4M3), -1.125);
  EXPECT_EQ(decodeFp8(0x01, kE4M3), 0x1p-9);
  EXPECT_EQ(decodeFp8(0x07, kE4M3), 7 * 0x1p-9);
  EXPECT_EQ(decodeFp8(0x08, kE4M3), 0x1p-6);
  EXPECT_EQ(decodeFp8(0x7E, kE4M3), 448.0);
  EXPECT_TRUE(std::isnan(decodeFp8(0x7F, kE4M3)));
  EXPECT_TRUE(std::isnan(decodeFp8(0xFF, kE4M3)));
  EXPECT_TRUE(std::signbit(decodeFp8(0x80, kE4M3)));
}

TEST(Fp8Test, DecodesE5M2) {
  EXPECT_EQ(decodeFp8(0x3C, kE5M2), 1.0);
  EXPECT_EQ(decodeFp8(0x01, kE5M2), 0x1p-16);
  EXPECT_EQ(decodeFp8(0x7B, kE5M2), 57344.0);
  EXPECT_EQ(decodeFp8(0xFC, kE5M2), -kInf);
  EXPECT_TRUE(std::isnan(decodeFp8(0x7D, kE5M2)));
}

TEST(Fp8Test, QuantizeRoundsToNearestEven) {
  EXPECT_EQ(quantizeFp8(1.0625f, 1, kE4M3), 0x38); // between 1 and 1.125
  EXPECT_EQ(quantizeFp8(1.1875f, 1, kE4M3), 0x3A); // between 1.125 and 1.25
  EXPECT_EQ(quantizeFp8(1.07f, 1, kE4M3), 0x39);
  EXPECT_EQ(quantizeFp8(0x1p-10f, 1, kE4M3), 0x00); // half the smallest
  EXPECT_EQ(quantizeFp8(0x1.02p-10f, 1, kE4M3), 0x01);
  EXPECT_EQ(quantizeFp8(3 * 0x1p-10f, 1, kE4M3), 0x02);
  EXPECT_EQ(quantizeFp8(-2.0f, 0.5f, kE4M3), 0xC8); // -4
}

TEST(Fp8Test, QuantizeSaturatesAndKeepsSpecialValues) {
  EXPECT_EQ(quantizeFp8(1e9f, 1, kE4M3), 0x7E);
  EXPECT_EQ(quantizeFp8(-kInf, 1, kE4M3), 0xFE);
  EXPECT_EQ(quantizeFp8(kInf, 1, kE5M2), 0x7B);
  EXPECT_EQ(quantizeFp8(kNaN, 1, kE4M3), 0x7F);
  EXPECT_EQ(quantizeFp8(-kNaN, 1, kE5M2), 0x7F);
  EXPECT_EQ(quantizeFp8(-0.0f, 1, kE4M3), 0x80);
  EXPECT_EQ(quantizeFp8(-1e-30f, 1, kE5M2), 0x80);
}

TEST(Fp8Test, I8) {
  EXPECT_EQ(quantizeInteger(2.5f, 1, kI8), 2);
  EXPECT_EQ(quantizeInteger(3.5f, 1, kI8), 4);
  EXPECT_EQ(quantizeInteger(0x1.400002p1f, 1, kI8), 3); // above 2.5
  EXPECT_EQ(quantizeInteger(-0.5f, 1, kI8), 0);
  EXPECT_EQ(quantizeInteger(-1.5f, 1, kI8), 0xFE);  // -2
  EXPECT_EQ(quantizeInteger(-12.6f, 2, kI8), 0xFA); // -6
  EXPECT_EQ(quantizeInteger(-127.5f, 1, kI8), 0x81);
  EXPECT_EQ(quantizeInteger(-1e9f, 1, kI8), 0x81);
  EXPECT_EQ(quantizeInteger(kInf, 1, kI8), 0x7F);
  EXPECT_EQ(quantizeInteger(-kInf, 1, kI8), 0x81);
  EXPECT_EQ(quantizeInteger(kNaN, 1, kI8), 0);
  EXPECT_EQ(quantizeInteger(-kNaN, 1, kI8), 0);
  EXPECT_EQ(quantizeElement(300, 1, kE4M3), quantizeFp8(300, 1, kE4M3));
  EXPECT_EQ(quantizeElement(300, 4, kI8), 75);
  // Every code but -128 comes back.
  for (int code = -128; code <= 127; ++code) {
    const auto byte = static_cast<uint8_t>(code);
    EXPECT_EQ(decodeElement(&byte, kI8), code);
    EXPECT_EQ(quantizeInteger(static_cast<float>(code), 1, kI8),
              code == -128 ? 0x81 : byte);
  }
}

TEST(Fp8Test, I4) {
  EXPECT_EQ(quantizeInteger(2.5f, 1, kI4), 2);
  EXPECT_EQ(quantizeInteger(-1.5f, 1, kI4), 0xE); // -2
  EXPECT_EQ(quantizeInteger(7.5f, 1, kI4), 7);
  EXPECT_EQ(quantizeInteger(-1e9f, 1, kI4), 9); // -7
  EXPECT_EQ(quantizeInteger(kNaN, 1, kI4), 0);
  // Every code but -8 comes back.
  for (int value = -8; value <= 7; ++value) {
    const auto code = static_cast<uint8_t>(value & 0xF);
    EXPECT_EQ(decodeElement(&code, kI4), value);
    EXPECT_EQ(quantizeElement(static_cast<float>(value), 1, kI4),
              value == -8 ? 9 : code);
  }
}

TEST(Fp8Test, E2M1) {
  // OCP Microscaling Formats Specification 1.0, table 5.
  constexpr double kMagnitudes[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (uint8_t code = 0; code < 16; ++code) {
    const double value = (code & 8 ? -1 : 1) * kMagnitudes[code & 7];
    EXPECT_EQ(decodeElement(&code, kE2M1), value);
    EXPECT_EQ(quantizeElement(static_cast<float>(value), 1, kE2M1), code);
  }
  EXPECT_EQ(quantizeFp8(-0.0f, 1, kE2M1), 8);
  EXPECT_EQ(quantizeFp8(0.25f, 1, kE2M1), 0);
  EXPECT_EQ(quantizeFp8(0x1.000002p-2f, 1, kE2M1), 1);
  EXPECT_EQ(quantizeFp8(0.75f, 1, kE2M1), 2);
  EXPECT_EQ(quantizeFp8(1.25f, 1, kE2M1), 2);
  EXPECT_EQ(quantizeFp8(1.75f, 1, kE2M1), 4);
  EXPECT_EQ(quantizeFp8(2.5f, 1, kE2M1), 4);
  EXPECT_EQ(quantizeFp8(-3.5f, 1, kE2M1), 0xE);
  EXPECT_EQ(quantizeFp8(5, 1, kE2M1), 6);
  EXPECT_EQ(quantizeFp8(0x1.400002p2f, 1, kE2M1), 7);
  EXPECT_EQ(quantizeFp8(-kInf, 1, kE2M1), 0xF);
  EXPECT_EQ(quantizeFp8(-kNaN, 1, kE2M1), 0);
}

TEST(Fp8Test, LargestCode) {
  EXPECT_EQ(largestCode(kE4M3), 448);
  EXPECT_EQ(largestCode(kE5M2), 57344);
  EXPECT_EQ(largestCode(kI8), 127);
  EXPECT_EQ(largestCode(kE2M1), 6);
  EXPECT_EQ(largestCode(kI4), 7);
}

TEST(Fp8Test, Bf16RoundsToNearestEven) {
  EXPECT_EQ(encodeBf16(1.0f), 0x3F80);
  EXPECT_EQ(encodeBf16(1.0f + 0x1p-8f), 0x3F80);
  EXPECT_EQ(encodeBf16(1.0f + 3 * 0x1p-8f), 0x3F82);
  EXPECT_EQ(encodeBf16(kInf), 0x7F80);
  EXPECT_TRUE(std::isnan(decodeBf16(encodeBf16(kNaN))));
  EXPECT_EQ(decodeBf16(0xC040), -3.0f);
}

TEST(Fp8Test, F16) {
  EXPECT_EQ(decodeF16(0x3C00), 1.0f);
  EXPECT_EQ(decodeF16(0x8001), -0x1p-24f);
  EXPECT_EQ(decodeF16(0x7BFF), 65504.0f);
  EXPECT_EQ(encodeF16(65519.0f), 0x7BFF);
  EXPECT_EQ(encodeF16(65520.0f), 0x7C00);
  EXPECT_EQ(encodeF16(-kInf), 0xFC00);
  EXPECT_EQ(encodeF16(1.0f + 0x1p-11f), 0x3C00);
  EXPECT_EQ(encodeF16(1.0f + 3 * 0x1p-11f), 0x3C02);
  EXPECT_EQ(encodeF16(-0x1p-25f), 0x8000);
  EXPECT_EQ(encodeF16(0x1.8p-25f), 1);
  EXPECT_TRUE(std::isnan(decodeF16(encodeF16(kNaN))));
  for (int word = 0; word < 0x7C00; ++word)
    ASSERT_EQ(encodeF16(decodeF16(word)), word);
}

static std::vector<uint8_t> readGolden(const char *name) {
  std::ifstream file(std::string(FP8ATTN_GOLDEN_DIR "/") + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Fp8Test, QuantizesAsAGpuDoes) {
  const std::vector<uint8_t> golden = readGolden("quant.bin");
  constexpr int kWords = 1 << 16;
  ASSERT_EQ(golden.size(), 4u * 2 * kWords);
  const float scales[] = {1.0f, 0.0123f, 0.25f, 3.0f};
  const fp8attn_type formats[] = {kE4M3, kE5M2};
  size_t place = 0;
  for (float scale : scales)
    for (fp8attn_type format : formats)
      for (int word = 0; word < kWords; ++word, ++place)
        ASSERT_EQ(quantizeFp8(decodeBf16(word), scale, format), golden[place])
            << "word " << word << ", scale " << scale << ", format " << format;
}

TEST(Fp8Test, DecodesAsAGpuDoes) {
  const std::vector<uint8_t> golden = readGolden("dequant.bin");
  ASSERT_EQ(golden.size(), 2u * 256 * sizeof(float));
  for (int i = 0; i < 2 * 256; ++i) {
    const double expected =
        decodeElement(golden.data() + i * sizeof(float), FP8ATTN_TYPE_F32);
    const double actual = decodeFp8(i % 256, i < 256 ? kE4M3 : kE5M2);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(actual)) << "code " << i;
    else
      EXPECT_EQ(actual, expected) << "code " << i;
  }
}
