//===- AttentionTest.cpp - attention of the reference ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cases small enough for pencil and paper: one channel, pages of one token.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Reference/Attention.h"

#include "fp8attn/Reference/Fp8.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace fp8attn::reference;

/// Tolerance for double arithmetic.
static constexpr double kTiny = 1e-12;

namespace {

/// One sequence, one channel; pages of one token, each a byte, so that the
/// byte of an element is its page and head.
struct TinyCall : AttentionCall {
  TinyCall(std::vector<float> queries, std::vector<float> keyList,
           std::vector<float> valueList)
      : pages(keyList.size()) {
    for (float value : queries)
      queryWords.push_back(encodeBf16(value));
    for (float value : keyList)
      keyCodes.push_back(quantizeFp8(value, 1, FP8ATTN_TYPE_F8E4M3FN));
    for (float value : valueList)
      valueCodes.push_back(quantizeFp8(value, 1, FP8ATTN_TYPE_F8E4M3FN));
    for (size_t i = 0; i < pages.size(); ++i)
      pages[i] = i;
    starts = {0, static_cast<int32_t>(queries.size())};
    lengths = {static_cast<int32_t>(keyList.size())};
    query = {queryWords.data(), starts[1], 1, 1};
    numHeads = 1;
    keys = makePart(keyCodes);
    values = makePart(valueCodes);
    numSeqs = 1;
    queryStart = starts.data();
    seqLens = lengths.data();
    blockTable = pages.data();
    tableStride = pages.size();
  }

  static CachePart makePart(std::vector<uint8_t> &codes) {
    auto byte = [](int64_t page, int64_t, int64_t, int64_t) { return page; };
    return {codes.data(), FP8ATTN_TYPE_F8E4M3FN, 1, 1, 1, byte};
  }

  std::vector<uint16_t> queryWords;
  std::vector<uint8_t> keyCodes, valueCodes;
  std::vector<int32_t> pages, starts, lengths;
};

} // namespace

TEST(AttentionTest, EqualScoresAverage) {
  AttentionResult result = attend(TinyCall({1}, {0, 0}, {1, -3}));
  EXPECT_NEAR(result.out[0], -1.0, kTiny);
  EXPECT_NEAR(result.magnitude[0], 2.0, kTiny);
  EXPECT_NEAR(result.lse[0], std::log(2.0), kTiny);
  EXPECT_EQ(result.numKeys[0], 2);
}

// A query that bf16 has not, and what its probabilities may be off by.
TEST(AttentionTest, ProductsOfF32AreNotRounded) {
  TinyCall call({1}, {0.5f, -0.5f}, {1, -3});
  const float query = 1 + 0x1p-12f;
  call.query = {&query, 1, 1, 1, FP8ATTN_TYPE_F32};
  EXPECT_NEAR(attend(call).lse[0], std::log(std::exp(0.5) + std::exp(-0.5)),
              kTiny);
  call.f32Products = true;
  AttentionResult result = attend(call);
  const double score = query / 2, sum = std::exp(score) + std::exp(-score);
  EXPECT_NEAR(result.lse[0], std::log(sum), kTiny);
  const double error = 9 * score + 24;
  ASSERT_EQ(result.meanProbError.size(), 1u);
  EXPECT_NEAR(result.meanProbError[0], error, 1e-6);
  EXPECT_NEAR(result.probErrors[0], 2 * error * result.magnitude[0], 1e-6);
}

// The function that modifies a score is off by a part of the new one, and the
// share of a sink by its distance.
TEST(AttentionTest, ModifiedScoresAndSinksErrMore) {
  TinyCall call({1}, {0, 0}, {1, 1});
  call.f32Products = true;
  call.modifyScore = [](double, const ScorePlace &) { return -2; };
  EXPECT_NEAR(attend(call).meanProbError[0], 24 + 17 * 2, kTiny);
  const float sink = 3;
  call.sink = &sink;
  EXPECT_NEAR(attend(call).meanProbError[0],
              24 + 17 * 2 + 128 + 4 * (3 + (2 - std::log(2.0))), 1e-9);
}

