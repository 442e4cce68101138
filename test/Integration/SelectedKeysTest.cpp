//===- SelectedKeysTest.cpp - queries that see selected keys --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls selected_keys.mlir with random batches and lists: in any order, with
// entries twice, none, and behind the query. Results are near to the reference,
// and the bits of calls that say the same in another way. Tokens that no query
// selects are NaN, pages without others cannot be read, and entries of the
// block table that say where they are name no page.
//
//===----------------------------------------------------------------------===//

#include "CallResults.h"
#include "DirectCall.h"
#include "GuardedPages.h"
#include "Loops.h"
#include "SelectedBatch.h"
#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Fp8.h"
#include "selected_keys.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace fp8attn::reference;

static constexpr int64_t kHeads = 4, kKvHeads = 2, kDim = 64;
static constexpr int64_t kLatentHeads = 18, kLatentDim = 96, kLatentOut = 64,
                         kBlocks = 3;
static constexpr float kScale = 0.11f, kCap = 3;

namespace {
class SelectedKeysTest : public IsaCallTest {
protected:
  SelectedKeysTest()
      : codes(kPages, PAGES_CACHE_PAGE_BYTES),
        keys(kPages, SPLIT_PAGES_KEYS_PAGE_BYTES),
        values(kPages, SPLIT_PAGES_VALUES_PAGE_BYTES),
        latent(kPages, LATENT_TOKENS_CACHE_PAGE_BYTES) {
    std::uniform_real_distribution<float> scale(0.5f, 2);
    for (Floats *scales : {&pageScale, &tokenScale})
      for (float &element : scales->elements)
        element = scale(random);
    for (uint8_t &power : powers.elements)
      power = 125 + random() % 5;
    sink.elements = {1, -2, 5, -std::numeric_limits<float>::infinity()};
  }

  /// Writes what a batch's queries see, and leaves NaN elsewhere.
  void write(const CachePart &part, GuardedPages &pages, const Batch &batch) {
    pages.showAll();
    write(part, batch.places());
  }
  void write(const CachePart &part, const std::vector<bool> &isSeen) {
    std::normal_distribution<float> normal;
    std::vector<uint16_t> token(part.heads * part.headDim);
    const HeadTensor source{token.data(), 1, 0, part.headDim,
                            FP8ATTN_TYPE_BF16};
    for (int64_t place = 0; place < kPages * kPage; ++place)
      if (isSeen[place]) {
        for (uint16_t &element : token)
          element = encodeBf16(normal(random));
        writeCache(part, source, &place, Scales());
      }
  }

  /// Makes queries of a batch.
  void makeQueries(const Batch &batch, int64_t heads, int64_t dim) {
    std::normal_distribution<float> normal;
    query = Floats(FP8ATTN_TYPE_F32, {batch.tokens(), heads, dim});
    words = Words(FP8ATTN_TYPE_BF16, {batch.tokens(), heads, dim});
    for (size_t i = 0; i < query.elements.size(); ++i) {
      query.elements[i] = 2 * normal(random);
      words.elements[i] = encodeBf16(query.elements[i]);
    }
  }
  void prepareScaled(const Batch &batch) {
    const PairsCache parts =
        makePairsCache(codes.data(), Content::KeyValue, FP8ATTN_TYPE_F8E4M3FN,
                       kKvHeads, kDim, kPage);
    codes.fill(0xFF);
    write(parts.keys, codes, batch);
    write(parts.values, codes, batch);
    makeQueries(batch, kHeads, kDim);
  }

