//===- golden.h - the conversions of a GPU -------------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads test/Data/fp8_gpu; its README says what is in it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_GOLDEN_H
#define FP8ATTN_TEST_GOLDEN_H

#include <stdint.h>
#include <string.h>
#include <string_view>
#include <vector>

namespace fp8attn::test {

/// Number of codes of an FP8 format, or of i8, and of bf16.
constexpr int kFp8Codes = 256;
constexpr int kBf16Codes = 65536;

/// Scales for which there are golden codes.
constexpr float kGoldenScales[] = {1.0f, 0.0123f, 0.25f, 3.0f};

/// Returns the codes of all bf16 numbers, by their bits, divided by
/// kGoldenScales[scale]. `format` is "e4m3" or "e5m2".
const uint8_t *goldenCodes(std::string_view format, int scale);

/// Returns the values of the 256 codes of "e4m3" or "e5m2".
const float *goldenValues(std::string_view format);

/// Returns the integer in two's complement nearest to a value, ties to even; at
/// most `largest` either way, and 0 for NaN.
int nearestInteger(float value, int largest);

/// The magnitudes of e2m1 in the order of their codes.
constexpr float kE2M1Magnitudes[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

/// Returns the value of a bf16.
inline float bf16Value(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  memcpy(&value, &wide, sizeof(value));
  return value;
}

/// Returns the bf16 nearest to a finite value, ties to even.
uint16_t nearestBf16(double value);

/// Returns the value of a code of a cache element type: "e4m3", "e5m2", "e2m1",
/// "i8", "i4" or "bf16".
double cacheValue(std::string_view type, uint16_t code);

/// Returns whether a cache element type has NaN; a code of it, or some code of
/// types without; and the code of 2.
bool hasNan(std::string_view type);
uint16_t codeOfNan(std::string_view type);
uint16_t codeOfTwo(std::string_view type);

} // namespace fp8attn::test

#endif // FP8ATTN_TEST_GOLDEN_H
