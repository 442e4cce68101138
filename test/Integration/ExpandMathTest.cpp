//===- ExpandMathTest.cpp - accuracy of expanded functions ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs functions.mlir on numbers of every exponent, and on special ones, and
// compares with double precision.
//
//===----------------------------------------------------------------------===//

#include "functions.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

static constexpr int kNumFunctions = 5;
static const struct {
  const char *name;
  double (*exact)(double);
} kFunctions[kNumFunctions] = {{"tanh", std::tanh},
                               {"exp", std::exp},
                               {"exp2", std::exp2},
                               {"log", std::log},
                               {"log2", std::log2}};

/// The relative error that is allowed, and below the smallest normal number
/// that many ulps of a subnormal one.
static constexpr double kAllowed = 1e-6;
static constexpr double kSmallestNormal = std::numeric_limits<float>::min();
static constexpr double kSubnormalUlps = 2 * 0x1p-149;

static std::vector<float> evaluate(std::vector<float> &x) {
  std::vector<float> y(x.size() * kNumFunctions);
  fp8attn_context context;
  fp8attn_context_init(&context);
  const int64_t count = x.size();
  const fp8attn_tensor in =
      fp8attn_tensor_make(x.data(), FP8ATTN_TYPE_F32, 1, count, 0, 0, 0);
  const fp8attn_tensor out = fp8attn_tensor_make(y.data(), FP8ATTN_TYPE_F32, 2,
                                                 count, kNumFunctions, 0, 0);
  EXPECT_EQ(functions(&context, &in, &out), FP8ATTN_OK) << context.message;
  return y;
}

/// Returns the error in units of what is allowed.
static double errorOf(double actual, double exact) {
  if (std::isnan(exact) || std::isnan(actual))
    return std::isnan(exact) && std::isnan(actual) ? 0 : INFINITY;
  // What f32 cannot hold is infinity.
  if (static_cast<float>(exact) == static_cast<float>(actual))
    return 0;
  const double allowed = std::fabs(exact) < kSmallestNormal
                             ? kSubnormalUlps
                             : kAllowed * std::fabs(exact);
  return std::fabs(actual - exact) / allowed;
}

static void expectAccurate(std::vector<float> x) {
  const std::vector<float> y = evaluate(x);
  for (int f = 0; f < kNumFunctions; ++f) {
    double worst = 0;
    float where = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double error =
          errorOf(y[i * kNumFunctions + f], kFunctions[f].exact(x[i]));
      if (error > worst) {
        worst = error;
        where = x[i];
      }
    }
    EXPECT_LE(worst, 1) << kFunctions[f].name << "(" << where << ")";
    printf("%s: relative error at most %.2g, at %g\n", kFunctions[f].name,
           worst * kAllowed, double(where));
  }
}

TEST(ExpandMathTest, EveryExponent) {
  // An odd step, so that low bits of the mantissa vary, too.
  constexpr uint32_t kStep = 4099;
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += kStep) {
    const auto word = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &word, sizeof value);
    x.push_back(value);
  }
  expectAccurate(std::move(x));
}

TEST(ExpandMathTest, WhereFunctionsAreSteep) {
  std::vector<float> x;
  for (double value = -110; value < 110; value += 1.0 / 8192)
    x.push_back(static_cast<float>(value));
  for (double value = 0.5; value < 2; value += 1.0 / 262144)
    x.push_back(static_cast<float>(value));
  expectAccurate(std::move(x));
}

TEST(ExpandMathTest, SpecialNumbers) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  expectAccurate({0.0f,
                  -0.0f,
                  kInfinity,
                  -kInfinity,
                  NAN,
                  -NAN,
                  1.0f,
                  -1.0f,
                  0x1p-149f,
                  -0x1p-149f,
                  0x1p-126f,
                  0x1.fffffep127f,
                  -0x1.fffffep127f,
                  88.7f,
                  88.8f,
                  -87.4f,
                  -103.9f,
                  -104.1f,
                  127.9f,
                  128.0f,
                  -149.0f,
                  -150.0f,
                  0.625f,
                  -0.625f});
}
