//===- ZeroPointTest.cpp - every code with every zero point ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls zero_points.mlir: each of the 256 codes of i8 has each of the 256 zero
// points, as a key and as a value. A query sees one key, so that the result is
// its value, exactly, and the log-sum-exp its score.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "fp8attn/Reference/Cache.h"
#include "zero_points.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <numeric>

using namespace fp8attn::reference;

static constexpr int64_t kHeads = 64, kDim = 256, kPage = 32, kTokens = 256,
                         kPages = kTokens / kPage;
static constexpr float kKeyScale = 0.25f;

/// Returns where in the scales and zero points those of an element are.
static int64_t tokenOf(const ElementPlace &place) {
  return place.page * kPage + place.token;
}

/// Returns the zero point of a token, and the code of a channel.
static int pointOf(int64_t token) { return int(token) - 128; }
static int codeOf(int64_t channel) { return int(channel) - 128; }

namespace {
using Points = Tensor<int8_t>;

class ZeroPointTest : public IsaCallTest {
protected:
  ZeroPointTest() {
    std::iota(slots.elements.begin(), slots.elements.end(), 0);
    std::iota(table.elements.begin(), table.elements.end(), 0);
    starts.elements = {0, kTokens};
    lens.elements = {kTokens};
    keyScale.elements = {kKeyScale};
    for (int64_t token = 0; token < kTokens; ++token) {
      points.elements[token] = pointOf(token);
      // Of few digits, so that products are exact.
      scales.elements[token] = std::ldexp(1 + token % 16 / 16.0f, token % 7);
    }
  }

  using Lines = std::vector<Line>;

  PairsCache partsOf(Lines &lines) {
    return makePairsCache(lines.data(), Content::KeyValue, FP8ATTN_TYPE_I8, 1,
                          kDim, kPage);
  }
  void fillCodes() {
    const PairsCache parts = partsOf(memory);
    for (const CachePart &part : {parts.keys, parts.values})
      for (int64_t token = 0; token < kTokens; ++token)
        for (int64_t channel = 0; channel < kDim; ++channel) {
          const auto code = static_cast<int8_t>(codeOf(channel));
          part.store(token / kPage, 0, token % kPage, channel, &code);
        }
  }
  fp8attn_cache cache() {
    return {memory.data(), kPages, WRITE_ZERO_POINTS_CACHE_PAGE_BYTES};
  }
  int32_t attend() {
    const fp8attn_cache pages = cache();
    return attend_zero_points(with(attend_zero_points_workspace_bytes(1)),
                              query, &pages, keyScale, scales, points, points,
                              starts, lens, table, out, lse);
  }

  /// Returns scales and zero points, or one scale, as the reference takes them.
  static Scales describe(const Floats &scales, const Points &points) {
    Scales described;
    described.values = scales.elements;
    described.index = [isOne = scales.elements.size() == 1](const auto &place) {
      return isOne ? 0 : tokenOf(place);
    };
    described.zeroPoints = points.elements;
    described.zeroIndex = tokenOf;
    return described;
  }
  void expectEqual(const Lines &expected) const {
    EXPECT_EQ(std::memcmp(memory.data(), expected.data(),
                          expected.size() * sizeof(Line)),
              0);
  }
  static HeadTensor tensorOf(const Floats &source) {
    return {source.elements.data(), kTokens, kDim, kDim, FP8ATTN_TYPE_F32};
  }

  Lines memory =
      Lines(kPages * WRITE_ZERO_POINTS_CACHE_PAGE_BYTES / sizeof(Line));
  Tensor<int64_t> slots{FP8ATTN_TYPE_I64, {kTokens}};
  Integers starts{FP8ATTN_TYPE_I32, {2}}, lens{FP8ATTN_TYPE_I32, {1}},
      table{FP8ATTN_TYPE_I32, {1, kPages}};
  Floats keyScale{FP8ATTN_TYPE_F32, {}},
      scales{FP8ATTN_TYPE_F32, {kPages, 1, kPage}};
  Points points{FP8ATTN_TYPE_I8, {kPages, 1, kPage}};
  Floats query{FP8ATTN_TYPE_F32, {kTokens, kHeads, kDim}},
      out{FP8ATTN_TYPE_F32, {kTokens, kHeads, kDim}},
      lse{FP8ATTN_TYPE_F32, {kTokens, kHeads}};
};
} // namespace

// The difference of the two, times the scale: exact in f32.
TEST_P(ZeroPointTest, Values) {
  fillCodes();
  ASSERT_EQ(attend(), FP8ATTN_OK) << context.message;
  for (int64_t token = 0; token < kTokens; ++token)
    for (int64_t head : {int64_t(0), kHeads - 1})
      for (int64_t channel = 0; channel < kDim; ++channel)
        ASSERT_EQ(out.elements[(token * kHeads + head) * kDim + channel],
                  static_cast<float>(codeOf(channel) - pointOf(token)) *
                      scales.elements[token])
            << "zero point " << pointOf(token) << ", code " << codeOf(channel);
}

// Each query head asks for a channel of its own. Neighbouring scores are 1/4
// apart.
TEST_P(ZeroPointTest, Keys) {
  // A probability is rounded to bf16.
  constexpr float kRounding = 0x1p-8f;
  fillCodes();
  for (int64_t first = 0; first < kDim; first += kHeads) {
    std::fill(query.elements.begin(), query.elements.end(), 0.0f);
    for (int64_t token = 0; token < kTokens; ++token)
      for (int64_t head = 0; head < kHeads; ++head)
        query.elements[(token * kHeads + head) * kDim + first + head] = 1;
    ASSERT_EQ(attend(), FP8ATTN_OK) << context.message;
    for (int64_t token = 0; token < kTokens; ++token)
      for (int64_t head = 0; head < kHeads; ++head) {
        const float expected =
            static_cast<float>(codeOf(first + head) - pointOf(token)) *
            kKeyScale;
        ASSERT_NEAR(lse.elements[token * kHeads + head], expected, kRounding)
            << "zero point " << pointOf(token) << ", code "
            << codeOf(first + head);
      }
  }
}

