//===- PageScalesTest.cpp - scales beside the data of their page ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pages that are further apart than they are long, with the scales of their
// tokens in between (docs/Layout.md): kv_write computes them there, and
// attention reads them. The bytes and the results are those of scales apart,
// and nothing else of a page is touched.
//
//===----------------------------------------------------------------------===//

#include "page_scales.h"

#include "Operations.h"
#include "Problem.h"
#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace fp8attn;

/// The shape of page_scales.mlir.
static constexpr int64_t kHeads = 6, kKvHeads = 2, kDim = 40, kPage = 32;
/// Channels are padded to 64 of keys and 48 of values.
static constexpr int64_t kDataBytes = kKvHeads * kPage * (64 + 48);
static constexpr int64_t kFloatBytes = kKvHeads * kPage * 4,
                         kPowerBytes = kKvHeads * kPage;
/// Data, scales of keys, of values, and a gap.
static constexpr int64_t kKeyScales = kDataBytes,
                         kValueScales = kKeyScales + kFloatBytes;
static constexpr int64_t kPageBytes = kValueScales + kPowerBytes + 64;
static constexpr int64_t kPages = 5, kSeqs = 2, kMaxPages = 2, kTokens = 65;
static constexpr int32_t kStarts[kSeqs + 1] = {0, 45, 65};
static constexpr int32_t kKeys[kSeqs] = {45, 20};
static constexpr int32_t kTable[kSeqs * kMaxPages] = {3, 0, 4, -1};

namespace {
/// What a call is given, but for the tokens.
struct Pages {
  fp8attn_cache cache;
  fp8attn_tensor keyScale, valueScale;
};

class PageScalesTest : public testing::TestWithParam<fp8attn_isa> {
protected:
  void SetUp() override {
    FP8ATTN_REQUIRE_ISA(GetParam());
    std::mt19937 bits(7);
    std::normal_distribution<float> normal;
    for (std::vector<uint16_t> *elements : {&key, &value, &query})
      for (uint16_t &element : *elements)
        element = reference::encodeBf16(normal(bits));
    for (int64_t s = 0; s < kSeqs; ++s)
      for (int64_t t = 0; t < kKeys[s]; ++t)
        slots.push_back(kTable[s * kMaxPages + t / kPage] * kPage + t % kPage);
  }

  /// Pages with their scales, or without.
  Pages inPages() { return makePages(beside.data(), kPageBytes); }
  Pages apart() {
    Pages pages = makePages(data.data(), kDataBytes);
    pages.keyScale.data = floats.data();
    pages.keyScale.strides[0] = kFloatBytes / 4;
    pages.valueScale.data = powers.data();
    pages.valueScale.strides[0] = kPowerBytes;
    return pages;
  }

  fp8attn_status write(const Pages &pages) {
    prepare(write_page_scales_workspace_bytes(1));
    const fp8attn_tensor keys = heads(key, kKvHeads),
                         values = heads(value, kKvHeads),
                         slot =
                             fp8attn_tensor_make(slots.data(), FP8ATTN_TYPE_I64,
                                                 1, kTokens, 0, 0, 0);
    return write_page_scales(&context, &keys, &values, &slot, &pages.keyScale,
                             &pages.valueScale, &pages.cache);
  }

  fp8attn_status attend(const Pages &pages, void *out) {
    prepare(attend_page_scales_workspace_bytes(1));
    const auto integers = [](const int32_t *numbers, int32_t rank,
                             int64_t first, int64_t second) {
      return fp8attn_tensor_make(const_cast<int32_t *>(numbers),
                                 FP8ATTN_TYPE_I32, rank, first, second, 0, 0);
    };
    fp8attn_tensor outs = heads(query, kHeads);
    outs.data = out;
    const fp8attn_tensor queries = heads(query, kHeads),
                         starts = integers(kStarts, 1, kSeqs + 1, 0),
                         lens = integers(kKeys, 1, kSeqs, 0),
                         table = integers(kTable, 2, kSeqs, kMaxPages);
    return attend_page_scales(&context, &queries, &pages.keyScale,
                              &pages.valueScale, &pages.cache, &starts, &lens,
                              &table, &outs);
  }

  void expectRefused(fp8attn_status got, fp8attn_status status,
                     const std::string &text) {
    EXPECT_EQ(got, status) << text;
    EXPECT_EQ(std::string(context.message).find(text), 0u)
        << context.message << ", expected " << text;
  }

  static constexpr uint8_t kUnwritten = 0x7f;
  fp8attn_context context;
  AlignedBytes beside{kPages * kPageBytes, kUnwritten},
      data{kPages * kDataBytes, kUnwritten},
      floats{kPages * kFloatBytes, kUnwritten},
      powers{kPages * kPowerBytes, kUnwritten};
  std::vector<uint16_t> key = std::vector<uint16_t>(kTokens * kKvHeads * kDim),
                        value = key,
                        query = std::vector<uint16_t>(kTokens * kHeads * kDim);

