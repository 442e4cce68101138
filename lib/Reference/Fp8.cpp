//===- Fp8.cpp - elements of 4 to 16 bits, by definition ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decodes field by field, each code once, and keeps the values; encodes by a
// search among the values of all codes.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace fp8attn::reference;

namespace {
/// What codes of all ones in the exponent are.
enum class Specials { InfinityAndNan, LastIsNan, None };

/// Fields of a format.
struct Format {
  int bits;
  int mantissaBits;
  int bias;
  Specials specials;
};
} // namespace

static Format formatOf(fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
    return {8, 3, 7, Specials::LastIsNan};
  case FP8ATTN_TYPE_F4E2M1FN:
    return {4, 1, 1, Specials::None};
  default:
    return {8, 2, 15, Specials::InfinityAndNan};
  }
}

/// Returns the value of a code, from its fields.
static double decodeFields(uint8_t code, fp8attn_type type) {
  const Format format = formatOf(type);
  const int mantissaCount = 1 << format.mantissaBits;
  const int magnitudeCount = 1 << (format.bits - 1);
  const int exponentCount = magnitudeCount / mantissaCount;
  const double sign = code & magnitudeCount ? -1.0 : 1.0;
  const int exponent = code % magnitudeCount / mantissaCount;
  const int mantissa = code % mantissaCount;
  if (exponent == exponentCount - 1) {
    if (format.specials == Specials::InfinityAndNan)
      return mantissa ? std::numeric_limits<double>::quiet_NaN()
                      : sign * std::numeric_limits<double>::infinity();
    if (format.specials == Specials::LastIsNan && mantissa == mantissaCount - 1)
      return std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == 0)
    return sign * std::ldexp(mantissa, 1 - format.bias - format.mantissaBits);
  return sign * std::ldexp(mantissaCount + mantissa,
                           exponent - format.bias - format.mantissaBits);
}

/// Returns the values of all codes of a format.
static std::array<double, 256> allValues(fp8attn_type type) {
  std::array<double, 256> values;
  for (int code = 0; code < 256; ++code)
    values[code] = decodeFields(code, type);
  return values;
}

/// Returns the table of a format, which is made at the first call.
template <auto make> static const auto &tableOf(fp8attn_type type) {
  static const auto e4m3 = make(FP8ATTN_TYPE_F8E4M3FN);
  static const auto e5m2 = make(FP8ATTN_TYPE_F8E5M2);
  static const auto e2m1 = make(FP8ATTN_TYPE_F4E2M1FN);
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
    return e4m3;
  case FP8ATTN_TYPE_F4E2M1FN:
    return e2m1;
  default:
    return e5m2;
  }
}

double fp8attn::reference::decodeFp8(uint8_t code, fp8attn_type type) {
  return tableOf<allValues>(type)[code];
}

/// Returns the finite magnitudes of a format, ascending: that of code c is at
/// c.
static std::vector<double> finiteMagnitudes(fp8attn_type format) {
  const int count = 1 << (formatOf(format).bits - 1);
  std::vector<double> magnitudes;
  for (int code = 0; code < count && std::isfinite(decodeFp8(code, format));
       ++code)
    magnitudes.push_back(decodeFp8(code, format));
  return magnitudes;
}

uint8_t fp8attn::reference::quantizeFp8(float value, float scale,
                                        fp8attn_type format) {
  const std::vector<double> &magnitudes = tableOf<finiteMagnitudes>(format);
  const float quotient = value / scale;
  if (std::isnan(quotient))
    return formatOf(format).specials == Specials::None ? 0 : 0x7F;
  const uint8_t sign =
      std::signbit(quotient) ? 1 << (formatOf(format).bits - 1) : 0;
  const double magnitude = std::abs(quotient);
  const auto above =
      std::lower_bound(magnitudes.begin(), magnitudes.end(), magnitude);
  if (above == magnitudes.end())
    return sign | (magnitudes.size() - 1);
  if (above == magnitudes.begin())
    return sign;
  const uint8_t code = above - magnitudes.begin();
  const double up = *above - magnitude, down = magnitude - above[-1];
  const bool takeAbove = up < down || (up == down && code % 2 == 0);
  return sign | (takeAbove ? code : code - 1);
}

uint8_t fp8attn::reference::quantizeInteger(float value, float scale,
                                            fp8attn_type type) {
  if (std::isnan(value / scale))
    return 0;
  // Not -128, or -8: a scale takes the largest magnitude, of either sign, to
  // 127, or 7.
  const double largest = largestCode(type);
  const double quotient = std::clamp<double>(value / scale, -largest, largest);
  const double below = std::floor(quotient), rest = quotient - below;
  const auto code = static_cast<int>(below);
  const bool takeAbove = rest > 0.5 || (rest == 0.5 && code % 2 != 0);
  const int mask = (1 << elementBits(type)) - 1;
  return static_cast<uint8_t>((takeAbove ? code + 1 : code) & mask);
}