// Quotients that are halfway between two codes, beside every zero point; beyond
// the range on either side; and what has no code.
TEST_P(ZeroPointTest, Writes) {
  Floats sources[2] = {{FP8ATTN_TYPE_F32, {kTokens, 1, kDim}},
                       {FP8ATTN_TYPE_F32, {kTokens, 1, kDim}}};
  Lines expected = memory;
  const PairsCache to = partsOf(expected);
  slots.elements[5] = -1;
  for (int part = 0; part < 2; ++part) {
    for (int64_t i = 0; i < kTokens * kDim; ++i) {
      const float scale = part ? scales.elements[i / kDim] : kKeyScale;
      const int64_t channel = i % kDim;
      const float halves = static_cast<float>(random() % 1601) / 2 - 400;
      sources[part].elements[i] = channel == 3 ? (i % 3 ? INFINITY : -INFINITY)
                                  : channel == 4 ? NAN
                                                 : halves * scale;
    }
    writeCache(part ? to.values : to.keys, tensorOf(sources[part]),
               slots.elements.data(),
               describe(part ? scales : keyScale, points));
  }
  const fp8attn_cache pages = cache();
  ASSERT_EQ(write_zero_points(with(write_zero_points_workspace_bytes(1)),
                              sources[0], sources[1], slots, keyScale, scales,
                              points, points, &pages),
            FP8ATTN_OK)
      << context.message;
  expectEqual(expected);
  // Both ends are there.
  constexpr int kLeast = 0x80, kLargest = 0x7F;
  for (int code : {kLeast, kLargest})
    EXPECT_NE(std::memchr(memory.data(), code, memory.size() * sizeof(Line)),
              nullptr);
}

// Ranges that have 0 within, at an end or outside, that are empty, and whose
// length is more than f32 has.
TEST_P(ZeroPointTest, Computes) {
  Floats sources[2] = {{FP8ATTN_TYPE_F32, {kTokens, 1, kDim}},
                       {FP8ATTN_TYPE_F32, {kTokens, 1, kDim}}};
  Lines expected = memory;
  const PairsCache to = partsOf(expected);
  Floats computedScales[2] = {scales, scales};
  Points computedPoints[2] = {points, points};
  Scales expectedScales[2];
  slots.elements[9] = -1;
  std::uniform_real_distribution<float> unit(0, 1), exponents(-30, 30);
  for (int part = 0; part < 2; ++part) {
    for (int64_t token = 0; token < kTokens; ++token) {
      const float size = token == 20   ? 3e38f
                         : token == 21 ? 1e-30f
                                       : std::exp2(exponents(random));
      const float least = token % 8 == 0   ? 0
                          : token % 8 == 1 ? 0.5f
                                           : -unit(random);
      const float largest = token % 8 == 2 ? 0 : token % 8 == 3 ? -0.1f : 1;
      for (int64_t c = 0; c < kDim; ++c)
        sources[part].elements[token * kDim + c] =
            token == 30 ? -0.0f
                        : size * (least + (largest - least) * unit(random));
      if (token % 5 == 0)
        sources[part].elements[token * kDim + token] =
            token % 2 ? NAN : INFINITY;
    }
    expectedScales[part] = describe(scales, points);
    const CachePart &written = part ? to.values : to.keys;
    const HeadTensor source = tensorOf(sources[part]);
    computeScales(written, source, slots.elements.data(), FP8ATTN_TYPE_F32,
                  /*microscaling=*/false, expectedScales[part]);
    writeCache(written, source, slots.elements.data(), expectedScales[part]);
  }
  const fp8attn_cache pages = cache();
  ASSERT_EQ(write_computed_points(
                with(write_computed_points_workspace_bytes(1)), sources[0],
                sources[1], slots, computedScales[0], computedScales[1],
                computedPoints[0], computedPoints[1], &pages),
            FP8ATTN_OK)
      << context.message;
  for (int part = 0; part < 2; ++part) {
    EXPECT_EQ(computedScales[part].elements, expectedScales[part].values);
    EXPECT_EQ(computedPoints[part].elements, expectedScales[part].zeroPoints);
    // Neither part of the range is all there is.
    for (int8_t end : {-128, 127})
      EXPECT_NE(std::find(computedPoints[part].elements.begin(),
                          computedPoints[part].elements.end(), end),
                computedPoints[part].elements.end());
  }
  expectEqual(expected);
}

// zero_point_c5
TEST_P(ZeroPointTest, RefusesFewPages) {
  fillCodes();
  EXPECT_EQ(attend(), FP8ATTN_OK) << context.message;
  Points few(FP8ATTN_TYPE_I8, {kPages - 1, 1, kPage});
  const fp8attn_cache pages = cache();
  EXPECT_EQ(attend_zero_points(with(attend_zero_points_workspace_bytes(1)),
                               query, &pages, keyScale, scales, points, few,
                               starts, lens, table, out, lse),
            FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message,
               "value_zero_point.sizes[0] is 7, expected more than 0 + 1 * "
               "page for each of 8 pages");
  EXPECT_EQ(attend(), FP8ATTN_OK);
}

FP8ATTN_INSTANTIATE_ON_ISAS(ZeroPointTest);
