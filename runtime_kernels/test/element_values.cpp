//===- element_values.cpp - elements of tensors and caches ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler's own _Float16 stands for f16. The nearest FP8 code is searched
// for among the values of all codes, as a GPU decodes them.
//
//===----------------------------------------------------------------------===//

#include "element_values.h"

#include "golden.h"

#include <math.h>
#include <string.h>

namespace fp8attn::test {

static bool isFp8(std::string_view type) {
  return type == "e4m3" || type == "e5m2";
}

int64_t elementBytes(std::string_view type) {
  if (type == "f32")
    return 4;
  return type == "bf16" || type == "f16" ? 2 : 1;
}

int64_t elementBits(std::string_view type) {
  return type == "e2m1" || type == "i4" ? 4 : 8 * elementBytes(type);
}

/// Returns `bits` as a T, of which they are the low bytes.
template <typename T> static T bitsAs(uint32_t bits) {
  T value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}
template <typename T> static uint32_t bitsOf(T value) {
  uint32_t bits = 0;
  memcpy(&bits, &value, sizeof(value));
  return bits;
}

/// Returns the code nearest to a value, the even one of two.
static uint16_t nearestFp8(std::string_view type, float value) {
  if (isnan(value))
    return 0x7f;
  const float *values = goldenValues(type);
  const int largest = type == "e4m3" ? 0x7e : 0x7b;
  int code = 0;
  while (code < largest && values[code + 1] <= fabsf(value))
    ++code;
  if (code < largest) {
    const double down = fabs(double(value)) - values[code];
    const double up = values[code + 1] - fabs(double(value));
    code += up < down || (up == down && code % 2 == 1);
  }
  return static_cast<uint16_t>(code | (signbit(value) ? 0x80 : 0));
}

/// The same of e2m1, whose NaN is 0.
static uint16_t nearestE2M1(float value) {
  if (isnan(value))
    return 0;
  // Far away, all would be equally near.
  const double magnitude = fmin(fabs(double(value)), 6);
  int code = 0;
  for (int other = 1; other < 8; ++other) {
    const double down = fabs(magnitude - kE2M1Magnitudes[code]);
    const double up = fabs(magnitude - kE2M1Magnitudes[other]);
    if (up < down || (up == down && other % 2 == 0))
      code = other;
  }
  return static_cast<uint16_t>(code | (signbit(value) ? 8 : 0));
}

float elementValue(std::string_view type, uint32_t bits) {
  if (type == "bf16")
    return bf16Value(static_cast<uint16_t>(bits));
  if (isFp8(type))
    return goldenValues(type)[bits];
  return type == "f16" ? static_cast<float>(bitsAs<_Float16>(bits))
                       : bitsAs<float>(bits);
}

uint32_t nearestElement(std::string_view type, double value) {
  if (type == "bf16")
    return nearestBf16(value);
  if (isFp8(type))
    return nearestFp8(type, static_cast<float>(value));
  return type == "f16" ? bitsOf(static_cast<_Float16>(value))
                       : bitsOf(static_cast<float>(value));
}

double elementEpsilon(std::string_view type) {
  return type == "bf16" ? 0x1p-8 : type == "f16" ? 0x1p-11 : 0x1p-24;
}

double elementUnderflow(std::string_view type) {
  return type == "f16" ? 0x1p-25 : 0;
}

uint16_t cacheElement(std::string_view cacheType, std::string_view type,
                      uint32_t bits, int scaleIndex) {
  if (type == "bf16" && isFp8(cacheType))
    return goldenCodes(cacheType, scaleIndex)[bits];
  return nearestCacheElement(cacheType, type, bits, kGoldenScales[scaleIndex]);
}

uint16_t nearestCacheElement(std::string_view cacheType, std::string_view type,
                             uint32_t bits, float scale) {
  if (type == cacheType)
    return static_cast<uint16_t>(bits);
  const float value = elementValue(type, bits);
  const float quotient = value / scale;
  if (cacheType == "i8")
    return static_cast<uint8_t>(nearestInteger(quotient, 127));
  if (cacheType == "i4")
    return nearestInteger(quotient, 7) & 0xf;
  if (cacheType == "e2m1")
    return nearestE2M1(quotient);
  if (cacheType != "bf16")
    return nearestFp8(cacheType, quotient);
  if (isfinite(value))
    return nearestBf16(value);
  // The upper half; NaN is made quiet.
  return static_cast<uint16_t>(bitsOf(value) >> 16 | (isnan(value) ? 0x40 : 0));
}

uint32_t ElementBuffer::bits(int64_t index) const {
  uint32_t bits = 0;
  const int64_t size = elementBytes(type);
  memcpy(&bits, bytes.data() + index * size, static_cast<size_t>(size));
  return bits;
}

void ElementBuffer::set(int64_t index, uint32_t bits) {
  const int64_t size = elementBytes(type);
  memcpy(bytes.data() + index * size, &bits, static_cast<size_t>(size));
}

} // namespace fp8attn::test
