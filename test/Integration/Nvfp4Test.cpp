//===- Nvfp4Test.cpp - every code with every scale of NVFP4 ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls nvfp4.mlir: each of the 16 codes of f4E2M1FN has each of the 256 codes
// of f8E4M3FN as its scale, as a key and as a value. A query sees one key, so
// that the result is its value, exactly, and the log-sum-exp its score.
//
//===----------------------------------------------------------------------===//

#include "nvfp4.h"
#include "DirectCall.h"
#include "fp8attn/Reference/Cache.h"
#include "fp8attn/Reference/Fp8.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <numeric>

using namespace fp8attn::reference;

static constexpr int64_t kHeads = 4, kKvHeads = 2, kDim = 32, kPage = 32,
                         kBlock = 16, kBlocks = kDim / kBlock, kScales = 256,
                         kTokens = kScales, kPages = kTokens / kPage;
static constexpr uint8_t kOne = 0x38;

/// Returns where in the scales that of an element is.
static int64_t scaleIndex(const ElementPlace &place) {
  return ((place.page * kKvHeads + place.head) * kPage + place.token) *
             kBlocks +
         place.channel / kBlock;
}

namespace {
class Nvfp4Test : public IsaCallTest {
protected:
  Nvfp4Test() {
    std::iota(slots.elements.begin(), slots.elements.end(), 0);
    std::iota(table.begin(), table.end(), 0);
    keyOuter.elements = {32, 48};
    valueOuter.elements = {0.37f};
    // Every code of a scale for each head and block.
    for (int64_t token = 0; token < kTokens; ++token)
      for (int64_t head = 0; head < kKvHeads; ++head)
        for (int64_t block = 0; block < kBlocks; ++block)
          allScales.elements[scaleIndex(place(token, head, block * kBlock))] =
              (token + 64 * head + 128 * block) % kScales;
    // Every code of an element for each scale.
    for (const CachePart &part : {parts().keys, parts().values})
      for (int64_t token = 0; token < kTokens; ++token)
        for (int64_t head = 0; head < kKvHeads; ++head)
          for (int64_t channel = 0; channel < kDim; ++channel) {
            const uint8_t code = channel % kBlock;
            part.store(token / kPage, head, token % kPage, channel, &code);
          }
  }

  static ElementPlace place(int64_t token, int64_t head, int64_t channel) {
    return {token / kPage, head, token % kPage, channel};
  }
  PairsCache parts() {
    return makePairsCache(bytes(), Content::KeyValue, FP8ATTN_TYPE_F4E2M1FN,
                          kKvHeads, kDim, kPage);
  }
  uint8_t *bytes() { return reinterpret_cast<uint8_t *>(memory.data()); }

  /// Returns the scales as the reference takes them.
  static Scales describe(const Codes &codes, const Floats &outer) {
    Scales scales;
    for (const uint8_t &code : codes.elements)
      scales.values.push_back(
          float(decodeElement(&code, FP8ATTN_TYPE_F8E4M3FN)));
    scales.index = scaleIndex;
    scales.byToken = scales.byChannel = true;
    scales.outer = outer.elements;
    return scales;
  }

  int32_t write(Floats &key, Floats &value) {
    const fp8attn_cache cache = {bytes(), kPages, WRITE_NVFP4_CACHE_PAGE_BYTES};
    return write_nvfp4(with(write_nvfp4_workspace_bytes(1)), key, value, slots,
                       allScales, allScales, keyOuter, valueOuter, &cache);
  }

  /// Has the query of each token see its own key: of one sequence, or each as
  /// the last one of its own, which has the tokens before it, too.
  int32_t attend(Codes &keyScale, Codes &valueScale, bool isOneSequence) {
    const int64_t sequences = isOneSequence ? 1 : kTokens;
    Integers starts(FP8ATTN_TYPE_I32, {sequences + 1}),
        lens(FP8ATTN_TYPE_I32, {sequences}, kTokens),
        tables(FP8ATTN_TYPE_I32, {sequences, kPages});
    for (int64_t s = 0; s < sequences; ++s) {
      starts.elements[s + 1] = isOneSequence ? kTokens : s + 1;
      lens.elements[s] = isOneSequence ? kTokens : s + 1;
      std::copy(table.begin(), table.end(),
                tables.elements.begin() + s * kPages);
    }
    const fp8attn_cache cache = {bytes(), kPages, WRITE_NVFP4_CACHE_PAGE_BYTES};
    return attend_nvfp4(with(attend_nvfp4_workspace_bytes(1)), query, &cache,
                        keyScale, valueScale, keyOuter, valueOuter, starts,
                        lens, tables, out, lse);
  }

  /// Calls check(token, query head, channel, element times scale, outer scale).
  template <typename Check>
  void forElements(const Scales &scales, Check check) {
    for (int64_t token = 0; token < kTokens; ++token)
      for (int64_t head = 0; head < kHeads; ++head)
        for (int64_t channel = 0; channel < kDim; ++channel) {
          const int64_t kvHead = head / (kHeads / kKvHeads);
          const uint8_t code = channel % kBlock;
          check(token, head, channel,
                decodeElement(&code, FP8ATTN_TYPE_F4E2M1FN) *
                    scales.innerAt(place(token, kvHead, channel)),
                scales.outerAt(kvHead));
        }
  }