  /// Calls a function of the scaled cache with further arguments behind the
  /// lists of the batch.
  template <typename Function, typename... Rest>
  Results scaledBy(Function *function, int64_t bytes, const Batch &batch,
                   const std::vector<bool> &isSeen, Rest &&...selected) {
    Words out(FP8ATTN_TYPE_BF16, {batch.tokens(), kHeads, kDim}, 0x7FC0);
    Floats lse(FP8ATTN_TYPE_F32, {batch.tokens(), kHeads}, NAN);
    Integers queryStart = makeList(batch.queryStart),
             lens = makeList(batch.lens), table = batch.leastTable(isSeen);
    codes.showOnly(isSeen, kPage);
    const fp8attn_cache cache = codes.cache();
    status = function(with(bytes), words, &cache, pageScale, tokenScale,
                      queryStart, lens, table, selected..., sink, out, lse);
    codes.showAll();
    Results results{{}, lse.elements};
    for (uint16_t word : out.elements)
      results.out.push_back(decodeBf16(word));
    return results;
  }
  Results scaled(Batch batch) {
    const std::vector<bool> isSeen = batch.places();
    if (batch.unit == 1)
      return scaledBy(tokens, tokens_workspace_bytes(kLoopWorkers), batch,
                      isSeen, batch.selected);
    return scaledBy(pages, pages_workspace_bytes(kLoopWorkers), batch, isSeen,
                    batch.selected);
  }

  static AttentionCall describe(const Batch &batch, int64_t heads) {
    AttentionCall call;
    call.numHeads = heads;
    call.numSeqs = batch.numSeqs();
    call.queryStart = batch.queryStart.data();
    call.seqLens = batch.lens.data();
    call.blockTable = batch.table.data();
    call.tableStride = batch.columns;
    call.selected = {batch.selected.elements.data(), batch.entries,
                     batch.entries, batch.unit};
    call.windowRight = batch.topLeft ? kWindowRight : 0;
    call.topLeft = batch.topLeft;
    return call;
  }
  Scales scalesOfTokens() const {
    Scales scales;
    scales.values = tokenScale.elements;
    scales.index = [](const ElementPlace &place) {
      return (place.page * kKvHeads + place.head) * kPage + place.token;
    };
    scales.byToken = true;
    return scales;
  }
  AttentionResult expectScaled(const Batch &batch) {
    AttentionCall call = describe(batch, kHeads);
    call.query = {words.elements.data(), batch.tokens(), kHeads * kDim, kDim,
                  FP8ATTN_TYPE_BF16};
    const PairsCache parts =
        makePairsCache(codes.data(), Content::KeyValue, FP8ATTN_TYPE_F8E4M3FN,
                       kKvHeads, kDim, kPage);
    call.keys = parts.keys;
    call.values = parts.values;
    call.keyScale.values = pageScale.elements;
    call.keyScale.index = [](const ElementPlace &place) { return place.page; };
    call.keyScale.byToken = true;
    call.valueScale = scalesOfTokens();
    call.softmaxScale = 1 / std::sqrt(double(kDim));
    call.sink = sink.elements.data();
    return attend(call);
  }

  /// Returns whether results are as near as they must be.
  static bool isNear(const std::vector<float> &actual,
                     const std::vector<double> &expected,
                     const std::vector<double> &allowed) {
    if (actual.size() != expected.size())
      return false;
    for (size_t i = 0; i < actual.size(); ++i)
      if (actual[i] != expected[i] &&
          !(std::abs(actual[i] - expected[i]) <= allowed[i]))
        return false;
    return true;
  }
  static bool isNear(const Results &results, const AttentionResult &expected,
                     fp8attn_type type) {
    return isNear(results.out, expected.out, allowedOutError(expected, type)) &&
           (results.lse.empty() ||
            isNear(results.lse, expected.lse, allowedLseError(expected)));
  }

  GuardedPages codes, keys, values, latent;
  Words words{FP8ATTN_TYPE_BF16, {0, kHeads, kDim}};
  Floats query{FP8ATTN_TYPE_F32, {0, kHeads, kDim}};
  Floats pageScale{FP8ATTN_TYPE_F32, {kPages}},
      tokenScale{FP8ATTN_TYPE_F32, {kPages, kKvHeads, kPage}},
      sink{FP8ATTN_TYPE_F32, {kHeads}};
  Codes powers{FP8ATTN_TYPE_F8E8M0FNU, {kPages * kPage, kBlocks}};
  int32_t status = FP8ATTN_OK;
};
} // namespace