TEST(AttentionTest, SoftmaxScaleAndKeyScaleMultiplyScores) {
  // Scores ln 3 and 0: probabilities 3/4 and 1/4.
  TinyCall call({2}, {1, 0}, {4, 8});
  call.softmaxScale = std::log(3.0);
  call.keyScale.values = {0.5f};
  EXPECT_NEAR(attend(call).out[0], 5.0, kTiny);
  EXPECT_NEAR(attend(call).lse[0], std::log(4.0), kTiny);
}

TEST(AttentionTest, ValueScaleMultipliesTheResult) {
  TinyCall call({1}, {0, 0}, {1, 3});
  call.valueScale.values = {0.25f};
  EXPECT_NEAR(attend(call).out[0], 0.5, kTiny);
}

TEST(AttentionTest, CausalIsAlignedToTheLastKey) {
  TinyCall call({1, 1}, {0, 0, 0}, {1, 3, 8});
  call.windowRight = 0;
  AttentionResult result = attend(call);
  EXPECT_NEAR(result.out[0], 2.0, kTiny);
  EXPECT_NEAR(result.out[1], 4.0, kTiny);
}

TEST(AttentionTest, TopLeftIsAlignedToTheFirstKey) {
  TinyCall call({1, 1}, {0, 0, 0}, {1, 3, 8});
  call.windowRight = 0;
  call.topLeft = true;
  AttentionResult result = attend(call);
  EXPECT_NEAR(result.out[0], 1.0, kTiny);
  EXPECT_NEAR(result.out[1], 2.0, kTiny);
}

TEST(AttentionTest, WindowsHideKeysOnBothSides) {
  // Queries stand at keys 2 and 3 of 0 to 4 with one key hidden before.
  TinyCall call({1, 1, 1}, {0, 0, 0, 0, 0}, {1, 2, 4, 8, 16});
  call.windowLeft = 1;
  call.windowRight = 1;
  AttentionResult result = attend(call);
  EXPECT_NEAR(result.out[0], (2.0 + 4 + 8) / 3, kTiny);
  EXPECT_NEAR(result.out[1], (4.0 + 8 + 16) / 3, kTiny);
  EXPECT_NEAR(result.out[2], (8.0 + 16) / 2, kTiny);
  call.windowLeft = call.windowRight = INT64_MAX;
  EXPECT_NEAR(attend(call).out[0], 31.0 / 5, kTiny);
}

TEST(AttentionTest, ASinkJoinsTheDenominator) {
  // exp(0) twice, and exp(ln 2).
  TinyCall call({1}, {0, 0}, {1, 3});
  const float sink = std::log(2.0f);
  call.sink = &sink;
  AttentionResult result = attend(call);
  EXPECT_NEAR(result.out[0], 1.0, 1e-7);
  EXPECT_NEAR(result.lse[0], std::log(4.0), 1e-7);
}

TEST(AttentionTest, ASinkAloneGivesZero) {
  TinyCall call({1}, {}, {});
  const float sink = -3;
  call.sink = &sink;
  EXPECT_EQ(attend(call).out[0], 0);
  EXPECT_EQ(attend(call).lse[0], -3);
}

TEST(AttentionTest, RowsWithoutKeysAreEmpty) {
  // Three queries, one key: the first two see nothing.
  TinyCall call({1, 1, 1}, {0}, {7});
  call.windowRight = 0;
  AttentionResult result = attend(call);
  EXPECT_EQ(result.out, (std::vector<double>{0, 0, 7}));
  EXPECT_EQ(result.lse[0], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(result.lse[2], 0);
}

TEST(AttentionTest, ModifiedScores) {
  // Scores 0 become 0 and ln 3: the second key is seen by its own query only.
  TinyCall call({1, 1}, {0, 0}, {1, 5});
  call.modifyScore = [](double score, const ScorePlace &place) {
    EXPECT_EQ(place.query, place.token);
    return place.key == 1 ? std::log(3.0) : score;
  };
  EXPECT_NEAR(attend(call).out[0], 4.0, kTiny);
  call.windowRight = 0;
  EXPECT_NEAR(attend(call).out[0], 1.0, kTiny);
}

TEST(AttentionTest, RowsWhoseKeysAreAllMaskedAreEmpty) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  TinyCall call({1, 1}, {0, 0}, {1, 5});
  call.modifyScore = [](double score, const ScorePlace &place) {
    return place.token == 0 ? -kInfinity : score;
  };
  AttentionResult result = attend(call);
  EXPECT_EQ(result.out, (std::vector<double>{0, 3}));
  EXPECT_EQ(result.lse[0], -kInfinity);
  const float sink = -3;
  call.sink = &sink;
  result = attend(call);
  EXPECT_EQ(result.out[0], 0);
  EXPECT_EQ(result.lse[0], -3);
}

