//===- LayoutTest.cpp - the layout's maps against the kernels' formulas ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout of the kernels is said twice: as affine maps of the attribute, and
// as the offsets that kernels compute; those of other programs as maps and as
// the reference's enumeration. They must agree on every element, and each map
// must reach every element's place of the page once.
//
//===----------------------------------------------------------------------===//

#include "common/cache_layout.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Cache.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

using namespace mlir;

/// Two granules, so that the step from one to the next is covered.
static constexpr int64_t kPageTokens = 64;

/// Returns the byte that `map` gives for an element.
static int64_t byteOf(AffineMap map, int64_t token, int64_t channel) {
  MLIRContext *context = map.getContext();
  auto constant = [&](int64_t value) {
    return getAffineConstantExpr(value, context);
  };
  AffineExpr byte =
      map.getResult(0).replaceDims({constant(token), constant(channel)});
  return cast<AffineConstantExpr>(byte).getValue();
}

/// Checks `map` against `offset` on every element of a page, and that the
/// places are all of the page, where two elements of 4 bits, those of two
/// halves of a byte, share one.
template <typename Offset, typename Shift>
static void expectSameBijection(AffineMap map, int64_t channels,
                                int64_t elementBits, Offset offset, Shift shift,
                                int64_t pageTokens = kPageTokens) {
  std::vector<int> uses(pageTokens * channels);
  for (int64_t token = 0; token < pageTokens; ++token)
    for (int64_t channel = 0; channel < channels; ++channel) {
      int64_t byte = byteOf(map, token, channel);
      ASSERT_EQ(byte, offset(token, channel, channels))
          << "token " << token << ", channel " << channel;
      const int64_t bit = 8 * byte + shift(token, channel);
      ASSERT_EQ(bit % elementBits, 0);
      ASSERT_GE(bit, 0);
      ASSERT_LT(bit / elementBits, pageTokens * channels);
      ASSERT_EQ(uses[bit / elementBits]++, 0) << "byte " << byte;
    }
}

/// Returns the map of a part of a page.
static AffineMap mapOf(MLIRContext &context, mlir::fp8attn::LayoutKind kind,
                       mlir::fp8attn::CacheContent part, int64_t channels,
                       int64_t elementBits, int64_t pageTokens = kPageTokens) {
  context.loadDialect<mlir::fp8attn::Fp8AttnDialect>();
  return mlir::fp8attn::LayoutAttr::get(&context, kind)
      .getMap(part, pageTokens, channels, elementBits);
}

template <int ElementBits> static void expectSameLayout(int64_t pageTokens) {
  using mlir::fp8attn::CacheContent;
  constexpr auto kPairs = mlir::fp8attn::LayoutKind::Pairs;
  const bool hasRows = fp8attn_tokens_together(pageTokens) == 1;
  MLIRContext context;
  for (int64_t headDim : {8, 24, 40, 64, 128, 576}) {
    SCOPED_TRACE(headDim);
    AffineMap keys = mapOf(context, kPairs, CacheContent::Key, headDim,
                           ElementBits, pageTokens);
    AffineMap values = mapOf(context, kPairs, CacheContent::Value, headDim,
                             ElementBits, pageTokens);
    auto layout = mlir::fp8attn::LayoutAttr::get(&context, kPairs);
    const int64_t keyChannels = layout.getChannels(CacheContent::Key, headDim);
    const int64_t valueChannels =
        layout.getChannels(CacheContent::Value, headDim);
    EXPECT_EQ(keyChannels, ::fp8attn::paddedKeyChannels(headDim));
    EXPECT_EQ(valueChannels, ::fp8attn::paddedValueChannels(headDim));
    expectSameBijection(
        keys, keyChannels, ElementBits,
        [&](int64_t token, int64_t channel, int64_t channels) {
          return ::fp8attn::keyOffset<ElementBits>(token, channel, channels,
                                                   pageTokens);
        },
        [&](int64_t, int64_t channel) {
          return hasRows ? ::fp8attn::rowShift<ElementBits>(channel)
                         : ::fp8attn::elementShift<ElementBits>(channel);
        },
        pageTokens);
    expectSameBijection(
        values, valueChannels, ElementBits,
        [&](int64_t token, int64_t channel, int64_t channels) {
          return ::fp8attn::valueOffset<ElementBits>(token, channel, channels,
                                                     pageTokens);
        },
        [&](int64_t token, int64_t channel) {
          return hasRows ? ::fp8attn::rowShift<ElementBits>(channel)
                         : ::fp8attn::elementShift<ElementBits>(token);
        },
        pageTokens);
  }
}

