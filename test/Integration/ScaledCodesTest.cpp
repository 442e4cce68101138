//===- ScaledCodesTest.cpp - every code times scales of blocks ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls scaled_codes.mlir: every code, as a value, has each of some scales, the
// largest and the smallest, which no reciprocal has, infinity and NaN among
// them. A query sees one key, so that the result is its value, exactly: the
// product of code and scale, rounded to f32 and then to bf16. Where the key is
// the value, too, one that is not finite makes the score NaN, and so all. And
// repack to bf16 makes these products, rounded once.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "fp8attn/Reference/Cache.h"
#include "fp8attn/Reference/Fp8.h"
#include "scaled_codes.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

using namespace fp8attn::reference;

static constexpr int64_t kCodes = 256, kPage = 32, kPages = 3, kBlock = 128,
                         kTokens = kPages * kPage, kBlocks = kCodes / kBlock;

namespace {
class ScaledCodesTest : public IsaCallTest {
protected:
  ScaledCodesTest() {
    std::iota(table.elements.begin(), table.elements.end(), 0);
    starts.elements = {0, kTokens};
    // A page of numbers as caches have them, one with others, and one whose
    // products with a code are as near to halfway between two bf16 as f32 is.
    std::lognormal_distribution<float> ordinary(0, 8);
    for (float &scale : scales.elements)
      scale = std::copysign(ordinary(random), random() % 2 ? 1.0f : -1.0f);
    constexpr float kInf = std::numeric_limits<float>::infinity();
    const float nan = std::nanf("0x3fffff");
    const float others[] = {0.0f,      -0.0f,      kInf,       -kInf,
                            nan,       -nan,       0x1p-149f,  0x1.8p-127f,
                            0x1p-126f, 0x1.1p-120, 0x1.3p-110, -0x1.fp-118f};
    for (size_t i = 0; i < std::size(others); ++i)
      scales.elements[kPage * kBlocks + i] = others[i];
    for (int64_t i = 2 * kPage * kBlocks; i < kTokens * kBlocks; ++i) {
      const double halfway = std::ldexp(257 + 2 * (random() % 128), -12);
      scales.elements[i] = static_cast<float>(halfway / (1 + random() % 15));
    }
    // Small ones, and products that are subnormal.
    for (int64_t i = 2 * kPage * kBlocks; i < 3 * kPage * kBlocks; i += 3)
      scales.elements[i] *= i % 2 ? 0x1p-126f : 0x1p-90f;
  }

  /// Codes that are not finite are those of a few tokens of a latent cache.
  static uint8_t codeOf(int64_t token, int64_t channel, fp8attn_type type,
                        bool isLatent) {
    const auto code = static_cast<uint8_t>(channel);
    const bool isKept = !isLatent || token % 8 == 7 ||
                        std::isfinite(decodeElement(&code, type));
    return isKept ? code : 0;
  }

  fp8attn_cache fillCache(fp8attn_type type, bool isLatent) {
    const PairsCache parts = makePairsCache(
        memory.data()->bytes, isLatent ? Content::Key : Content::KeyValue, type,
        /*heads=*/1, kCodes, kPage);
    for (int64_t token = 0; token < kTokens; ++token)
      for (int64_t channel = 0; channel < kCodes; ++channel) {
        const uint8_t code = codeOf(token, channel, type, isLatent);
        const CachePart &part = isLatent ? parts.keys : parts.values;
        part.store(token / kPage, 0, token % kPage, channel, &code);
      }
    return {memory.data()->bytes, kPages,
            isLatent ? LATENT_E4M3_CACHE_PAGE_BYTES
                     : ATTEND_E4M3_CACHE_PAGE_BYTES};
  }

  void expectProducts(fp8attn_type type, bool isLatent) {
    for (int64_t token = 0; token < kTokens; ++token) {
      float products[kCodes];
      for (int64_t channel = 0; channel < kCodes; ++channel) {
        const uint8_t code = codeOf(token, channel, type, isLatent);
        const float scale = scales.elements[token * kBlocks + channel / kBlock];
        const float product =
            static_cast<float>(decodeElement(&code, type)) * scale;
        products[channel] = decodeBf16(encodeBf16(product));
      }
      const bool isScoreNan =
          isLatent && !std::all_of(std::begin(products), std::end(products),
                                   [](float x) { return std::isfinite(x); });
      for (int64_t channel = 0; channel < kCodes; ++channel) {
        const float expected = isScoreNan ? std::nanf("") : products[channel];
        const float actual = out.elements[token * kCodes + channel];
        // Products of bf16 take subnormal numbers for 0.
        const bool isLost =
            std::abs(expected) < std::numeric_limits<float>::min() &&
            actual == 0;
        ASSERT_TRUE(isLost || (std::isnan(expected) ? std::isnan(actual)
                                                    : actual == expected))
            << "token " << token << ", channel " << channel << ": " << actual
            << ", expected " << expected;
      }
    }
  }