TEST(AttentionTest, NanScoresAndMaskedNanValues) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  TinyCall call({1, 1}, {0, 0}, {1, 5});
  // Row 0 sees nothing but a NaN; row 1 does not see the key that is NaN.
  call.modifyScore = [](double score, const ScorePlace &place) {
    if (place.key == 0)
      return -kInfinity;
    return place.token == 0 ? double(NAN) : score;
  };
  call.valueCodes[0] = 0x7F;
  AttentionResult result = attend(call);
  EXPECT_TRUE(std::isnan(result.out[0]));
  EXPECT_TRUE(std::isnan(result.lse[0]));
  EXPECT_EQ(result.out[1], 5);
}

TEST(AttentionTest, ModifiedScoresOfWindowsHaveTheirPositions) {
  // Queries see their own key; the first stands at key 1, or at key 0.
  TinyCall call({1, 1}, {0, 0, 0}, {1, 5, 9});
  call.windowLeft = call.windowRight = 0;
  for (int64_t first : {1, 0}) {
    call.topLeft = first == 0;
    call.modifyScore = [=](double score, const ScorePlace &place) {
      EXPECT_EQ(place.query, first + place.token);
      EXPECT_EQ(place.key, place.query);
      return score;
    };
    EXPECT_NEAR(attend(call).lse[1], 0, kTiny);
  }
}

TEST(AttentionTest, TheBlockTableOrdersPages) {
  TinyCall call({1, 1}, {0, 0}, {1, 3});
  call.windowRight = 0;
  call.pages = {1, 0};
  EXPECT_NEAR(attend(call).out[0], 3.0, kTiny);
  EXPECT_NEAR(attend(call).out[1], 2.0, kTiny);
}

TEST(AttentionTest, QueryHeadsShareKvHeads) {
  // Two KV heads on two pages each, four query heads.
  TinyCall call({1, 1, 1, 1}, {0, 0}, {2, 6});
  call.numHeads = 4;
  call.query = {call.queryWords.data(), 1, 4, 1};
  call.starts = {0, 1};
  call.lengths = {1};
  auto byHead = [](int64_t, int64_t head, int64_t, int64_t) { return head; };
  call.keys.heads = call.values.heads = 2;
  call.keys.byte = call.values.byte = byHead;
  call.valueScale.values = {1.0f, 0.5f};
  EXPECT_EQ(attend(call).out, (std::vector<double>{2, 2, 3, 3}));
}

TEST(AttentionTest, SequencesAreIndependent) {
  TinyCall call({1, 1, 1}, {0, 0, 0}, {1, 3, 7});
  call.starts = {0, 1, 1, 3};
  call.lengths = {2, 0, 1};
  call.numSeqs = 3;
  call.queryStart = call.starts.data();
  call.seqLens = call.lengths.data();
  call.pages = {0, 1, -1, -1, 2, -1};
  call.blockTable = call.pages.data();
  call.tableStride = 2;
  EXPECT_EQ(attend(call).out, (std::vector<double>{2, 7, 7}));
}

TEST(AttentionTest, QueriesBeforeAllOwnKeysSeeThePrefix) {
  // Of three causal queries, two stand before the only own key.
  TinyCall call({1, 1, 1}, {0, 0, 0}, {1, 3, -8});
  call.windowRight = 0;
  call.lengths = {1};
  call.seqLens = call.lengths.data();
  call.pages = {2};
  call.blockTable = call.pages.data();
  const int32_t groups[] = {0, 1}, lens[] = {2}, table[] = {0, 1};
  call.prefixes = {1, groups, lens, table, 2};
  const AttentionResult result = attend(call);
  EXPECT_EQ(result.numKeys, (std::vector<int64_t>{2, 2, 3}));
  EXPECT_NEAR(result.out[0], 2, kTiny);
  EXPECT_NEAR(result.out[1], 2, kTiny);
  EXPECT_NEAR(result.out[2], -4.0 / 3, kTiny);
}