TEST(Layout, FourBits) { expectSameLayout<4>(kPageTokens); }
TEST(Layout, Fp8) { expectSameLayout<8>(kPageTokens); }
TEST(Layout, Bf16) { expectSameLayout<16>(kPageTokens); }

/// Pages that are no whole granules, and pages of rows.
TEST(Layout, SmallPages) {
  for (int64_t pageTokens : {16, 48, 1, 24}) {
    SCOPED_TRACE(pageTokens);
    expectSameLayout<4>(pageTokens);
    expectSameLayout<8>(pageTokens);
    expectSameLayout<16>(pageTokens);
  }
}

/// The enumeration of the reference, which knows which half an element is in.
TEST(Layout, FourBitsOfTheReference) {
  namespace reference = ::fp8attn::reference;
  constexpr int64_t kChannels = 64;
  for (int64_t pageTokens : {kPageTokens, int64_t(16), int64_t(6)}) {
    SCOPED_TRACE(pageTokens);
    const bool hasRows = fp8attn_tokens_together(pageTokens) == 1;
    const reference::PairsCache cache =
        reference::makePairsCache(nullptr, reference::Content::KeyValue,
                                  FP8ATTN_TYPE_I4, 1, kChannels, pageTokens);
    EXPECT_EQ(cache.pageBytes, pageTokens * kChannels);
    for (int64_t t = 0; t < pageTokens; ++t)
      for (int64_t c = 0; c < kChannels; ++c) {
        ASSERT_EQ(cache.keys.byte(0, 0, t, c),
                  ::fp8attn::keyOffset<4>(t, c, kChannels, pageTokens));
        ASSERT_EQ(cache.keys.shift(t, c), hasRows
                                              ? ::fp8attn::rowShift<4>(c)
                                              : ::fp8attn::elementShift<4>(c));
        ASSERT_EQ(cache.values.byte(0, 0, t, c) - cache.pageBytes / 2,
                  ::fp8attn::valueOffset<4>(t, c, kChannels, pageTokens));
        ASSERT_EQ(cache.values.shift(t, c),
                  hasRows ? ::fp8attn::rowShift<4>(c)
                          : ::fp8attn::elementShift<4>(t));
      }
  }
}

/// The layouts for exchange, against the reference's enumeration of places.
TEST(Layout, Exchange) {
  using mlir::fp8attn::CacheContent;
  using mlir::fp8attn::LayoutAttr;
  using mlir::fp8attn::LayoutKind;
  namespace reference = ::fp8attn::reference;
  MLIRContext context;
  context.loadDialect<mlir::fp8attn::Fp8AttnDialect>();
  const std::pair<LayoutKind, reference::Layout> layouts[] = {
      {LayoutKind::RowMajor, reference::Layout::RowMajor},
      {LayoutKind::VllmAmx, reference::Layout::VllmAmx},
      {LayoutKind::VllmVector, reference::Layout::VllmVector},
      {LayoutKind::Quads, reference::Layout::Quads},
      {LayoutKind::VllmAmxFp8, reference::Layout::VllmAmxFp8}};
  for (auto [kind, layout] : layouts)
    for (fp8attn_type type : {FP8ATTN_TYPE_F8E5M2, FP8ATTN_TYPE_BF16})
      for (int64_t channels : {64, 128}) {
        SCOPED_TRACE(testing::Message()
                     << stringifyLayoutKind(kind).str() << " type " << type
                     << " channels " << channels);
        const int64_t bytes = type == FP8ATTN_TYPE_BF16 ? 2 : 1;
        if (bytes == 2 && LayoutAttr::get(&context, kind).hasQuads())
          continue; // No such cache: cache_c7.
        const reference::PairsCache cache =
            reference::makeCache(layout, nullptr, reference::Content::KeyValue,
                                 type, 1, channels, kPageTokens);
        auto offset = [&](const reference::CachePart &part, int64_t begin) {
          return [&part, begin](int64_t token, int64_t channel, int64_t) {
            return part.byte(0, 0, token, channel) - begin;
          };
        };
        const int64_t bits = 8 * bytes;
        const auto whole = [](int64_t, int64_t) { return 0; };
        expectSameBijection(
            mapOf(context, kind, CacheContent::Key, channels, bits), channels,
            bits, offset(cache.keys, 0), whole);
        expectSameBijection(
            mapOf(context, kind, CacheContent::Value, channels, bits), channels,
            bits, offset(cache.values, kPageTokens * channels * bytes), whole);
      }
}