  template <typename Entry> void testValues(Entry *entry, fp8attn_type type) {
    const fp8attn_cache cache = fillCache(type, /*isLatent=*/false);
    ASSERT_EQ(entry(with(attend_e4m3_workspace_bytes(1)), query, &cache,
                    keyScale, scales, starts, lens, table, out),
              FP8ATTN_OK)
        << context.message;
    expectProducts(type, /*isLatent=*/false);
  }
  template <typename Entry> void testKeys(Entry *entry, fp8attn_type type) {
    const fp8attn_cache cache = fillCache(type, /*isLatent=*/true);
    ASSERT_EQ(entry(with(latent_e4m3_workspace_bytes(1)), query, &cache, scales,
                    starts, lens, table, out),
              FP8ATTN_OK)
        << context.message;
    expectProducts(type, /*isLatent=*/true);
  }

  /// Widens values to rows of bf16.
  template <typename Entry>
  void testWidening(Entry *entry, int64_t workspace, Layout layout,
                    fp8attn_type type, bool isFnuz) {
    CachePart from = makeCache(layout, memory.data()->bytes, Content::Value,
                               type, /*heads=*/1, kCodes, kPage)
                         .values;
    from.isFnuz = isFnuz;
    for (int64_t token = 0; token < kTokens; ++token)
      for (int64_t channel = 0; channel < kCodes; ++channel) {
        const auto code = static_cast<uint8_t>(channel);
        from.store(token / kPage, 0, token % kPage, channel, &code);
      }
    const fp8attn_cache source = {memory.data()->bytes, kPages,
                                  WIDEN_E4M3_SOURCE_PAGE_BYTES};
    std::vector<Line> words(kPages * WIDEN_E4M3_DESTINATION_PAGE_BYTES /
                            sizeof(Line)),
        expected = words;
    const fp8attn_cache destination = {words.data(), kPages,
                                       WIDEN_E4M3_DESTINATION_PAGE_BYTES};
    ASSERT_EQ(entry(with(workspace), &source, &destination, scales), FP8ATTN_OK)
        << context.message;
    const CachePart to =
        makeCache(Layout::RowMajor, expected.data(), Content::Value,
                  FP8ATTN_TYPE_BF16, /*heads=*/1, kCodes, kPage)
            .values;
    Scales described;
    described.values = scales.elements;
    described.index = [](const ElementPlace &place) {
      return (place.page * kPage + place.token) * kBlocks +
             place.channel / kBlock;
    };
    described.byToken = described.byChannel = true;
    PageList pages;
    for (int64_t page = 0; page < kPages; ++page)
      pages.push_back({{page}, {page}});
    repackCache(from, to, pages, described);
    for (size_t i = 0; i < words.size() * sizeof(Line) / 2; ++i) {
      const auto wordOf = [&](const std::vector<Line> &lines) {
        uint16_t word;
        std::memcpy(&word, lines.data()->bytes + 2 * i, sizeof(word));
        return word;
      };
      ASSERT_EQ(wordOf(words), wordOf(expected))
          << "code " << i % kCodes << " of token " << i / kCodes << ", times "
          << scales.elements[i / kBlock];
    }
  }

  std::vector<Line> memory{kPages * ATTEND_E4M3_CACHE_PAGE_BYTES /
                           sizeof(Line)};
  Floats keyScale{FP8ATTN_TYPE_F32, {}, 1},
      scales{FP8ATTN_TYPE_F32, {kPages, kPage, kBlocks}},
      query{FP8ATTN_TYPE_F32, {kTokens, 1, kCodes}},
      out{FP8ATTN_TYPE_F32, {kTokens, 1, kCodes}};
  Integers starts{FP8ATTN_TYPE_I32, {2}}, lens{FP8ATTN_TYPE_I32, {1}, kTokens},
      table{FP8ATTN_TYPE_I32, {1, kPages}};
};
} // namespace

TEST_P(ScaledCodesTest, Values) {
  testValues(attend_e4m3, FP8ATTN_TYPE_F8E4M3FN);
  testValues(attend_e5m2, FP8ATTN_TYPE_F8E5M2);
  testValues(attend_i8, FP8ATTN_TYPE_I8);
}

TEST_P(ScaledCodesTest, Keys) {
  testKeys(latent_e4m3, FP8ATTN_TYPE_F8E4M3FN);
  testKeys(latent_e5m2, FP8ATTN_TYPE_F8E5M2);
  testKeys(latent_i8, FP8ATTN_TYPE_I8);
}

TEST_P(ScaledCodesTest, Widening) {
  const int64_t workspace = widen_e4m3_workspace_bytes(1);
  testWidening(widen_e4m3, workspace, Layout::Pairs, FP8ATTN_TYPE_F8E4M3FN,
               /*isFnuz=*/false);
  testWidening(widen_e4m3fnuz, workspace, Layout::RowMajor,
               FP8ATTN_TYPE_F8E4M3FN, /*isFnuz=*/true);
  testWidening(widen_e5m2, workspace, Layout::Pairs, FP8ATTN_TYPE_F8E5M2,
               /*isFnuz=*/false);
  testWidening(widen_i8, workspace, Layout::Pairs, FP8ATTN_TYPE_I8,
               /*isFnuz=*/false);
}

FP8ATTN_INSTANTIATE_ON_ISAS(ScaledCodesTest);
