//===- finish_test.cpp - outputs and log-sum-exp --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The division by the denominator, in double precision.
//
//===----------------------------------------------------------------------===//

#include "golden.h"
#include "kernel_under_test.h"
#include "reference.h"

#include <math.h>
#include <string.h>

namespace fp8attn::test {

class FinishTest : public KernelTest {};

static constexpr int kProbExponent = 40;

/// Returns the kernel of f32 outputs that runs as `kernel` does.
static KernelUnderTest floatKernelOf(const KernelUnderTest &kernel) {
  for (const KernelUnderTest &other : kernelsOf("finish"))
    if (other.row->isa == kernel.row->isa && other.form == kernel.form &&
        !strcmp(other.row->cache, "f32"))
      return other;
  ADD_FAILURE() << "no kernel of f32 outputs";
  return kernel;
}

/// Returns scales of the rows of FP8 outputs, some so small that results
/// saturate, or none for others.
static std::vector<float> outScalesOf(const std::string &type, int64_t rows) {
  std::vector<float> scales;
  if (type == "e4m3" || type == "e5m2")
    for (int64_t row = 0; row < rows; ++row)
      scales.push_back(ldexpf(0.7f, static_cast<int>(row % 5 * 5 - 20)));
  return scales;
}

/// Finishes one item and checks every output.
static void checkFinish(const KernelUnderTest &kernel, int64_t rows,
                        int64_t group, int64_t channels, int exponent,
                        float scale, bool wantLse, Random &random,
                        const std::vector<float> &sinks = {}) {
  fp8attn_work_item item = {};
  item.kv_head = 1;
  item.group = group;
  item.query_begin = 1;
  item.first_row = group + 1;
  item.num_rows = rows;
  item.seq_q = (item.first_row + rows - 1) / group + 1;
  const int64_t heads = 2 * group, tokens = item.query_begin + item.seq_q;
  // Gaps between heads and between tokens; an lse has its heads outermost.
  const int64_t headStride = channels + 3;
  const int64_t tokenStride = heads * headStride + 5;
  Tiles<float> acc(rows, paddedValues(channels), NAN);
  GuardedBuffer<float> max(static_cast<size_t>(rows)), sum(max.size());
  for (int64_t row = 0; row < rows; ++row) {
    const bool empty = row % 7 == 5;
    const size_t r = static_cast<size_t>(row);
    max[r] = empty ? -INFINITY : float(int(random() % 2000) - 1000);
    sum[r] = empty ? 0 : float(exp2(kProbExponent) * (1 + random() % 300) / 3);
    for (int64_t c = 0; c < channels; ++c)
      acc.at(row, c) =
          empty ? 0 : float(ldexp(normalNumber(random) * sum[r], -exponent));
  }
  const std::string type = kernel.row->cache;
  const uint32_t untouched = elementBytes(type) == 1 ? 0x34 : 0x1234;
  ElementBuffer out(type, (tokens - 1) * tokenStride +
                              (heads - 1) * headStride + channels);
  for (int64_t i = 0; i < out.size(); ++i)
    out.set(i, untouched);
  GuardedBuffer<float> lse(static_cast<size_t>(tokens * heads));
  const auto sink = GuardedBuffer<float>::copyOf(sinks);
  const auto outScales = GuardedBuffer<float>::copyOf(outScalesOf(type, rows));
  const auto finish = [&](const KernelUnderTest &which, uint8_t *to,
                          const float *scales, float *lseTo) {
    which.as<fp8attn_uk_finish_fn>()(
        &item, acc.data(), max.data(), sum.data(),
        sinks.empty() ? nullptr : sink.data(), channels, scale, scales,
        exponent, kProbExponent, to, tokenStride, headStride, lseTo, 1, tokens);
  };
  const bool isFp8 = outScales.size() > 0;
  finish(kernel, out.data(), isFp8 ? outScales.data() : nullptr,
         wantLse ? lse.data() : nullptr);
  // Codes are those of the results in f32.
  ElementBuffer results("f32", isFp8 ? out.size() : 1);
  if (isFp8)
    finish(floatKernelOf(kernel), results.data(), nullptr, nullptr);
  for (int64_t row = 0; row < rows; ++row) {
    const size_t r = static_cast<size_t>(row);
    const int64_t token = 1 + (item.first_row + row) / group;
    const int64_t head = group + (item.first_row + row) % group;
    const double keysLse =
        sum[r] == 0 ? -INFINITY
                    : M_LN2 * (max[r] + log2(sum[r]) - kProbExponent);
    const double sink = sinks.empty() ? -INFINITY : sinks[size_t(head)];
    const double share = sink == -INFINITY ? 1 : 1 / (1 + exp(sink - keysLse));
    // What log-sum-exp and sink are off by in f32 is a relative error here.
    const double shareError =
        sinks.empty() ? 0 : 40e-6 + 8 * kEpsF32 * (fabs(max[r]) + fabs(sink));
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t index = token * tokenStride + head * headStride + c;
      const double expected =
          sum[r] == 0 ? 0
                      : ldexp(double(acc.at(row, c)) / sum[r], exponent) *
                            share * scale;
      // One rounding to the type, and a few to f32. From 65520 on an f16 is
      // infinite.
      if (isFp8)
        ASSERT_EQ(out.bits(index),
                  nearestElement(type, results.value(index) / outScales[r]))
            << "row " << row << " channel " << c;
      else if (type == "f16" && fabs(expected) >= 65520)
        ASSERT_EQ(out.value(index), copysign(INFINITY, expected));
      else
        ASSERT_NEAR(out.value(index), expected,
                    (elementEpsilon(type) + 4 * kEpsF32 + fmin(shareError, 1)) *
                            fabs(expected) +
                        elementUnderflow(type) + kSmallestNormal)
            << "row " << row << " channel " << c;
      out.set(index, untouched);
    }
    if (!wantLse)
      continue;
    const float value = lse[static_cast<size_t>(head * tokens + token)];
    const double expected =
        fmax(keysLse, sink) + log1p(exp(-fabs(keysLse - sink)));
    // The logarithm of the sum, about 40, has a relative error of 1e-6; the
    // sum with the maximum is rounded to f32.
    if (sum[r] == 0)
      ASSERT_EQ(value, sink);
    else if (sink == -INFINITY)
      ASSERT_NEAR(value, keysLse, 40e-6 + 4 * kEpsF32 * fabs(keysLse));
    else
      ASSERT_NEAR(value, expected, 40e-6 + 4 * kEpsF32 * fabs(expected));
  }
  for (int64_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(out.bits(i), untouched)
        << "an element of another row was written";
}

TEST_P(FinishTest, EveryShape) {
  Random random(11);
  for (int64_t rows : {1, 3, 15, 16, 17, 47, 48})
    for (int64_t group : {1, 4, 7})
      for (int64_t channels : {8, 40, 64, 72, 96, 256, 576})
        for (int exponent : {0, 80, 104}) {
          SCOPED_TRACE(testing::Message()
                       << rows << " rows, group " << group << ", " << channels
                       << " channels, exponent " << exponent);
          ASSERT_NO_FATAL_FAILURE(checkFinish(GetParam(), rows, group, channels,
                                              exponent, 0.37f, group != 4,
                                              random));
        }
}

// The scale of the values may be anywhere in the range of f32.
TEST_P(FinishTest, ExtremeScales) {
  Random random(12);
  for (float scale : {0x1p-100f, 1e-20f, 1e20f, 0x1p100f})
    for (int exponent : {0, 80, 104}) {
      SCOPED_TRACE(testing::Message()
                   << "scale " << scale << " exponent " << exponent);
      ASSERT_NO_FATAL_FAILURE(
          checkFinish(GetParam(), 5, 1, 64, exponent, scale, true, random));
    }
}

// Sinks far below, near and far above the scores, for rows of both heads'
// groups and for empty rows.
TEST_P(FinishTest, Sinks) {
  Random random(13);
  for (float spread : {0.0f, 1.0f, 30.0f, 1000.0f, 1e30f})
    for (int64_t group : {1, 4}) {
      SCOPED_TRACE(testing::Message() << "sinks around " << spread);
      std::vector<float> sinks(size_t(2 * group), -INFINITY);
      for (size_t head = 1; head < sinks.size(); ++head)
        sinks[head] = head % 2 ? spread : -spread;
      ASSERT_NO_FATAL_FAILURE(checkFinish(GetParam(), 17, group, 64, 104, 0.37f,
                                          true, random, sinks));
    }
}

// -inf is no sink, bit by bit; +inf takes everything; NaN stays NaN. Row 1 sees
// no key.
TEST_P(FinishTest, SpecialSinks) {
  const auto finish = [&](const float *sink, std::vector<float> &out,
                          std::vector<float> &lse) {
    fp8attn_work_item item = {};
    item.group = 1;
    item.seq_q = item.num_rows = 2;
    Tiles<float> acc(2, 64, NAN);
    for (int64_t c = 0; c < 64; ++c) {
      acc.at(0, c) = float(c - 20) * 0x1p-60f;
      acc.at(1, c) = 0;
    }
    const auto max =
        GuardedBuffer<float>::copyOf(std::vector<float>{3, -INFINITY});
    const auto sum =
        GuardedBuffer<float>::copyOf(std::vector<float>{0x1.8p41f, 0});
    ElementBuffer result(GetParam().row->cache, 128);
    lse.assign(2, 0);
    const auto outScales =
        GuardedBuffer<float>::copyOf(std::vector<float>{0x1p-24f, 1});
    GetParam().as<fp8attn_uk_finish_fn>()(
        &item, acc.data(), max.data(), sum.data(), sink, 64, 1,
        outScales.data(), 104, kProbExponent, result.data(), 64, 64, lse.data(),
        1, 1);
    out.clear();
    for (int64_t i = 0; i < result.size(); ++i)
      out.push_back(result.value(i));
  };
  std::vector<float> without, out;
  std::vector<float> lseWithout, lse;
  finish(nullptr, without, lseWithout);
  const float none = -INFINITY, all = INFINITY, nan = NAN;
  finish(&none, out, lse);
  EXPECT_EQ(out, without);
  EXPECT_EQ(lse, lseWithout);
  finish(&all, out, lse);
  for (float value : out)
    EXPECT_EQ(value, 0);
  EXPECT_EQ(lse, (std::vector<float>{INFINITY, INFINITY}));
  finish(&nan, out, lse);
  for (float value : out)
    EXPECT_TRUE(isnan(value));
  EXPECT_TRUE(isnan(lse[0]) && isnan(lse[1]));
}

INSTANTIATE_TEST_SUITE_P(Table, FinishTest,
                         testing::ValuesIn(kernelsOf("finish")),
                         kernelTestName);

} // namespace fp8attn::test