/// Places named one by one, in elements: a page of 64 tokens of 64 channels.
TEST(Layout, VllmPlaces) {
  using mlir::fp8attn::CacheContent;
  using mlir::fp8attn::LayoutKind;
  MLIRContext context;
  auto place = [&](LayoutKind kind, CacheContent part, int64_t token,
                   int64_t channel) {
    return byteOf(mapOf(context, kind, part, 64, 8), token, channel);
  };
  constexpr auto kKey = CacheContent::Key, kValue = CacheContent::Value;
  // Pairs of channels of 16 tokens, then the next pair; 16 tokens by 64
  // channels are a group.
  EXPECT_EQ(place(LayoutKind::VllmAmx, kKey, 0, 1), 1);
  EXPECT_EQ(place(LayoutKind::VllmAmx, kKey, 1, 0), 2);
  EXPECT_EQ(place(LayoutKind::VllmAmx, kKey, 0, 2), 32);
  EXPECT_EQ(place(LayoutKind::VllmAmx, kKey, 16, 0), 1024);
  // Pairs of tokens of 16 channels, then the next pair; 16 channels of the
  // whole page are a group.
  EXPECT_EQ(place(LayoutKind::VllmAmx, kValue, 1, 0), 1);
  EXPECT_EQ(place(LayoutKind::VllmAmx, kValue, 0, 1), 2);
  EXPECT_EQ(place(LayoutKind::VllmAmx, kValue, 2, 0), 32);
  EXPECT_EQ(place(LayoutKind::VllmAmx, kValue, 0, 16), 1024);
  // Four channels of 16 tokens, then the next four; values likewise, in tiles
  // of 64 tokens.
  EXPECT_EQ(place(LayoutKind::Quads, kKey, 0, 3), 3);
  EXPECT_EQ(place(LayoutKind::Quads, kKey, 1, 0), 4);
  EXPECT_EQ(place(LayoutKind::Quads, kKey, 0, 4), 64);
  EXPECT_EQ(place(LayoutKind::Quads, kKey, 16, 0), 1024);
  EXPECT_EQ(place(LayoutKind::Quads, kValue, 3, 0), 3);
  EXPECT_EQ(place(LayoutKind::Quads, kValue, 0, 1), 4);
  EXPECT_EQ(place(LayoutKind::Quads, kValue, 4, 0), 64);
  EXPECT_EQ(place(LayoutKind::Quads, kValue, 0, 16), 1024);
  EXPECT_EQ(place(LayoutKind::VllmVector, kKey, 1, 0), 1);
  EXPECT_EQ(place(LayoutKind::VllmVector, kKey, 0, 1), 64);
  EXPECT_EQ(place(LayoutKind::VllmVector, kValue, 1, 0), 64);
}

/// Layouts agree if all bytes are in the same places, and only then.
TEST(Layout, Agreement) {
  using namespace mlir::fp8attn;
  MLIRContext context;
  context.loadDialect<Fp8AttnDialect>();
  const auto layoutOf = [&](LayoutKind kind) {
    return LayoutAttr::get(&context, kind);
  };
  const LayoutKind kinds[] = {
      LayoutKind::Pairs,      LayoutKind::RowMajor, LayoutKind::VllmAmx,
      LayoutKind::VllmVector, LayoutKind::Quads,    LayoutKind::VllmAmxFp8,
      LayoutKind::Hnd,        LayoutKind::Nhd,      LayoutKind::HndPacked};
  // Whether there is such a cache: cache_c5 to cache_c8.
  const auto exists = [&](LayoutKind kind, CacheContent part,
                          int64_t pageTokens, int64_t headDim, int64_t bits) {
    if (kind == LayoutKind::VllmAmx)
      return part == CacheContent::Key || headDim % 16 == 0;
    if (!layoutOf(kind).hasQuads())
      return true;
    return bits == 8 && pageTokens % 64 == 0 &&
           (kind == LayoutKind::Quads || headDim % 64 == 0);
  };
  int agreements = 0;
  for (LayoutKind kind : kinds)
    for (LayoutKind other : kinds)
      for (CacheContent part : {CacheContent::Key, CacheContent::Value})
        for (int64_t pageTokens : {32, 64, 128})
          for (int64_t headDim : {8, 16, 32, 48, 64})
            for (int64_t bits : {8, 16}) {
              if (!exists(kind, part, pageTokens, headDim, bits) ||
                  !exists(other, part, pageTokens, headDim, bits))
                continue;
              const LayoutAttr a = layoutOf(kind), b = layoutOf(other);
              const int64_t stored = a.getChannels(part, headDim);
              bool agree = a.hasContiguousHeads() && b.hasContiguousHeads() &&
                           stored == b.getChannels(part, headDim);
              for (int64_t t = 0; agree && t < pageTokens; ++t)
                for (int64_t c = 0; agree && c < stored; ++c)
                  agree =
                      byteOf(a.getMap(part, pageTokens, headDim, bits), t, c) ==
                      byteOf(b.getMap(part, pageTokens, headDim, bits), t, c);
              ASSERT_EQ(a.agreesWith(b, part, pageTokens, headDim, bits), agree)
                  << stringifyLayoutKind(kind).str() << " and "
                  << stringifyLayoutKind(other).str() << ", "
                  << stringifyCacheContent(part).str() << " of " << headDim
                  << " channels of " << bits << " bits, pages of "
                  << pageTokens;
              agreements += agree && kind != other;
            }
  EXPECT_GT(agreements, 0);
}

