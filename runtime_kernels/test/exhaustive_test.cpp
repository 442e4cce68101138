//===- exhaustive_test.cpp - every number there is, into codes ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The quantisers against the definition of the formats: all bf16 numbers with
// scales from the smallest to the largest float, all f16 numbers, and all
// 2^32 floats if FP8ATTN_EXHAUSTIVE is set, else a spread of them and all that
// are next to a boundary between two codes.
//
//===----------------------------------------------------------------------===//

#include "Progress.h"
#include "element_values.h"
#include "fp8attn/Reference/Fp8.h"
#include "golden.h"
#include "kernel_under_test.h"
#include "quantizer_probe.h"

#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace fp8attn::test {

/// Returns the format of a column of the table.
static fp8attn_type formatOf(const std::string &name) {
  if (name == "i8")
    return FP8ATTN_TYPE_I8;
  if (name == "i4")
    return FP8ATTN_TYPE_I4;
  if (name == "e2m1")
    return FP8ATTN_TYPE_F4E2M1FN;
  return name == "e4m3" ? FP8ATTN_TYPE_F8E4M3FN : FP8ATTN_TYPE_F8E5M2;
}

/// Returns the n-th magnitude that a quantiser gives, infinity or NaN behind
/// the last one.
static double magnitudeOf(fp8attn_type format, int n) {
  if (format == FP8ATTN_TYPE_I8)
    return n <= 127 ? n : HUGE_VAL;
  if (format == FP8ATTN_TYPE_I4)
    return n <= 7 ? n : HUGE_VAL;
  if (format == FP8ATTN_TYPE_F4E2M1FN && n > 7)
    return HUGE_VAL;
  return reference::decodeFp8(static_cast<uint8_t>(n), format);
}

