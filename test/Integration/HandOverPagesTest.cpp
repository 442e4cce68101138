//===- HandOverPagesTest.cpp - pages and elements of other programs -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls hand_over_pages.mlir. The arrays of other programs and the formulas of
// docs/Layout.md are written down here once more, as are the formats: all words
// of bf16 and all codes of FP8 are converted.
//
//===----------------------------------------------------------------------===//

#include "DirectCall.h"
#include "hand_over_pages.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

/// Tokens of all pages of a cache, and its shape.
static constexpr int64_t kTokens = 256, kHeads = 2, kDim = 64, kOwnPage = 32;
static constexpr int64_t kElements = kTokens * 2 * kHeads * kDim;

namespace {
/// An element: of keys (part 0) or values, token t of the whole cache.
struct Place {
  int64_t part, head, token, channel;
};
/// Returns where an element is, counted in elements.
using Index = std::function<int64_t(Place)>;

/// Calls `use` with every element of a cache.
template <typename Use> void forEachPlace(Use use) {
  for (int64_t token = 0; token < kTokens; ++token)
    for (int64_t part = 0; part < 2; ++part)
      for (int64_t head = 0; head < kHeads; ++head)
        for (int64_t channel = 0; channel < kDim; ++channel)
          use(Place{part, head, token, channel});
}

/// Elements of a cache, aligned as caches are.
template <typename Element> class Memory {
public:
  explicit Memory(int64_t page, Element value = 0)
      : page(page),
        elements(static_cast<Element *>(std::aligned_alloc(
                     FP8ATTN_ALIGNMENT, kElements * sizeof(Element))),
                 std::free) {
    std::fill_n(elements.get(), kElements, value);
  }
  Element &operator[](int64_t index) { return elements.get()[index]; }
  const fp8attn_cache *cache() {
    const int64_t pages = kTokens / page;
    descriptor = {elements.get(), pages,
                  kElements / pages * int64_t(sizeof(Element))};
    return &descriptor;
  }
  bool operator==(const Memory &other) const {
    return std::equal(elements.get(), elements.get() + kElements,
                      other.elements.get());
  }

private:
  int64_t page;
  std::unique_ptr<Element, decltype(&std::free)> elements;
  fp8attn_cache descriptor;
};

using Repack = fp8attn_status (*)(fp8attn_context *, const fp8attn_cache *,
                                  const fp8attn_cache *);
using Convert = fp8attn_status (*)(fp8attn_context *, const fp8attn_cache *,
                                   const fp8attn_cache *,
                                   const fp8attn_tensor *,
                                   const fp8attn_tensor *);

/// A layout of others, and what comes from it and goes there.
struct Exchange {
  const char *name;
  int64_t page;
  Index index;
  Repack take, give;
};
} // namespace

/// `pairs`, of FP8.
static int64_t ownIndex(Place at) {
  const bool isKey = at.part == 0;
  const int64_t t = at.token % kOwnPage, d = at.channel;
  const int64_t tile =
      isKey ? t / 16 * (kDim / 32) + d / 32 : t / 32 * (kDim / 16) + d / 16;
  const int64_t reduced = (isKey ? d : t) % 32, lane = (isKey ? t : d) % 16;
  const int64_t r = reduced / 2, h = reduced % 2;
  return ((at.token / kOwnPage * kHeads + at.head) * 2 + at.part) * kOwnPage *
             kDim +
         512 * tile + 64 * (r / 2) + 2 * (2 * lane + h) + r % 2;
}

/// Returns [blocks, 2, tokens, heads, D].
static Index nhd(int64_t page) {
  return [page](Place at) {
    return (((at.token / page * 2 + at.part) * page + at.token % page) *
                kHeads +
            at.head) *
               kDim +
           at.channel;
  };
}