/// Layouts of rows, in whole pages of several heads, against the reference's.
TEST(Layout, Rows) {
  using namespace mlir::fp8attn;
  namespace reference = ::fp8attn::reference;
  MLIRContext context;
  context.loadDialect<Fp8AttnDialect>();
  constexpr int64_t kHeads = 3, kChannels = 40;
  const std::pair<LayoutKind, reference::Layout> layouts[] = {
      {LayoutKind::Hnd, reference::Layout::Hnd},
      {LayoutKind::Nhd, reference::Layout::Nhd},
      {LayoutKind::HndPacked, reference::Layout::HndPacked}};
  const std::pair<CacheContent, reference::Content> contents[] = {
      {CacheContent::KeyValue, reference::Content::KeyValue},
      {CacheContent::Key, reference::Content::Key},
      {CacheContent::Value, reference::Content::Value},
      {CacheContent::Latent, reference::Content::Key}};
  for (auto [kind, layout] : layouts)
    for (auto [content, of] : contents)
      for (fp8attn_type element : {FP8ATTN_TYPE_F8E5M2, FP8ATTN_TYPE_BF16}) {
        if (kind == LayoutKind::HndPacked && content != CacheContent::KeyValue)
          continue; // No such cache: cache_c9.
        SCOPED_TRACE(testing::Message()
                     << stringifyLayoutKind(kind).str() << " "
                     << stringifyCacheContent(content).str() << " " << element);
        const Type elementType = element == FP8ATTN_TYPE_BF16
                                     ? Type(BFloat16Type::get(&context))
                                     : Type(Float8E5M2Type::get(&context));
        const auto type =
            CacheType::get(&context, content, kHeads, kChannels, kPageTokens,
                           elementType, LayoutAttr::get(&context, kind));
        const reference::PairsCache cache = reference::makeCache(
            layout, nullptr, of, element, kHeads, kChannels, kPageTokens);
        ASSERT_EQ(type.getPageBytes(), cache.pageBytes);
        std::vector<int> uses(type.getPageBytes());
        const auto expectPart = [&](CacheContent content, int64_t begin,
                                    const reference::CachePart &part) {
          int64_t last = 0;
          for (int64_t head = 0; head < kHeads; ++head)
            for (int64_t token = 0; token < kPageTokens; ++token)
              for (int64_t channel = 0; channel < kChannels; ++channel) {
                const int64_t inHead =
                    byteOf(type.getMap(content), token, channel);
                last = std::max(last, inHead + type.getElementBytes());
                const int64_t byte =
                    begin + head * type.getHeadBytes() + inHead;
                ASSERT_EQ(byte, part.byte(0, head, token, channel))
                    << "head " << head << ", token " << token << ", channel "
                    << channel;
                ASSERT_EQ(uses[byte]++, 0);
              }
          EXPECT_EQ(type.getPartBytes(content), last);
        };
        if (type.hasKeys())
          expectPart(CacheContent::Key, 0, cache.keys);
        if (type.hasValues())
          expectPart(CacheContent::Value, type.getValueOffset(), cache.values);
        EXPECT_EQ(std::count(uses.begin(), uses.end(), 0),
                  type.getPageBytes() / type.getElementBytes() *
                      (type.getElementBytes() - 1));
      }
}