  static Pages makePages(uint8_t *bytes, int64_t pageBytes) {
    Pages pages = {{bytes, kPages, pageBytes},
                   fp8attn_tensor_make(bytes + kKeyScales, FP8ATTN_TYPE_F32, 3,
                                       kPages, kKvHeads, kPage, 0),
                   fp8attn_tensor_make(bytes + kValueScales,
                                       FP8ATTN_TYPE_F8E8M0FNU, 3, kPages, kPage,
                                       kKvHeads, 0)};
    pages.keyScale.strides[0] = pageBytes / 4;
    pages.valueScale.strides[0] = pageBytes;
    return pages;
  }

private:
  static fp8attn_tensor heads(std::vector<uint16_t> &elements, int64_t count) {
    return fp8attn_tensor_make(elements.data(), FP8ATTN_TYPE_BF16, 3, kTokens,
                               count, kDim, 0);
  }

  void prepare(int64_t bytes) {
    workspace.emplace(bytes);
    fp8attn_context_init(&context);
    context.isa_cap = GetParam();
    context.workspace = workspace->data();
    context.workspace_bytes = workspace->size();
  }

  std::optional<AlignedBytes> workspace;
  std::vector<int64_t> slots;
};
} // namespace

TEST_P(PageScalesTest, AreThoseApart) {
  ASSERT_EQ(write(inPages()), FP8ATTN_OK) << context.message;
  ASSERT_EQ(write(apart()), FP8ATTN_OK) << context.message;
  ASSERT_EQ(context.isa, GetParam());
  std::vector<uint8_t> expected(beside.size(), kUnwritten);
  for (int64_t page = 0; page < kPages; ++page) {
    uint8_t *place = expected.data() + page * kPageBytes;
    std::memcpy(place, data.data() + page * kDataBytes, kDataBytes);
    std::memcpy(place + kKeyScales, floats.data() + page * kFloatBytes,
                kFloatBytes);
    std::memcpy(place + kValueScales, powers.data() + page * kPowerBytes,
                kPowerBytes);
  }
  EXPECT_EQ(std::memcmp(beside.data(), expected.data(), expected.size()), 0);

  std::vector<uint16_t> out(query.size()), outApart(query.size());
  ASSERT_EQ(attend(inPages(), out.data()), FP8ATTN_OK) << context.message;
  ASSERT_EQ(attend(apart(), outApart.data()), FP8ATTN_OK) << context.message;
  EXPECT_EQ(out, outApart);
  EXPECT_EQ(std::memcmp(beside.data(), expected.data(), expected.size()), 0);
}

TEST_P(PageScalesTest, AgreeWithTheReference) {
  ASSERT_EQ(write(inPages()), FP8ATTN_OK) << context.message;
  std::vector<uint16_t> out(query.size());
  ASSERT_EQ(attend(inPages(), out.data()), FP8ATTN_OK) << context.message;
  const reference::PairsCache parts =
      reference::makePairsCache(beside.data(), reference::Content::KeyValue,
                                FP8ATTN_TYPE_F8E4M3FN, kKvHeads, kDim, kPage);
  ASSERT_EQ(parts.pageBytes, kDataBytes);
  // The formula of docs/Layout.md for pages that are further apart.
  const auto spread = [](reference::CachePart part) {
    part.byte = [inner = part.byte](int64_t page, int64_t head, int64_t token,
                                    int64_t channel) {
      return page * kPageBytes + inner(0, head, token, channel);
    };
    return part;
  };
  const auto scales = [&](int64_t begin, int64_t bytes, fp8attn_type type,
                          auto place) {
    reference::Scales result;
    result.byToken = true;
    result.values.resize(kPages * kKvHeads * kPage);
    result.index = [=](const reference::ElementPlace &p) {
      return p.page * kKvHeads * kPage + place(p);
    };
    for (int64_t page = 0; page < kPages; ++page)
      for (int64_t i = 0; i < kKvHeads * kPage; ++i)
        result.values[page * kKvHeads * kPage + i] =
            static_cast<float>(reference::decodeElement(
                beside.data() + page * kPageBytes + begin + i * bytes, type));
    return result;
  };
  reference::AttentionCall call;
  call.query = {query.data(), kTokens, kHeads * kDim, kDim};
  call.numHeads = kHeads;
  call.keys = spread(parts.keys);
  call.values = spread(parts.values);
  call.keyScale = scales(kKeyScales, 4, FP8ATTN_TYPE_F32,
                         [](auto &p) { return p.head * kPage + p.token; });
  call.valueScale = scales(kValueScales, 1, FP8ATTN_TYPE_F8E8M0FNU,
                           [](auto &p) { return p.token * kKvHeads + p.head; });
  call.numSeqs = kSeqs;
  call.queryStart = kStarts;
  call.seqLens = kKeys;
  call.blockTable = kTable;
  call.tableStride = kMaxPages;
  call.softmaxScale = 1 / std::sqrt(double(kDim));
  call.windowRight = 0;
  const reference::AttentionResult expected = reference::attend(call);
  std::vector<double> got;
  for (uint16_t element : out)
    got.push_back(reference::decodeBf16(element));
  const reference::Comparison comparison = reference::compare(
      got, expected.out, reference::allowedOutError(expected),
      reference::allowedRelativeL2(expected));
  EXPECT_TRUE(comparison.passed) << comparison.text;
}