  std::vector<Line> memory{kPages * WRITE_NVFP4_CACHE_PAGE_BYTES /
                           sizeof(Line)};
  Tensor<int64_t> slots{FP8ATTN_TYPE_I64, {kTokens}};
  std::vector<int32_t> table = std::vector<int32_t>(kPages);
  Codes allScales{FP8ATTN_TYPE_F8E4M3FN, {kPages, kKvHeads, kPage, kBlocks}};
  Codes ones{FP8ATTN_TYPE_F8E4M3FN, {kPages, kKvHeads, kPage, kBlocks}, kOne};
  Floats keyOuter{FP8ATTN_TYPE_F32, {kKvHeads}},
      valueOuter{FP8ATTN_TYPE_F32, {}};
  Floats query{FP8ATTN_TYPE_F32, {kTokens, kHeads, kDim}},
      out{FP8ATTN_TYPE_F32, {kTokens, kHeads, kDim}},
      lse{FP8ATTN_TYPE_F32, {kTokens, kHeads}};
};
} // namespace

// A value is a product of few digits, times the outer scale, rounded once. NaN
// scales of other tokens do not count.
TEST_P(Nvfp4Test, Values) {
  for (bool isOneSequence : {true, false}) {
    ASSERT_EQ(attend(ones, allScales, isOneSequence), FP8ATTN_OK)
        << context.message;
    forElements(describe(allScales, valueOuter), [&](int64_t token,
                                                     int64_t head,
                                                     int64_t channel,
                                                     double word,
                                                     double outer) {
      const float actual =
          out.elements[(token * kHeads + head) * kDim + channel];
      const float expected = static_cast<float>(word * outer);
      EXPECT_TRUE(std::isnan(word) ? std::isnan(actual) : actual == expected)
          << "token " << token << ", head " << head << ", channel " << channel
          << ": " << actual << ", expected " << expected;
    });
    ASSERT_FALSE(HasFailure());
  }
}

// The score of each channel. Neighbouring products are 1/32 apart at least.
TEST_P(Nvfp4Test, Keys) {
  const Scales scales = describe(allScales, keyOuter);
  for (int64_t channel = 0; channel < kDim; ++channel) {
    std::fill(query.elements.begin(), query.elements.end(), 0.0f);
    for (int64_t row = 0; row < kTokens * kHeads; ++row)
      query.elements[row * kDim + channel] = 1;
    ASSERT_EQ(attend(allScales, ones, channel % 2 == 0), FP8ATTN_OK)
        << context.message;
    // A probability is rounded to bf16, a score to f32.
    constexpr double kRounding = 0x1p-8, kRelative = 0x1p-21;
    forElements(scales, [&](int64_t token, int64_t head, int64_t c, double word,
                            double outer) {
      if (c != channel)
        return;
      const float actual = lse.elements[token * kHeads + head];
      const double expected = word * outer;
      // The other block's NaN is 0 times NaN.
      bool isNan = false;
      for (int64_t block = 0; block < kBlocks; ++block)
        isNan |= std::isnan(scales.innerAt(
            place(token, head / (kHeads / kKvHeads), block * kBlock)));
      EXPECT_TRUE(isNan ? std::isnan(actual)
                        : std::abs(actual - expected) <=
                              kRounding + kRelative * std::abs(expected))
          << "token " << token << ", head " << head << ", channel " << c << ": "
          << actual << ", expected " << expected;
    });
    ASSERT_FALSE(HasFailure());
  }
}

// Codes are of the quotient by the product of both scales, also where that is
// 0, negative or NaN.
TEST_P(Nvfp4Test, Writes) {
  Floats sources[2] = {{FP8ATTN_TYPE_F32, {kTokens, kKvHeads, kDim}},
                       {FP8ATTN_TYPE_F32, {kTokens, kKvHeads, kDim}}};
  std::vector<Line> expected = memory;
  const PairsCache to = makePairsCache(
      reinterpret_cast<uint8_t *>(expected.data()), Content::KeyValue,
      FP8ATTN_TYPE_F4E2M1FN, kKvHeads, kDim, kPage);
  std::normal_distribution<float> normal(0, 3);
  for (int part = 0; part < 2; ++part) {
    const Scales scales = describe(allScales, part ? valueOuter : keyOuter);
    for (int64_t i = 0; i < kTokens * kKvHeads * kDim; ++i) {
      const int64_t channel = i % kDim;
      const float scale =
          scales.at(place(i / kDim / kKvHeads, i / kDim % kKvHeads, channel));
      // Numbers of codes, numbers between, and what has no code.
      const uint8_t code = random() % 16;
      const float number =
          random() % 2 ? float(decodeElement(&code, FP8ATTN_TYPE_F4E2M1FN))
                       : normal(random);
      sources[part].elements[i] =
          channel == 5 ? (i % 2 ? INFINITY : NAN)
                       : number * (scale == 0 || std::isnan(scale) ? 1 : scale);
    }
    writeCache(part ? to.values : to.keys,
               {sources[part].elements.data(), kTokens, kKvHeads * kDim, kDim,
                FP8ATTN_TYPE_F32},
               slots.elements.data(), scales);
  }
  ASSERT_EQ(write(sources[0], sources[1]), FP8ATTN_OK) << context.message;
  EXPECT_EQ(
      std::memcmp(bytes(), expected.data(), expected.size() * sizeof(Line)), 0);
  // Another outer scale is noticed.
  valueOuter.elements[0] *= 2;
  ASSERT_EQ(write(sources[0], sources[1]), FP8ATTN_OK);
  EXPECT_NE(
      std::memcmp(bytes(), expected.data(), expected.size() * sizeof(Line)), 0);
}