static float floatOf(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

static uint32_t bitsOf(double exactFloat) {
  const auto value = static_cast<float>(exactFloat);
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

/// The first float, by its bits, that each code's magnitude is nearest to.
/// Floats of one sign ascend with their bits, so that these are the format.
static std::vector<uint32_t> firstBits(fp8attn_type format) {
  std::vector<uint32_t> first = {0};
  for (int code = 0; std::isfinite(magnitudeOf(format, code + 1)); ++code) {
    const double middle =
        (magnitudeOf(format, code) + magnitudeOf(format, code + 1)) / 2;
    // In the middle the even code is taken.
    first.push_back(bitsOf(middle) + (code % 2 == 0));
  }
  return first;
}

/// A quantiser on floats.
struct Probe {
  const char *name;
  fp8attn_quantizer_probe function;
  const char *format;
  fp8attn_isa isa;
};

void PrintTo(const Probe &probe, std::ostream *stream) {
  *stream << probe.name;
}

static const Probe kProbes[] = {
    {"e2m1_generic", fp8attn_probe_e2m1_generic, "e2m1", FP8ATTN_ISA_GENERIC},
    {"e2m1_avx2", fp8attn_probe_e2m1_avx2, "e2m1", FP8ATTN_ISA_AVX2},
    {"e2m1_avx512", fp8attn_probe_e2m1_avx512, "e2m1", FP8ATTN_ISA_AVX512},
    {"e2m1_avx512_on_avx2", fp8attn_probe_e2m1_avx512_on_avx2, "e2m1",
     FP8ATTN_ISA_AVX2},
    {"i4_generic", fp8attn_probe_i4_generic, "i4", FP8ATTN_ISA_GENERIC},
    {"i4_avx2", fp8attn_probe_i4_avx2, "i4", FP8ATTN_ISA_AVX2},
    {"i4_avx512", fp8attn_probe_i4_avx512, "i4", FP8ATTN_ISA_AVX512},
    {"i4_avx512_on_avx2", fp8attn_probe_i4_avx512_on_avx2, "i4",
     FP8ATTN_ISA_AVX2},
    {"e4m3_generic", fp8attn_probe_e4m3_generic, "e4m3", FP8ATTN_ISA_GENERIC},
    {"e5m2_generic", fp8attn_probe_e5m2_generic, "e5m2", FP8ATTN_ISA_GENERIC},
    {"i8_generic", fp8attn_probe_i8_generic, "i8", FP8ATTN_ISA_GENERIC},
    {"i8_avx2", fp8attn_probe_i8_avx2, "i8", FP8ATTN_ISA_AVX2},
    {"i8_avx512", fp8attn_probe_i8_avx512, "i8", FP8ATTN_ISA_AVX512},
    {"i8_avx512_on_avx2", fp8attn_probe_i8_avx512_on_avx2, "i8",
     FP8ATTN_ISA_AVX2},
    {"e4m3_avx2", fp8attn_probe_e4m3_avx2, "e4m3", FP8ATTN_ISA_AVX2},
    {"e5m2_avx2", fp8attn_probe_e5m2_avx2, "e5m2", FP8ATTN_ISA_AVX2},
    {"e4m3_avx512", fp8attn_probe_e4m3_avx512, "e4m3", FP8ATTN_ISA_AVX512},
    {"e5m2_avx512", fp8attn_probe_e5m2_avx512, "e5m2", FP8ATTN_ISA_AVX512},
    {"e4m3_avx512_on_avx2", fp8attn_probe_e4m3_avx512_on_avx2, "e4m3",
     FP8ATTN_ISA_AVX2},
    {"e5m2_avx512_on_avx2", fp8attn_probe_e5m2_avx512_on_avx2, "e5m2",
     FP8ATTN_ISA_AVX2},
};

class EveryFloatTest : public testing::TestWithParam<Probe> {
protected:
  EveryFloatTest() : first(firstBits(formatOf(GetParam().format))) {}

  void SetUp() override {
    const std::string missing = missingVectors(GetParam().isa);
    if (!missing.empty())
      GTEST_SKIP() << "the CPU lacks " << missing;
  }

  /// Returns the code of a float with these bits, looked for among the codes
  /// from that of the call before on.
  uint8_t expectedCode(uint32_t bits) {
    const fp8attn_type format = formatOf(GetParam().format);
    const bool isInteger =
        format == FP8ATTN_TYPE_I8 || format == FP8ATTN_TYPE_I4;
    const int64_t numBits = reference::elementBits(format);
    const uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
      return isInteger || numBits == 4 ? 0 : 0x7f;
    if (magnitude < first[code])
      code = 0;
    while (code + 1 < first.size() && first[code + 1] <= magnitude)
      ++code;
    if (isInteger)
      return static_cast<uint8_t>((bits >> 31 ? -code : code) &
                                  ((1u << numBits) - 1));
    return static_cast<uint8_t>(code | (bits >> 31 << (numBits - 1)));
  }

  /// Checks the floats at `bits`, as many as a probe takes.
  void check(const uint32_t *bits, float scale = 1) {
    float values[FP8ATTN_PROBE_FLOATS];
    memcpy(values, bits, sizeof(values));
    uint8_t codes[FP8ATTN_PROBE_FLOATS];
    GetParam().function(values, scale, codes);
    for (int i = 0; i < FP8ATTN_PROBE_FLOATS; ++i) {
      const uint8_t expected = expectedCode(bitsOf(values[i] / scale));
      if (codes[i] != expected)
        FAIL() << "float " << values[i] << " (bits " << bits[i] << ") by "
               << scale << " gives " << int(codes[i]) << ", expected "
               << int(expected);
    }
  }

  /// Checks floats `step` apart, to the largest bits. A line on the terminal
  /// counts exponents, of both signs.
  void sweep(uint32_t step) {
    constexpr int kExponentShift = 23, kSignedExponents = 512;
    mlir::fp8attn::Progress progress(kSignedExponents, "exponents");
    uint32_t bits[FP8ATTN_PROBE_FLOATS];
    for (uint64_t next = 0, exponent = 0;
         next >> 32 == 0 && !HasFatalFailure();) {
      if (next >> kExponentShift != exponent) {
        exponent = next >> kExponentShift;
        progress.reach(static_cast<int64_t>(exponent));
      }
      for (uint32_t &word : bits) {
        word = static_cast<uint32_t>(next);
        next += step;
      }
      check(bits);
    }
  }

  std::vector<uint32_t> first;
  size_t code = 0;
};

TEST_P(EveryFloatTest, IsRoundedToTheNearestCode) {
  // A prime, so that all low bits occur.
  constexpr uint32_t kSpread = 4099;
  sweep(getenv("FP8ATTN_EXHAUSTIVE") ? 1 : kSpread);
}

TEST_P(EveryFloatTest, NextToBoundaries) {
  for (uint32_t boundary : first)
    for (uint32_t sign : {0u, 0x80000000u}) {
      uint32_t bits[FP8ATTN_PROBE_FLOATS];
      for (int i = 0; i < FP8ATTN_PROBE_FLOATS; ++i)
        bits[i] = (boundary + static_cast<uint32_t>(i) -
                   (boundary ? FP8ATTN_PROBE_FLOATS / 2 : 0)) |
                  sign;
      ASSERT_NO_FATAL_FAILURE(check(bits));
    }
}

/// Whose quotient by a scale is next to a boundary: a product with the
/// reciprocal is often on the other side.
TEST_P(EveryFloatTest, QuotientsNextToBoundaries) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> logarithm(-20, 20);
  for (int i = 0; i < 100; ++i) {
    const float scale = exp2f(logarithm(random));
    for (uint32_t boundary : first) {
      const uint32_t middle = bitsOf(floatOf(boundary) * scale);
      if (middle < FP8ATTN_PROBE_FLOATS)
        continue;
      uint32_t bits[FP8ATTN_PROBE_FLOATS];
      for (int j = 0; j < FP8ATTN_PROBE_FLOATS; ++j)
        bits[j] = middle + static_cast<uint32_t>(j) - FP8ATTN_PROBE_FLOATS / 2;
      ASSERT_NO_FATAL_FAILURE(check(bits, scale));
    }
  }
}

/// A float has a place for every f16, so these are what an f16 source gives.
TEST_P(EveryFloatTest, EveryHalf) {
  for (uint32_t half = 0; half < 65536; half += FP8ATTN_PROBE_FLOATS) {
    uint32_t bits[FP8ATTN_PROBE_FLOATS];
    for (uint32_t i = 0; i < FP8ATTN_PROBE_FLOATS; ++i) {
      const auto word = static_cast<uint16_t>(half + i);
      _Float16 value;
      memcpy(&value, &word, sizeof(value));
      const auto wide = static_cast<float>(value);
      memcpy(bits + i, &wide, sizeof(wide));
    }
    ASSERT_NO_FATAL_FAILURE(check(bits));
  }
}

/// The boundaries above are those of the reference that other tests use.
TEST(ReferenceQuantizerTest, HasTheSameBoundaries) {
  for (fp8attn_type format :
       {FP8ATTN_TYPE_F8E4M3FN, FP8ATTN_TYPE_F8E5M2, FP8ATTN_TYPE_F4E2M1FN,
        FP8ATTN_TYPE_I8, FP8ATTN_TYPE_I4}) {
    const std::vector<uint32_t> first = firstBits(format);
    for (size_t code = 1; code < first.size(); ++code) {
      EXPECT_EQ(reference::quantizeElement(floatOf(first[code]), 1, format),
                code);
      EXPECT_EQ(reference::quantizeElement(floatOf(first[code] - 1), 1, format),
                code - 1);
    }
  }
}

class EveryScaleTest : public KernelTest {};

/// Scales at the ends of the range of floats, powers of two, the one whose
/// quotients are nearest to a boundary (x86_vector/quantize.h), and others.
static std::vector<float> manyScales() {
  std::vector<float> scales = {FLT_MAX,     FLT_MIN,      FLT_TRUE_MIN,
                               FLT_MIN / 3, 1.0f / 448,   1.0f / 57344,
                               1.0f / 127,  0x1.fffffep0f};
  for (int exponent = -120; exponent <= 120; exponent += 24)
    scales.push_back(ldexpf(1, exponent));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> logarithm(-20, 20);
  for (int i = 0; i < 20; ++i)
    scales.push_back(exp2f(logarithm(random)));
  return scales;
}

/// Every bf16, every f16, or of f32 those that are a bf16.
TEST_P(EveryScaleTest, EverySource) {
  const std::string type = GetParam().row->in;
  ElementBuffer source(type, kBf16Codes);
  for (int i = 0; i < kBf16Codes; ++i)
    source.set(i, type == "f32" ? uint32_t(i) << 16 : uint32_t(i));
  std::vector<uint8_t> codes(kBf16Codes);
  const fp8attn_type format = formatOf(GetParam().row->cache);
  for (float scale : manyScales()) {
    GetParam().as<fp8attn_uk_convert_fn>()(source.data(), kBf16Codes, scale,
                                           codes.data());
    for (int i = 0; i < kBf16Codes; ++i)
      ASSERT_EQ(int(codes[size_t(i)]),
                int(reference::quantizeElement(source.value(i), scale, format)))
          << type << " number " << i << " scale " << scale;
  }
}

INSTANTIATE_TEST_SUITE_P(Probes, EveryFloatTest, testing::ValuesIn(kProbes),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });
INSTANTIATE_TEST_SUITE_P(Table, EveryScaleTest,
                         testing::ValuesIn(kernelsOf("quantize")),
                         kernelTestName);

} // namespace fp8attn::test