TEST_P(PageScalesTest, OverTheDataAreRefused) {
  const auto expectOverlap = [&](const Pages &pages, const char *text) {
    expectRefused(write(pages), FP8ATTN_OVERLAP, text);
  };
  const auto moved = [](fp8attn_tensor &scale, int64_t bytes) {
    scale.data = static_cast<uint8_t *>(scale.data) + bytes;
  };
  Pages pages = inPages();
  moved(pages.keyScale, -4);
  expectOverlap(pages, "cache overlaps key_scale, ");
  pages = inPages();
  moved(pages.valueScale, -1);
  expectOverlap(pages, "key_scale overlaps value_scale, ");
  // Those of a page reach over the gap into the data of the next one.
  pages = inPages();
  moved(pages.valueScale, 65);
  expectOverlap(pages, "cache overlaps value_scale, ");
  // Not as far apart as the pages.
  pages = inPages();
  pages.keyScale.strides[0] = kDataBytes / 4;
  expectOverlap(pages, "cache overlaps key_scale, ");
  pages = inPages();
  pages.cache.page_bytes = kDataBytes;
  expectOverlap(pages, "cache overlaps key_scale, ");

  for (int64_t bytes : {kDataBytes - 64, kPageBytes + 32}) {
    pages = inPages();
    pages.cache.page_bytes = bytes;
    expectRefused(write(pages), FP8ATTN_BAD_SIZE, "cache.page_bytes is ");
  }
  EXPECT_EQ(
      std::count(beside.data(), beside.data() + beside.size(), kUnwritten),
      beside.size());

  // Results over scales, and over data, that end in the same memory: nothing
  // else is where they are.
  AlignedBytes larger(beside.size() + kTokens * kHeads * kDim * 2, kUnwritten);
  for (int64_t offset : {kValueScales, int64_t(0)})
    expectRefused(
        attend(makePages(larger.data(), kPageBytes), larger.data() + offset),
        FP8ATTN_OVERLAP, "out overlaps cache, ");
}

/// Pages of both caches may be further apart, by different gaps.
TEST_P(PageScalesTest, RepackLeavesGaps) {
  Operation close("repack"), spread("repack");
  close.context.isa_cap = spread.context.isa_cap = GetParam();
  ASSERT_EQ(close.call(), FP8ATTN_OK) << close.context.message;
  std::vector<AlignedBytes> memories;
  memories.reserve(2);
  for (int64_t gap : {64, 192}) {
    fp8attn_cache &cache = spread.caches[memories.size()].cache;
    const int64_t distance = cache.page_bytes + gap;
    AlignedBytes &memory =
        memories.emplace_back(cache.num_pages * distance, kUnwritten);
    for (int64_t page = 0; page < cache.num_pages; ++page)
      std::memcpy(memory.data() + page * distance,
                  static_cast<uint8_t *>(cache.data) + page * cache.page_bytes,
                  cache.page_bytes);
    cache.data = memory.data();
    cache.page_bytes = distance;
  }
  ASSERT_EQ(spread.call(), FP8ATTN_OK) << spread.context.message;
  const fp8attn_cache &expected = close.caches[1].cache;
  const int64_t distance = spread.caches[1].cache.page_bytes;
  for (int64_t page = 0; page < expected.num_pages; ++page) {
    const uint8_t *place = memories[1].data() + page * distance;
    EXPECT_EQ(std::memcmp(place,
                          static_cast<uint8_t *>(expected.data) +
                              page * expected.page_bytes,
                          expected.page_bytes),
              0)
        << "page " << page;
    EXPECT_EQ(
        std::count(place + expected.page_bytes, place + distance, kUnwritten),
        distance - expected.page_bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, PageScalesTest, testing::ValuesIn(testedIsas()),
                         [](const testing::TestParamInfo<fp8attn_isa> &info) {
                           return fp8attn_isa_string(info.param);
                         });
