//===- ScaleMapTest.cpp - scales of every granularity ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention whose scales differ by head, page, token or channel, in any pair of
// keys and values, against double precision. What no sequence reads, codes and
// scales, is NaN.
//
//===----------------------------------------------------------------------===//

#include "ScaleMaps.h"

#include "Problem.h"
#include "ScaleKinds.h"
#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Compare.h"
#include "fp8attn/Reference/Fp8.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <optional>
#include <random>

using namespace fp8attn;

/// The shapes of scale_maps.py.
static constexpr int64_t kKvHeads = 8, kPages = 40;
/// Of the whole, where elements with a scale each are not rounded in the
/// reference: docs/Numerics.md.
static constexpr double kAllowedWithElements = 3.5e-3;

namespace {
/// A tensor of scales and what the reference takes.
class ScaleTensor {
public:
  ScaleTensor(const ScaleMaps &maps, const char *kind, std::mt19937 &bits)
      : shape{&findScaleKind(kind), kPages, kKvHeads, maps.page, maps.dim} {
    bytes.resize(shape.count() * reference::elementBytes(type()));
    // Normal codes have a deviation of 4 (see Call): about 1 after scaling.
    std::uniform_real_distribution<float> uniform(0.1f, 0.5f);
    for (int64_t i = 0; i < shape.count(); ++i)
      reference::encodeElement(type() == FP8ATTN_TYPE_F32
                                   ? uniform(bits)
                                   : std::exp2(-1.0f - float(bits() % 3)),
                               at(i), type());
  }

  /// Makes NaN of the scales of what nobody reads.
  void spoil(const std::vector<bool> &isRead) {
    if (!shape.kind->byToken())
      return;
    std::vector<bool> isNeeded(shape.count());
    const int64_t page = shape.pageTokens;
    for (int64_t slot = 0; slot < int64_t(isRead.size()); ++slot)
      for (int64_t head = 0; head < kKvHeads && isRead[slot]; ++head)
        for (int64_t channel = 0; channel < shape.channels; ++channel)
          isNeeded[shape.index({slot / page, head, slot % page, channel})] =
              true;
    for (size_t i = 0; i < isNeeded.size(); ++i)
      if (!isNeeded[i])
        reference::encodeElement(NAN, at(i), type());
  }

  const ScaleKind &kind() const { return *shape.kind; }
  fp8attn_tensor tensor() const { return shape.describe(bytes.data()); }

  reference::Scales scales() const {
    const int64_t size = reference::elementBytes(type());
    std::vector<float> values;
    for (size_t i = 0; i < bytes.size(); i += size)
      values.push_back(static_cast<float>(
          reference::decodeElement(bytes.data() + i, type())));
    return shape.reference(std::move(values));
  }

private:
  fp8attn_type type() const { return shape.kind->type; }
  uint8_t *at(int64_t i) {
    return bytes.data() + i * reference::elementBytes(type());
  }

  ScaleShape shape;
  std::vector<uint8_t> bytes;
};

/// A decode step, a chunk of a prompt and a short prompt.
class Call {
public:
  Call(const ScaleMaps &maps, uint32_t seed)
      : maps(maps), bits(seed), keyScale(maps, maps.key, bits),
        valueScale(maps, maps.value, bits),
        parts(reference::makePairsCache(nullptr, reference::Content::KeyValue,
                                        maps.cache, kKvHeads, maps.dim,
                                        maps.page)),
        cache(kPages * parts.pageBytes), query(kTokens * maps.heads * maps.dim),
        out(query.size()), table(kSeqs * kMaxPages, -1) {
    // Every code is NaN until it is written.
    std::fill_n(cache.data(), cache.size(), 0x7f);
    parts.keys.data = parts.values.data = cache.data();
    std::normal_distribution<float> normal;
    for (uint16_t &element : query)
      element = reference::encodeBf16(normal(bits));
    std::vector<int32_t> pages(kPages);
    std::iota(pages.begin(), pages.end(), 0);
    std::shuffle(pages.begin(), pages.end(), bits);
    std::vector<bool> isRead(kPages * maps.page);
    for (int64_t s = 0, next = 0; s < kSeqs; ++s)
      for (int64_t t = 0; t < kKeys[s]; ++t) {
        int32_t &page = table[s * kMaxPages + t / maps.page];
        if (t % maps.page == 0)
          page = pages[next++];
        isRead[page * maps.page + t % maps.page] = true;
        for (const reference::CachePart *part : {&parts.keys, &parts.values})
          for (int64_t head = 0; head < kKvHeads; ++head)
            for (int64_t c = 0; c < part->paddedDim; ++c)
              part->data[part->byte(page, head, t % maps.page, c)] =
                  c < maps.dim
                      ? reference::quantizeFp8(4 * normal(bits), 1, maps.cache)
                      : 0;
      }
    keyScale.spoil(isRead);
    valueScale.spoil(isRead);
  }