uint8_t fp8attn::reference::quantizeElement(float value, float scale,
                                            fp8attn_type type) {
  return type == FP8ATTN_TYPE_I8 || type == FP8ATTN_TYPE_I4
             ? quantizeInteger(value, scale, type)
             : quantizeFp8(value, scale, type);
}

float fp8attn::reference::largestCode(fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_I8:
    return 127;
  case FP8ATTN_TYPE_I4:
    return 7;
  case FP8ATTN_TYPE_F4E2M1FN:
    return 6;
  case FP8ATTN_TYPE_F8E4M3FN:
    return 448;
  default:
    return 57344;
  }
}

bool fp8attn::reference::areWordsValues(fp8attn_type type) {
  return type != FP8ATTN_TYPE_F8E4M3FN && type != FP8ATTN_TYPE_F8E5M2;
}

float fp8attn::reference::decodeF16(uint16_t word) {
  const int exponent = word >> 10 & 0x1F, mantissa = word & 0x3FF;
  float magnitude;
  if (exponent == 0x1F)
    magnitude = mantissa == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = float(mantissa) * 0x1p-24f;
  else
    magnitude = float(mantissa + 0x400) * float(1u << exponent) * 0x1p-25f;
  return word & 0x8000 ? -magnitude : magnitude;
}

uint16_t fp8attn::reference::encodeF16(float value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value))
    return sign | 0x7E00;
  // Words count the steps of the number's binade, subnormal numbers being in
  // that of the smallest normal one; infinity comes after the largest.
  const int binade = std::clamp(std::ilogb(value), -14, 15);
  // A step is 2^(binade - 10): the quotient is exact. Twice those of a binade
  // are beyond the largest number in any.
  constexpr double kMostSteps = 0x1000;
  const double step = double(1u << (binade + 14)) * 0x1p-24;
  const long steps = std::lrint(std::min(std::abs(value) / step, kMostSteps));
  const long word = (binade + 14) * 0x400 + steps;
  return sign | static_cast<uint16_t>(std::min(word, 0x7C00L));
}

int64_t fp8attn::reference::elementBytes(fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_F8E4M3FN:
  case FP8ATTN_TYPE_F8E5M2:
  case FP8ATTN_TYPE_I8:
  case FP8ATTN_TYPE_F8E8M0FNU:
  case FP8ATTN_TYPE_BOOL:
  case FP8ATTN_TYPE_F4E2M1FN:
  case FP8ATTN_TYPE_I4:
    return 1;
  case FP8ATTN_TYPE_BF16:
  case FP8ATTN_TYPE_F16:
    return 2;
  case FP8ATTN_TYPE_F32:
  case FP8ATTN_TYPE_I32:
    return 4;
  case FP8ATTN_TYPE_I64:
    return 8;
  }
  return 0;
}

int64_t fp8attn::reference::elementBits(fp8attn_type type) {
  if (type == FP8ATTN_TYPE_F4E2M1FN || type == FP8ATTN_TYPE_I4)
    return 4;
  return 8 * elementBytes(type);
}

double fp8attn::reference::decodeElement(const void *data, fp8attn_type type) {
  if (type == FP8ATTN_TYPE_F32) {
    float value;
    std::memcpy(&value, data, sizeof(value));
    return value;
  }
  if (type == FP8ATTN_TYPE_BF16 || type == FP8ATTN_TYPE_F16) {
    uint16_t word;
    std::memcpy(&word, data, sizeof(word));
    return type == FP8ATTN_TYPE_BF16 ? decodeBf16(word) : decodeF16(word);
  }
  const uint8_t code = *static_cast<const uint8_t *>(data);
  if (type == FP8ATTN_TYPE_F8E8M0FNU)
    return code == 255 ? NAN : std::ldexp(1.0, code - 127);
  if (type == FP8ATTN_TYPE_I8)
    return static_cast<int8_t>(code);
  if (type == FP8ATTN_TYPE_I4)
    return code % 16 - (code & 8 ? 16 : 0);
  return decodeFp8(code, type);
}

void fp8attn::reference::encodeElement(float value, void *data,
                                       fp8attn_type type) {
  if (type == FP8ATTN_TYPE_F32) {
    std::memcpy(data, &value, sizeof(value));
    return;
  }
  if (type == FP8ATTN_TYPE_F8E8M0FNU) {
    *static_cast<uint8_t *>(data) =
        static_cast<uint8_t>(std::ilogb(value) + 127);
    return;
  }
  if (elementBytes(type) == 1) {
    *static_cast<uint8_t *>(data) = quantizeElement(value, /*scale=*/1, type);
    return;
  }
  const uint16_t word =
      type == FP8ATTN_TYPE_BF16 ? encodeBf16(value) : encodeF16(value);
  std::memcpy(data, &word, sizeof(word));
}