// Scales are the quotients' of each block, rounded to the nearest code, between
// codes and on either side of their range; a block of zeros has the least one.
TEST_P(Nvfp4Test, ComputesScales) {
  std::uniform_real_distribution<float> exponents(-14, 12);
  Floats sources[2] = {{FP8ATTN_TYPE_F32, {kTokens, kKvHeads, kDim}},
                       {FP8ATTN_TYPE_F32, {kTokens, kKvHeads, kDim}}};
  Codes computed[2] = {allScales, allScales};
  std::vector<Line> expected = memory;
  const PairsCache to = makePairsCache(
      reinterpret_cast<uint8_t *>(expected.data()), Content::KeyValue,
      FP8ATTN_TYPE_F4E2M1FN, kKvHeads, kDim, kPage);
  std::vector<float> expectedScales[2];
  slots.elements[7] = -1;
  for (int part = 0; part < 2; ++part) {
    const Floats &outer = part ? valueOuter : keyOuter;
    Scales scales = describe(allScales, outer);
    for (int64_t i = 0; i < kTokens * kKvHeads * kDim; i += kBlock) {
      // Of ties, the largest element is 6 times a number between two codes.
      const int64_t block = i / kBlock, head = i / kDim % kKvHeads;
      const float tie = 6 * scales.outerAt(head) *
                        std::ldexp(8.5f + block / 17 % 7, block % 17 - 12);
      const float largest =
          block % 3 ? std::exp2(exponents(random)) * scales.outerAt(head) : tie;
      for (int64_t c = 0; c < kBlock; ++c)
        sources[part].elements[i + c] =
            block % 29 == 0 ? -0.0f
            : c == block % kBlock
                ? largest
                : largest * (float(random() % 2048) / 1024 - 1);
      if (block % 31 == 0)
        sources[part].elements[i + 1] = block % 2 ? INFINITY : NAN;
    }
    const HeadTensor source = {sources[part].elements.data(), kTokens,
                               kKvHeads * kDim, kDim, FP8ATTN_TYPE_F32};
    const CachePart &written = part ? to.values : to.keys;
    computeScales(written, source, slots.elements.data(), FP8ATTN_TYPE_F8E4M3FN,
                  /*microscaling=*/false, scales);
    writeCache(written, source, slots.elements.data(), scales);
    expectedScales[part] = scales.values;
  }
  const fp8attn_cache cache = {bytes(), kPages, WRITE_NVFP4_CACHE_PAGE_BYTES};
  ASSERT_EQ(write_computed(with(write_computed_workspace_bytes(1)), sources[0],
                           sources[1], slots, computed[0], computed[1],
                           keyOuter, valueOuter, &cache),
            FP8ATTN_OK)
      << context.message;
  EXPECT_EQ(
      std::memcmp(bytes(), expected.data(), expected.size() * sizeof(Line)), 0);
  for (int part = 0; part < 2; ++part)
    for (size_t i = 0; i < expectedScales[part].size(); ++i) {
      uint8_t code;
      encodeElement(expectedScales[part][i], &code, FP8ATTN_TYPE_F8E4M3FN);
      ASSERT_EQ(computed[part].elements[i], code)
          << "part " << part << ", scale " << i;
    }
}

TEST_P(Nvfp4Test, RefusesOuterScales) {
  Floats source(FP8ATTN_TYPE_F32, {kTokens, kKvHeads, kDim});
  valueOuter.elements = {NAN};
  EXPECT_EQ(write(source, source), FP8ATTN_BAD_SCALE);
  EXPECT_STREQ(context.message,
               "value_outer_scale is nan, expected a finite number > 0");
  valueOuter.elements = {1};
  keyOuter.elements[1] = 0;
  EXPECT_EQ(attend(ones, ones, true), FP8ATTN_BAD_SCALE);
  EXPECT_STREQ(context.message,
               "key_outer_scale[1] is 0, expected a finite number > 0");
  keyOuter.elements[1] = 1;
  EXPECT_EQ(attend(ones, ones, true), FP8ATTN_OK);
}

FP8ATTN_INSTANTIATE_ON_ISAS(Nvfp4Test);