/// Rows of codes, scales and bf16 against the reference's.
TEST(Layout, FlashMla) {
  using namespace mlir::fp8attn;
  namespace reference = ::fp8attn::reference;
  MLIRContext context;
  context.loadDialect<Fp8AttnDialect>();
  constexpr int64_t kHeadDim = 576, kRopeDim = 64, kCodedDim = 512;
  constexpr int64_t kRowBytes = 656, kTokens = 3, kPage = 2, kToken = 1;
  const auto type = CacheType::get(
      &context, CacheContent::Latent, /*numHeads=*/1, kHeadDim, kCodedDim,
      kRopeDim, kTokens, Float8E4M3FNType::get(&context),
      LayoutAttr::get(&context, LayoutKind::FlashMla));
  EXPECT_EQ(type.getRowBytes(), kRowBytes);
  EXPECT_EQ(type.getPageBytes(), kTokens * kRowBytes);
  const reference::PairsCache cache = reference::makeFlashMlaCache(
      nullptr, kHeadDim, kCodedDim, kRopeDim, kTokens);
  EXPECT_EQ(cache.pageBytes, type.getPageBytes());
  const int64_t row = (kPage * kTokens + kToken) * kRowBytes;
  EXPECT_EQ(cache.keys.byte(kPage, 0, kToken, 0), row);
  EXPECT_EQ(cache.keys.byte(kPage, 0, kToken, kCodedDim - 1),
            row + kCodedDim - 1);
  EXPECT_EQ(cache.keys.rowScale(kPage, kToken, 0), row + kCodedDim);
  EXPECT_EQ(cache.keys.rowScale(kPage, kToken, type.getRowScales()),
            row + type.getRowRopeOffset());
  EXPECT_EQ(cache.keys.byte(kPage, 0, kToken, kCodedDim),
            row + type.getRowRopeOffset());
  EXPECT_EQ(cache.keys.byte(kPage, 0, kToken, kHeadDim - 1),
            row + kRowBytes - 2);
}

/// A mixed cache, whose pages are those of its parts, against the reference's.
TEST(Layout, Mixed) {
  using namespace mlir::fp8attn;
  namespace reference = ::fp8attn::reference;
  MLIRContext context;
  context.loadDialect<Fp8AttnDialect>();
  constexpr int64_t kHeadDim = 160, kValueDim = 72, kRopeDim = 64;
  constexpr int64_t kCodedDim = kHeadDim - kRopeDim;
  const auto type = CacheType::get(
      &context, CacheContent::Latent, /*numHeads=*/1, kHeadDim, kValueDim,
      kRopeDim, kPageTokens, Float8E4M3FNType::get(&context),
      LayoutAttr::get(&context, LayoutKind::Pairs));
  const reference::PairsCache cache =
      reference::makeMixedCache(nullptr, FP8ATTN_TYPE_F8E4M3FN, kHeadDim,
                                kValueDim, kRopeDim, kPageTokens);
  ASSERT_EQ(type.getPageBytes(), kPageTokens * (kCodedDim + 2 * kRopeDim));
  ASSERT_EQ(type.getPageBytes(), cache.pageBytes);
  const AffineMap coded = type.getCodedPart().getMap(CacheContent::Key);
  const AffineMap rope = type.getRopePart().getMap(CacheContent::Key);
  std::vector<int> uses(type.getPageBytes());
  constexpr int64_t kPage = 3;
  for (int64_t token = 0; token < kPageTokens; ++token)
    for (int64_t channel = 0; channel < kHeadDim; ++channel) {
      const bool isCode = channel < kCodedDim;
      const int64_t byte = isCode
                               ? byteOf(coded, token, channel)
                               : type.getCodedPart().getPageBytes() +
                                     byteOf(rope, token, channel - kCodedDim);
      ASSERT_EQ(kPage * type.getPageBytes() + byte,
                cache.keys.byte(kPage, 0, token, channel))
          << "token " << token << ", channel " << channel;
      for (int64_t i = 0; i < (isCode ? 1 : 2); ++i)
        ASSERT_EQ(uses[byte + i]++, 0);
    }
  EXPECT_EQ(std::count(uses.begin(), uses.end(), 1), type.getPageBytes());
}