static const Exchange kExchanges[] = {
    {"nhd", 16, nhd(16), take_nhd, give_nhd},
    // [blocks, 2, heads, tokens, D]
    {"hnd", 16,
     [](Place at) {
       return (((at.token / 16 * 2 + at.part) * kHeads + at.head) * 16 +
               at.token % 16) *
                  kDim +
              at.channel;
     },
     take_hnd, give_hnd},
    // [blocks, heads, tokens, 2 D]
    {"packed", 64,
     [](Place at) {
       return (((at.token / 64 * kHeads + at.head) * 64 + at.token % 64) * 2 +
               at.part) *
                  kDim +
              at.channel;
     },
     take_packed, give_packed},
    // [blocks, heads, 2, tokens, D]
    {"rows", 32,
     [](Place at) {
       return (((at.token / 32 * kHeads + at.head) * 2 + at.part) * 32 +
               at.token % 32) *
                  kDim +
              at.channel;
     },
     take_rows, give_rows},
    {"tokens", 1, nhd(1), take_tokens, give_tokens},
    // Keys are transposed.
    {"vllm", 16,
     [](Place at) {
       const int64_t t = at.token % 16, d = at.channel;
       return ((at.token / 16 * kHeads + at.head) * 2 + at.part) * 16 * kDim +
              (at.part == 0 ? d * 16 + t : t * kDim + d);
     },
     take_vllm, give_vllm}};

namespace {
class HandOverPagesTest : public IsaCallTest {
protected:
  /// Some calls are refused.
  void TearDown() override {}
};
} // namespace

TEST_P(HandOverPagesTest, ThereAndBack) {
  for (const Exchange &exchange : kExchanges) {
    SCOPED_TRACE(exchange.name);
    Memory<uint8_t> theirs(exchange.page), back(exchange.page, 0x55),
        expected(kOwnPage), ours(kOwnPage, 0x55);
    forEachPlace([&](Place at) {
      expected[ownIndex(at)] = theirs[exchange.index(at)] = random();
    });
    ASSERT_EQ(exchange.take(&context, theirs.cache(), ours.cache()), FP8ATTN_OK)
        << context.message;
    EXPECT_TRUE(ours == expected);
    ASSERT_EQ(exchange.give(&context, ours.cache(), back.cache()), FP8ATTN_OK)
        << context.message;
    EXPECT_TRUE(back == theirs);
  }
}

/// Pages of 16 tokens in any order, some of which are not there.
TEST_P(HandOverPagesTest, ListsWithGaps) {
  constexpr int64_t kEntries = 3;
  Memory<uint8_t> theirs(16), ours(kOwnPage, 0x55), expected(kOwnPage, 0x55);
  forEachPlace([&](Place at) { theirs[nhd(16)(at)] = random(); });
  Integers pages(FP8ATTN_TYPE_I32, {kEntries, 3});
  pages.elements = {5, 3, 7, 0, -1, 2, -1, 15, 4};
  auto copy = [&](int64_t from, int64_t to) {
    for (int64_t t = 0; t < 16; ++t)
      forEachPlace([&](Place at) {
        if (at.token != 0)
          return;
        Place source = at, destination = at;
        source.token = from * 16 + t;
        destination.token = to * 16 + t;
        expected[ownIndex(destination)] = theirs[nhd(16)(source)];
      });
  };
  copy(5, 14);
  copy(3, 15);
  copy(0, 4);
  copy(15, 9);
  ASSERT_EQ(take_listed(&context, theirs.cache(), ours.cache(), pages),
            FP8ATTN_OK)
      << context.message;
  EXPECT_TRUE(ours == expected);
}