TEST(AttentionTest, PrefixesAreKeysThatAllQueriesSee) {
  // Two sequences with a prefix of two keys, and one with none, are the same
  // with all keys in their own tables: causal queries stand behind the prefix.
  const std::vector<float> keyList = {0.5, -1, 2, 0.25, 1, -0.5};
  const std::vector<float> valueList = {1, 2, 4, 8, 16, 32};
  TinyCall shared({1, 2, -1, 0.5}, keyList, valueList);
  shared.windowRight = 0;
  shared.numSeqs = 3;
  shared.starts = {0, 2, 3, 4};
  shared.queryStart = shared.starts.data();
  shared.lengths = {2, 1, 1};
  shared.seqLens = shared.lengths.data();
  shared.pages = {2, 3, 4, -1, 5, -1};
  shared.blockTable = shared.pages.data();
  shared.tableStride = 2;
  const int32_t groups[] = {0, 2, 3}, lens[] = {2, 0}, table[] = {1, 0, -1, -1};
  shared.prefixes = {2, groups, lens, table, 2};
  // Keys of the prefix have negative positions.
  shared.modifyScore = [](double score, const ScorePlace &place) {
    return score + 0.125 * static_cast<double>(place.key - place.query);
  };

  TinyCall plain = shared;
  plain.starts = {0, 2, 3, 4};
  plain.queryStart = plain.starts.data();
  plain.keys.data = plain.keyCodes.data();
  plain.values.data = plain.valueCodes.data();
  plain.query.data = plain.queryWords.data();
  plain.lengths = {4, 3, 1};
  plain.seqLens = plain.lengths.data();
  plain.pages = {1, 0, 2, 3, 1, 0, 4, -1, 5, -1, -1, -1};
  plain.blockTable = plain.pages.data();
  plain.tableStride = 4;
  plain.prefixes = {};
  const AttentionResult result = attend(shared), expected = attend(plain);
  EXPECT_EQ(result.numKeys, (std::vector<int64_t>{3, 4, 3, 1}));
  EXPECT_EQ(expected.numKeys, result.numKeys);
  for (size_t i = 0; i < result.out.size(); ++i) {
    EXPECT_NEAR(result.out[i], expected.out[i], kTiny) << i;
    EXPECT_NEAR(result.lse[i], expected.lse[i], kTiny) << i;
  }
}

TEST(AttentionTest, QueriesSeeSelectedKeys) {
  // Three causal queries at keys 1, 2 and 3, with pages of one key. Nobody
  // selects the page that is not there.
  TinyCall call({1, 1, 1}, {0, 0, 0, 0}, {1, 3, -8, 5});
  call.windowRight = 0;
  call.lengths = {4};
  call.seqLens = call.lengths.data();
  call.pages = {1, 2, -1, 3};
  call.blockTable = call.pages.data();
  call.tableStride = 4;
  // In any order, twice, none, and behind the query.
  const int32_t list[] = {3, 1, -1, -1, -1, -1, 3, 0, 3};
  call.selected = {list, 3, 3, 1};
  AttentionResult result = attend(call);
  EXPECT_EQ(result.numKeys, (std::vector<int64_t>{1, 0, 2}));
  EXPECT_NEAR(result.out[0], -8, kTiny);
  EXPECT_EQ(result.out[1], 0);
  EXPECT_EQ(result.lse[1], -std::numeric_limits<double>::infinity());
  EXPECT_NEAR(result.out[2], 4, kTiny);
  EXPECT_NEAR(result.lse[2], std::log(2.0), kTiny);
  // Entries of two keys each.
  const int32_t pairs[] = {1, 0, 1};
  call.pages = {1, 2, 0, 3};
  call.blockTable = call.pages.data();
  call.selected = {pairs, 1, 1, 2};
  result = attend(call);
  EXPECT_EQ(result.numKeys, (std::vector<int64_t>{0, 2, 2}));
  EXPECT_NEAR(result.out[1], -2.5, kTiny);
  EXPECT_NEAR(result.out[2], 3, kTiny);
}
