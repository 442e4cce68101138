//===- golden.cpp - the conversions of a GPU ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The test's own idea of FP8 and bf16: none of it comes from the kernels.
//
//===----------------------------------------------------------------------===//

#include "golden.h"

#include <fstream>
#include <gtest/gtest.h>
#include <math.h>
#include <string.h>

namespace fp8attn::test {

template <typename T>
static std::vector<T> readGolden(const std::string &file, size_t count) {
  const std::string path = FP8ATTN_TEST_DATA "/fp8_gpu/" + file;
  std::vector<T> contents(count);
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char *>(contents.data()),
              static_cast<std::streamsize>(count * sizeof(T)));
  if (!stream) {
    ADD_FAILURE() << "cannot read " << count * sizeof(T) << " bytes of "
                  << path;
    exit(1);
  }
  return contents;
}

static int formatIndex(std::string_view format) {
  return format == "e5m2" ? 1 : 0;
}

const uint8_t *goldenCodes(std::string_view format, int scale) {
  static const std::vector<uint8_t> codes =
      readGolden<uint8_t>("quant.bin", 4 * 2 * kBf16Codes);
  return codes.data() + (scale * 2 + formatIndex(format)) * kBf16Codes;
}

const float *goldenValues(std::string_view format) {
  static const std::vector<float> values =
      readGolden<float>("dequant.bin", 2 * kFp8Codes);
  return values.data() + formatIndex(format) * kFp8Codes;
}

int nearestInteger(float value, int largest) {
  if (isnan(value))
    return 0;
  return static_cast<int>(
      nearbyint(fmax(-largest, fmin(double(largest), double(value)))));
}

uint16_t nearestBf16(double value) {
  if (value == 0)
    return signbit(value) ? 0x8000 : 0;
  // A bf16 has 8 significant bits, and none below 2^-133.
  const int ulp = std::max(ilogb(value) - 7, -133);
  const float rounded =
      static_cast<float>(ldexp(nearbyint(ldexp(value, -ulp)), ulp));
  uint32_t bits;
  memcpy(&bits, &rounded, sizeof(bits));
  return static_cast<uint16_t>(bits >> 16);
}

double cacheValue(std::string_view type, uint16_t code) {
  if (type == "i8")
    return static_cast<int8_t>(code);
  if (type == "i4")
    return code < 8 ? code : code - 16;
  if (type == "e2m1")
    return (code & 8 ? -1 : 1) * kE2M1Magnitudes[code & 7];
  return type == "bf16" ? bf16Value(code) : goldenValues(type)[code];
}

bool hasNan(std::string_view type) {
  return type == "bf16" || type == "e4m3" || type == "e5m2";
}

uint16_t codeOfNan(std::string_view type) {
  return type == "bf16" ? 0x7fc0 : 0x7f;
}

uint16_t codeOfTwo(std::string_view type) {
  if (type == "bf16")
    return 0x4000;
  if (type == "e2m1")
    return 4;
  return hasNan(type) ? 0x40 : 2;
}

} // namespace fp8attn::test