/// A sequence of 40 tokens to pages of one.
TEST_P(HandOverPagesTest, TokensOfASequence) {
  constexpr int64_t kLength = 40;
  Memory<uint8_t> ours(kOwnPage), theirs(1, 0x55), expected(1, 0x55);
  forEachPlace([&](Place at) { ours[ownIndex(at)] = random(); });
  Integers pages(FP8ATTN_TYPE_I32, {2, 1 + kOwnPage}, -1);
  const int32_t own[] = {6, 1};
  for (int64_t t = 0; t < 2 * kOwnPage; ++t) {
    int32_t *entry = &pages.elements[t / kOwnPage * (1 + kOwnPage)];
    entry[0] = own[t / kOwnPage];
    if (t >= kLength)
      continue;
    const auto to = static_cast<int32_t>(t * 7 % kTokens);
    entry[1 + t % kOwnPage] = to;
    forEachPlace([&](Place at) {
      if (at.token != to)
        return;
      Place source = at;
      source.token = own[t / kOwnPage] * kOwnPage + t % kOwnPage;
      expected[nhd(1)(at)] = ours[ownIndex(source)];
    });
  }
  ASSERT_EQ(give_listed(&context, ours.cache(), theirs.cache(), pages),
            FP8ATTN_OK)
      << context.message;
  EXPECT_TRUE(theirs == expected);
  // Nothing is written if one page is not there.
  Memory<uint8_t> stale(1, 0x55), untouched(1, 0x55);
  pages.elements[5] = -2;
  EXPECT_EQ(give_listed(&context, ours.cache(), stale.cache(), pages),
            FP8ATTN_BAD_PAGE);
  EXPECT_STREQ(context.message,
               "pages[0, 5] is -2, expected -1 (no page) or 0 to less than 256 "
               "(the pages of destination)");
  EXPECT_TRUE(stale == untouched);
}

TEST_P(HandOverPagesTest, TokensMustAgree) {
  Memory<uint8_t> theirs(16), ours(kOwnPage);
  fp8attn_cache fewer = *theirs.cache();
  --fewer.num_pages;
  EXPECT_EQ(take_nhd(&context, &fewer, ours.cache()), FP8ATTN_BAD_SIZE);
  EXPECT_STREQ(context.message, "tokens of destination is 256, expected 240 "
                                "(tokens of source)");
}

namespace {
/// A format of FP8: codes from `special` on are no numbers, or `nan` alone is.
struct Format {
  int mantissaBits, bias, special;
  bool isFnuz;
};
} // namespace
static constexpr Format kE4m3 = {3, 7, 0x7F, false},
                        kE5m2 = {2, 15, 0x7C, false},
                        kFnuz = {3, 8, 0x80, true};

static double valueOf(const Format &format, uint8_t code) {
  const int magnitude = code & 0x7F, count = 1 << format.mantissaBits;
  if (format.isFnuz && code == 0x80)
    return NAN;
  const int exponent = std::max(magnitude / count, 1);
  const int mantissa =
      magnitude < count ? magnitude : count + magnitude % count;
  double value =
      std::ldexp(mantissa, exponent - format.bias - format.mantissaBits);
  if (magnitude >= format.special)
    value = magnitude == 0x7C && format.special == 0x7C ? INFINITY : NAN;
  return code & 0x80 ? -value : value;
}

/// The finite code whose value is nearest, of two the even one; `values` are
/// those of all codes without a sign.
static uint8_t quantised(const std::vector<double> &values, float quotient) {
  if (std::isnan(quotient))
    return 0x7F;
  const double magnitude = std::min<double>(std::abs(quotient), values.back());
  const auto above = static_cast<uint8_t>(
      std::lower_bound(values.begin(), values.end(), magnitude) -
      values.begin());
  uint8_t code = above;
  if (above > 0) {
    const double step =
        (values[above] - magnitude) - (magnitude - values[above - 1]);
    code -= step > 0 || (step == 0 && above % 2 == 1);
  }
  return code | (std::signbit(quotient) ? 0x80 : 0);
}