TEST_P(SelectedKeysTest, AgreesWithTheReference) {
  for (int problem = 0; problem < 24; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    Batch batch(random, problem % 2 ? 1 : kPage);
    prepareScaled(batch);
    const Results results = scaled(batch);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    const AttentionResult expected = expectScaled(batch);
    EXPECT_TRUE(isNear(results, expected, FP8ATTN_TYPE_BF16));
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SelectedKeysTest, NoticesAKeyThatIsDropped) {
  int noticed = 0;
  for (int problem = 0; problem < 8; ++problem) {
    Batch batch(random, problem % 2 ? 1 : kPage);
    prepareScaled(batch);
    const AttentionResult expected = expectScaled(batch);
    // One entry of the first query that sees any.
    for (int64_t i = 0; i < batch.tokens() * batch.entries; ++i) {
      int32_t &entry = batch.selected.elements[i];
      const int64_t token = i / batch.entries;
      if (entry < 0 || entry * batch.unit >= batch.endOf(token))
        continue;
      const auto row = batch.selected.elements.begin() + token * batch.entries;
      std::replace(row, row + batch.entries, int32_t(entry), -1);
      EXPECT_FALSE(isNear(scaled(batch), expected, FP8ATTN_TYPE_BF16));
      ++noticed;
      break;
    }
  }
  EXPECT_GT(noticed, 2);
}

TEST_P(SelectedKeysTest, TwoCachesOfDifferentTypes) {
  for (int problem = 0; problem < 12; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    Batch batch(random, problem % 2 ? 1 : kPage, /*topLeft=*/true);
    const std::vector<bool> isSeen = batch.places();
    const CachePart keyPart =
        makePairsCache(keys.data(), Content::Key, FP8ATTN_TYPE_I8, kKvHeads,
                       kDim, kPage)
            .keys;
    const CachePart valuePart =
        makePairsCache(values.data(), Content::Value, FP8ATTN_TYPE_BF16,
                       kKvHeads, kDim, kPage)
            .values;
    keys.fill(0x7F);
    values.fill(0xFF);
    write(keyPart, keys, batch);
    write(valuePart, values, batch);
    makeQueries(batch, kHeads, kDim);

    AttentionCall call = describe(batch, kHeads);
    call.query = {query.elements.data(), batch.tokens(), kHeads * kDim, kDim,
                  FP8ATTN_TYPE_F32};
    call.keys = keyPart;
    call.values = valuePart;
    call.keyScale = scalesOfTokens();
    call.softmaxScale = kScale;
    call.modifyScore = [](double score, const ScorePlace &) {
      return kCap * std::tanh(score / kCap);
    };
    const AttentionResult expected = attend(call);

    Integers queryStart = makeList(batch.queryStart),
             lens = makeList(batch.lens), table = batch.leastTable(isSeen);
    keys.showOnly(isSeen, kPage);
    values.showOnly(isSeen, kPage);
    const fp8attn_cache keyCache = keys.cache(), valueCache = values.cache();
    const auto callWith = [&](auto *function, int64_t bytes, Floats &out) {
      status = function(with(bytes), query, &keyCache, &valueCache, tokenScale,
                        queryStart, lens, table, batch.selected, kScale, out);
      ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    };
    const auto callInto = [&](Floats &out) {
      if (batch.unit == 1)
        callWith(split_tokens, split_tokens_workspace_bytes(1), out);
      else
        callWith(split_pages, split_pages_workspace_bytes(1), out);
    };
    Floats out(FP8ATTN_TYPE_F32, {batch.tokens(), kHeads, kDim}, NAN);
    callInto(out);
    EXPECT_TRUE(isNear(Results{out.elements, {}}, expected, FP8ATTN_TYPE_F32));
    // Element for element where the query was.
    callInto(query);
    EXPECT_TRUE((Results{out.elements, {}}) == (Results{query.elements, {}}));
    keys.showAll();
    values.showAll();
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SelectedKeysTest, LatentTokens) {
  for (int problem = 0; problem < 8; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    Batch batch(random, 1);
    const std::vector<bool> isSeen = batch.places();
    // Pages are as far apart as those of memory.
    CachePart keyPart =
        makePairsCache(latent.data(), Content::Key, FP8ATTN_TYPE_F8E4M3FN, 1,
                       kLatentDim, kPage)
            .keys;
    keyPart.byte = [byte = keyPart.byte, bytes = latent.cache().page_bytes](
                       int64_t page, int64_t head, int64_t token,
                       int64_t channel) {
      return page * bytes + byte(0, head, token, channel);
    };
    latent.fill(0xFF);
    write(keyPart, latent, batch);
    makeQueries(batch, kLatentHeads, kLatentDim);

    AttentionCall call = describe(batch, kLatentHeads);
    call.query = {words.elements.data(), batch.tokens(),
                  kLatentHeads * kLatentDim, kLatentDim, FP8ATTN_TYPE_BF16};
    call.keys = keyPart;
    call.values = firstChannels(keyPart, kLatentOut);
    for (uint8_t power : powers.elements)
      call.keyScale.values.push_back(std::ldexp(1.0f, power - 127));
    call.keyScale.index = [](const ElementPlace &place) {
      return (place.page * kPage + place.token) * kBlocks + place.channel / 32;
    };
    call.keyScale.byToken = call.keyScale.byChannel = true;
    call.valueScale = call.keyScale;
    call.softmaxScale = 1 / std::sqrt(double(kLatentDim));
    const AttentionResult expected = attend(call);

    Floats out(FP8ATTN_TYPE_F32, {batch.tokens(), kLatentHeads, kLatentOut},
               NAN),
        lse(FP8ATTN_TYPE_F32, {batch.tokens(), kLatentHeads}, NAN);
    Integers queryStart = makeList(batch.queryStart),
             lens = makeList(batch.lens), table = batch.leastTable(isSeen);
    latent.showOnly(isSeen, kPage);
    const fp8attn_cache cache = latent.cache();
    status = latent_tokens(with(latent_tokens_workspace_bytes(1)), words,
                           &cache, powers, queryStart, lens, table,
                           batch.selected, out, lse);
    latent.showAll();
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    EXPECT_TRUE(isNear(Results{out.elements, lse.elements}, expected,
                       FP8ATTN_TYPE_F32));
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SelectedKeysTest, DoesNotDependOnOrderOrWorkers) {
  for (int problem = 0; problem < 8; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    Batch batch(random, problem % 2 ? 1 : kPage);
    prepareScaled(batch);
    const Results results = scaled(batch);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    // The same sets, with the first entry once more.
    Batch other = batch;
    other.entries += 1;
    other.selected =
        Integers(FP8ATTN_TYPE_I32, {batch.tokens(), other.entries}, -1);
    for (int64_t token = 0; token < batch.tokens(); ++token) {
      const auto from = batch.selected.elements.begin() + token * batch.entries;
      const auto to = other.selected.elements.begin() + token * other.entries;
      std::copy(from, from + batch.entries, to);
      to[batch.entries] = *from;
      std::shuffle(to, to + other.entries, random);
    }
    EXPECT_TRUE(results == scaled(other));
    context.num_workers = kLoopWorkers;
    for (fp8attn_parallel_for loop : kLoops) {
      context.parallel_for = loop;
      EXPECT_TRUE(results == scaled(batch));
    }
    context.parallel_for = nullptr;
    context.num_workers = 1;
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SelectedKeysTest, PagesAndTheirTokensAreTheSame) {
  for (int problem = 0; problem < 8; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    Batch batch(random, kPage);
    prepareScaled(batch);
    const Results results = scaled(batch);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    Batch other = batch;
    other.unit = 1;
    other.entries *= kPage;
    other.selected =
        Integers(FP8ATTN_TYPE_I32, {batch.tokens(), other.entries}, -1);
    for (size_t i = 0; i < batch.selected.elements.size(); ++i)
      for (int64_t t = 0; t < kPage; ++t)
        if (batch.selected.elements[i] >= 0)
          other.selected.elements[i * kPage + t] =
              batch.selected.elements[i] * kPage + t;
    EXPECT_TRUE(results == scaled(other));
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    // Behind all of a sequence's pages, there is nothing.
    other = batch;
    other.entries = batch.columns;
    other.selected =
        Integers(FP8ATTN_TYPE_I32, {batch.tokens(), other.entries}, 0);
    for (size_t i = 0; i < other.selected.elements.size(); ++i)
      other.selected.elements[i] =
          static_cast<int32_t>(other.entries - 1 - i % other.entries);
    prepareScaled(other);
    EXPECT_TRUE(scaled(other) == scaledBy(whole,
                                          whole_workspace_bytes(kLoopWorkers),
                                          other, other.places()));
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    ASSERT_FALSE(HasFailure());
  }
}

/// More queries than are attended to at once: 64 of 2,048 entries.
TEST_P(SelectedKeysTest, ManyLongLists) {
  constexpr int64_t kQueries = 70, kEntries = 2048;
  Batch batch(random, 1);
  while (batch.lens[0] < kQueries)
    batch = Batch(random, 1);
  batch.queryStart.assign(batch.lens.size() + 1, kQueries);
  batch.queryStart[0] = 0;
  const auto fillLists = [&](int64_t entries) {
    std::mt19937 same(7);
    batch.entries = entries;
    batch.selected = Integers(FP8ATTN_TYPE_I32, {kQueries, entries}, -1);
    for (int64_t token = 0; token < kQueries; ++token)
      for (int64_t i = 0; i < 9; ++i)
        batch.selected.elements[token * entries + i] =
            static_cast<int32_t>(same() % batch.lens[0]);
  };
  fillLists(kEntries);
  prepareScaled(batch);
  const Results results = scaled(batch);
  ASSERT_EQ(status, FP8ATTN_OK) << context.message;
  EXPECT_TRUE(isNear(results, expectScaled(batch), FP8ATTN_TYPE_BF16));
  fillLists(9);
  EXPECT_TRUE(results == scaled(batch));
}

TEST_P(SelectedKeysTest, NoEntriesAreNoKeys) {
  for (int64_t unit : {int64_t(1), kPage}) {
    Batch batch(random, unit);
    batch.entries = 0;
    batch.selected = Integers(FP8ATTN_TYPE_I32, {batch.tokens(), 0});
    prepareScaled(batch);
    const Results results = scaled(batch);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    for (float element : results.out)
      ASSERT_EQ(element, 0);
    for (size_t row = 0; row < results.lse.size(); ++row)
      ASSERT_EQ(results.lse[row], sink.elements[row % kHeads]);
  }
}

/// Each offence ends the call before anything is written.
TEST_P(SelectedKeysTest, HostileListsAreRefused) {
  for (int64_t unit : {int64_t(1), kPage}) {
    const std::string name = unit == 1 ? "selected_tokens" : "selected_pages";
    Batch good(random, unit);
    while (good.tokens() < 2 || good.endOf(0) == 0)
      good = Batch(random, unit);
    good.selected.elements[0] = 0;
    prepareScaled(good);
    scaled(good);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    const int64_t units = good.columns * kPage / unit;
    const auto refuses = [&](const std::string &begin, auto change) {
      Batch batch = good;
      change(batch);
      const std::vector<bool> isSeen = good.places();
      const Results results = unit == 1
                                  ? scaledBy(tokens, tokens_workspace_bytes(1),
                                             batch, isSeen, batch.selected)
                                  : scaledBy(pages, pages_workspace_bytes(1),
                                             batch, isSeen, batch.selected);
      EXPECT_NE(status, FP8ATTN_OK) << begin;
      EXPECT_EQ(std::string(context.message).rfind(begin, 0), 0u)
          << context.message << ", expected " << begin;
      for (float element : results.out)
        ASSERT_TRUE(std::isnan(element)) << begin;
    };
    for (int64_t entry :
         {int64_t(-2), int64_t(INT32_MIN), units, int64_t(INT32_MAX)})
      refuses(name + "[1, 0] is " + std::to_string(entry), [&](Batch &batch) {
        batch.selected.elements[batch.entries] = static_cast<int32_t>(entry);
      });
    refuses("block_table[" + std::to_string(good.sequenceOf(0)) + ", 0] is 256",
            [&](Batch &batch) {
              batch.table[batch.sequenceOf(0) * batch.columns] = kPages;
            });
    refuses("tokens of " + name + " is ",
            [](Batch &batch) { batch.selected.descriptor.sizes[0] -= 1; });
    refuses("query_start[0] is 1", [](Batch &b) { b.queryStart[0] = 1; });
    refuses("seq_lens[0] is -1", [](Batch &b) { b.lens[0] = -1; });
  }
}

FP8ATTN_INSTANTIATE_ON_ISAS(SelectedKeysTest);