  fp8attn_status attend(fp8attn_isa isa) {
    // What an earlier call wrote is no result of this one.
    std::fill(out.begin(), out.end(), reference::encodeBf16(NAN));
    // NaN in all that is not written before it is read.
    AlignedBytes workspace(maps.workspaceBytes(1), 0xff);
    fp8attn_context_init(&context);
    context.isa_cap = isa;
    context.workspace = workspace.data();
    context.workspace_bytes = workspace.size();
    const auto heads = [&](std::vector<uint16_t> &data) {
      return fp8attn_tensor_make(data.data(), FP8ATTN_TYPE_BF16, 3, kTokens,
                                 maps.heads, maps.dim, 0);
    };
    const auto integers = [](const int32_t *data, int32_t rank, int64_t first,
                             int64_t second) {
      return fp8attn_tensor_make(const_cast<int32_t *>(data), FP8ATTN_TYPE_I32,
                                 rank, first, second, 0, 0);
    };
    const fp8attn_tensor queries = heads(query), outs = heads(out),
                         keyScales = keyScale.tensor(),
                         valueScales = valueScale.tensor(),
                         starts = integers(kStarts, 1, kSeqs + 1, 0),
                         lens = integers(kKeys, 1, kSeqs, 0),
                         tables = integers(table.data(), 2, kSeqs, kMaxPages);
    const fp8attn_cache pages = {cache.data(), kPages, parts.pageBytes};
    return maps.attend(&context, &queries, &pages, &keyScales, &valueScales,
                       &starts, &lens, &tables, &outs);
  }

  /// Returns the reference's result, of scales that `change` may have changed.
  reference::AttentionResult
  expect(const std::function<void(reference::AttentionCall &)> &change) const {
    reference::AttentionCall call;
    call.query = {query.data(), kTokens, maps.heads * maps.dim, maps.dim};
    call.numHeads = maps.heads;
    call.keys = parts.keys;
    call.values = parts.values;
    call.keyScale = keyScale.scales();
    call.valueScale = valueScale.scales();
    call.numSeqs = kSeqs;
    call.queryStart = kStarts;
    call.seqLens = kKeys;
    call.blockTable = table.data();
    call.tableStride = kMaxPages;
    call.softmaxScale = 1 / std::sqrt(double(maps.dim));
    call.windowRight = 0;
    if (maps.hasOptions) {
      call.windowLeft = 150;
      call.modifyScore = [](double score, const reference::ScorePlace &) {
        return 30 * std::tanh(score / 30);
      };
    }
    change(call);
    return reference::attend(call);
  }

  /// Compares what the last call wrote.
  reference::Comparison
  compare(const reference::AttentionResult &expected) const {
    std::vector<double> got;
    for (uint16_t element : out)
      got.push_back(reference::decodeBf16(element));
    return reference::compare(
        got, expected.out, reference::allowedOutError(expected),
        reference::allowedRelativeL2(expected, FP8ATTN_TYPE_BF16));
  }

  const ScaleKind &keyKind() const { return keyScale.kind(); }
  const ScaleKind &valueKind() const { return valueScale.kind(); }

  fp8attn_context context;

private:
  static constexpr int64_t kSeqs = 3, kTokens = 24, kMaxPages = 10;
  static constexpr int32_t kStarts[kSeqs + 1] = {0, 1, 21, 24};
  static constexpr int32_t kKeys[kSeqs] = {300, 70, 3};

  const ScaleMaps &maps;
  std::mt19937 bits;
  ScaleTensor keyScale, valueScale;
  reference::PairsCache parts;
  AlignedBytes cache;
  std::vector<uint16_t> query, out;
  std::vector<int32_t> table;
};

/// A test of a pair on every ISA: the references, which take the time, are the
/// same for all of them.
class ScaleMapTest : public testing::TestWithParam<size_t> {
protected:
  const ScaleMaps &maps() const { return kScaleMaps[GetParam()]; }
  void SetUp() override { FP8ATTN_REQUIRE_ISA(testedIsas().front()); }
};
} // namespace

TEST_P(ScaleMapTest, AgreesWithTheReference) {
  Call call(maps(), 1 + GetParam());
  const reference::AttentionResult right = call.expect([](auto &) {});
  std::optional<reference::AttentionResult> withElements;
  if (call.keyKind().byElement() || call.valueKind().byElement())
    withElements = call.expect([](auto &other) { other.keepElements = true; });
  // The comparison is no test if it accepts other scales.
  const reference::AttentionResult otherKeys = call.expect([](auto &other) {
    for (float &scale : other.keyScale.values)
      scale *= 1.1f;
  });
  const reference::AttentionResult otherValues = call.expect([](auto &other) {
    for (size_t i = 0; i < other.valueScale.values.size(); i += 2)
      other.valueScale.values[i] *= 1.1f;
  });
  // A power of two rounds nothing.
  const auto isExact = [](const ScaleKind &kind) {
    return !kind.byElement() || kind.type == FP8ATTN_TYPE_F8E8M0FNU;
  };
  for (fp8attn_isa isa : testedIsas()) {
    if (!whyNot(isa).empty())
      continue;
    SCOPED_TRACE(fp8attn_isa_string(isa));
    ASSERT_EQ(call.attend(isa), FP8ATTN_OK) << call.context.message;
    ASSERT_EQ(call.context.isa, isa);
    const reference::Comparison same = call.compare(right);
    EXPECT_TRUE(same.passed) << same.text;
    if (withElements) {
      const reference::Comparison exact = call.compare(*withElements);
      std::cout << "relative L2 error with the rounding of elements: "
                << exact.relativeL2 << "\n";
      EXPECT_LE(exact.relativeL2, kAllowedWithElements);
      if (isExact(call.keyKind()) && isExact(call.valueKind()))
        EXPECT_EQ(exact.relativeL2, same.relativeL2);
    }
    EXPECT_FALSE(call.compare(otherKeys).passed);
    EXPECT_FALSE(call.compare(otherValues).passed);
  }
}

INSTANTIATE_TEST_SUITE_P(Pairs, ScaleMapTest,
                         testing::Range(size_t(0), kNumScaleMaps),
                         [](const testing::TestParamInfo<size_t> &info) {
                           const ScaleMaps &maps = kScaleMaps[info.param];
                           return std::string(maps.key) + "_and_" + maps.value +
                                  (maps.hasOptions ? "_padded" : "");
                         });