static float fromBf16(uint16_t word) {
  const uint32_t bits = uint32_t(word) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// The bf16 nearest to an exact product.
static uint16_t rounded(double product) {
  if (std::isnan(product))
    return 0x7FC0;
  int exponent;
  std::frexp(product, &exponent);
  const double step = std::ldexp(1.0, std::max(exponent - 8, -133));
  const auto value = static_cast<float>(std::nearbyint(product / step) * step);
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits >> 16;
}

/// Makes `take` or `give` convert caches with these scales, and `check` look at
/// each element: (of the source, of the destination, its scale).
template <typename From, typename To, typename Check>
static void convert(fp8attn_context &context, Convert call, Memory<From> &from,
                    const Index &fromIndex, Memory<To> &to,
                    const Index &toIndex, int64_t scaledPage, Check check) {
  for (float scale : {1.0f, 0.0371f, 3.3f, 0x1.234568p-60f, 0x1.fffffep+100f}) {
    Floats keys(FP8ATTN_TYPE_F32, {kHeads}),
        values(FP8ATTN_TYPE_F32, {kTokens / scaledPage});
    for (size_t i = 0; i < keys.elements.size(); ++i)
      keys.elements[i] = scale * float(1 + i);
    for (size_t i = 0; i < values.elements.size(); ++i)
      values.elements[i] = scale / float(3 + i);
    ASSERT_EQ(call(&context, from.cache(), to.cache(), keys, values),
              FP8ATTN_OK)
        << context.message;
    int64_t wrong = 0;
    forEachPlace([&](Place at) {
      const float scaleOf = at.part == 0
                                ? keys.elements[at.head]
                                : values.elements[at.token / scaledPage];
      wrong += !check(from[fromIndex(at)], to[toIndex(at)], scaleOf);
    });
    EXPECT_EQ(wrong, 0) << scale;
  }
}

/// All words of bf16, which is as many as there are elements.
TEST_P(HandOverPagesTest, QuantisesEveryWord) {
  static_assert(kElements == 1 << 16);
  Memory<uint16_t> words(16);
  for (int64_t i = 0; i < kElements; ++i)
    words[i] = i * 40503;
  for (auto [call, format] : {std::pair<Convert, Format>(quantise_e4m3, kE4m3),
                              {quantise_e5m2, kE5m2}}) {
    Memory<uint8_t> codes(kOwnPage, 0x55);
    std::vector<double> values;
    for (int code = 0; code < format.special; ++code)
      values.push_back(valueOf(format, code));
    convert(context, call, words, nhd(16), codes, ownIndex, kOwnPage,
            [&](uint16_t word, uint8_t code, float scale) {
              return code == quantised(values, fromBf16(word) / scale);
            });
  }
}

/// All codes, with the scales of each head and page.
TEST_P(HandOverPagesTest, WidensEveryCode) {
  Memory<uint8_t> codes(kOwnPage), small(16);
  for (int64_t i = 0; i < kElements; ++i)
    codes[i] = small[i] = i * 167 + i / 256;
  Memory<uint16_t> words(16);
  auto checkOf = [](const Format &format) {
    return [format](uint8_t code, uint16_t word, float scale) {
      return word == rounded(valueOf(format, code) * double(scale));
    };
  };
  convert(context, widen_e4m3, codes, ownIndex, words, nhd(16), kOwnPage,
          checkOf(kE4m3));
  convert(context, widen_e5m2, codes, ownIndex, words, nhd(16), kOwnPage,
          checkOf(kE5m2));
  convert(context, widen_fnuz, small, nhd(16), words, nhd(16), 16,
          checkOf(kFnuz));
}

/// f8E4M3FNUZ is worth half as much as f8E4M3FN, but for what docs/Layout.md
/// lists.
TEST_P(HandOverPagesTest, HalvesScalesOfFnuz) {
  Memory<uint8_t> theirs(16), ours(kOwnPage), back(16);
  for (int64_t i = 0; i < kElements; ++i)
    theirs[i] = i * 167 + i / 256;
  ASSERT_EQ(take_fnuz(&context, theirs.cache(), ours.cache()), FP8ATTN_OK);
  ASSERT_EQ(give_fnuz(&context, ours.cache(), back.cache()), FP8ATTN_OK);
  forEachPlace([&](Place at) {
    const uint8_t before = theirs[nhd(16)(at)], code = ours[ownIndex(at)],
                  after = back[nhd(16)(at)];
    const double value = valueOf(kE4m3, code);
    if (before == 0x80)
      EXPECT_EQ(code, 0x7F);
    else
      EXPECT_EQ(value, std::clamp(2 * valueOf(kFnuz, before), -448.0, 448.0))
          << int(before);
    if (std::isnan(value))
      EXPECT_EQ(after, 0x80);
    else
      EXPECT_EQ(2 * valueOf(kFnuz, after), value) << int(before);
  });
}

FP8ATTN_INSTANTIATE_ON_ISAS(HandOverPagesTest);
