//===- SharedPrefixTest.cpp - groups of sequences with a prefix -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls shared_prefix.mlir with random batches, in which some groups have no
// sequences, some sequences no queries or no keys of their own, and some
// prefixes no tokens: results are the bits of the operations that define them,
// whatever the groups and the workers, and near to plain attention over all
// keys; those of an empty prefix are the bits of plain attention. Pages that no
// table names, and tokens past a length, are NaN.
//
//===----------------------------------------------------------------------===//

#include "CallResults.h"
#include "DirectCall.h"
#include "Loops.h"
#include "fp8attn/Reference/Attention.h"
#include "fp8attn/Reference/Fp8.h"
#include "shared_prefix.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

using namespace fp8attn::reference;

static constexpr int64_t kHeads = 4, kKvHeads = 2, kDim = 64, kPage = 32,
                         kPages = 480;
static constexpr float kScale = 0.11f, kCap = 3;
static constexpr int64_t kWindowRight = 2;

/// Draws one of a few numbers.
static int32_t oneOf(std::mt19937 &random, std::initializer_list<int32_t> of) {
  return of.begin()[random() % of.size()];
}

namespace {
/// Rows of a table, in exactly as many columns as the longest wants.
struct PageRows {
  std::vector<int32_t> lens;
  Integers table{FP8ATTN_TYPE_I32, {0, 0}};
  int64_t columns = 1;

  /// Takes pages from the end of `free`. What is not read is no page.
  void take(std::vector<int32_t> &free) {
    for (int32_t length : lens)
      columns = std::max<int64_t>(columns, (length + kPage - 1) / kPage);
    table = Integers(FP8ATTN_TYPE_I32, {int64_t(lens.size()), columns}, -1);
    for (size_t row = 0; row < lens.size(); ++row)
      for (int64_t i = 0; i * kPage < lens[row]; ++i) {
        table.elements[row * columns + i] = free.back();
        free.pop_back();
      }
  }

  Integers lengths() const {
    Integers made(FP8ATTN_TYPE_I32, {int64_t(lens.size())});
    made.elements = lens;
    return made;
  }
};

/// A batch in groups.
struct Groups {
  std::vector<int32_t> queryStart = {0}, groupStart = {0};
  PageRows own, prefixes;

  explicit Groups(std::mt19937 &random) {
    const int32_t numGroups = oneOf(random, {1, 2, 3, 4});
    for (int32_t g = 0; g < numGroups; ++g) {
      prefixes.lens.push_back(
          oneOf(random, {0, 1, 31, 32, 33, 200, 257, 2100}));
      const int32_t numSeqs = oneOf(random, {0, 1, 2, 5, 9});
      for (int32_t s = 0; s < numSeqs; ++s) {
        own.lens.push_back(oneOf(random, {0, 1, 5, 32, 70, 130}));
        queryStart.push_back(queryStart.back() +
                             oneOf(random, {0, 1, 1, 1, 3, 20}));
      }
      groupStart.push_back(groupStart.back() + numSeqs);
    }
    std::vector<int32_t> free(kPages);
    std::iota(free.begin(), free.end(), 0);
    std::shuffle(free.begin(), free.end(), random);
    own.take(free);
    prefixes.take(free);
  }

  int64_t tokens() const { return queryStart.back(); }
  int64_t columns() const {
    return own.lens.empty()
               ? 0
               : *std::max_element(own.lens.begin(), own.lens.end());
  }

  /// Returns the same batch with a group for each sequence.
  Groups divided() const {
    Groups other = *this;
    other.groupStart = {0};
    other.prefixes.lens.clear();
    std::vector<int32_t> &table = other.prefixes.table.elements;
    table.clear();
    for (size_t g = 0; g + 1 < groupStart.size(); ++g)
      for (int32_t s = groupStart[g]; s < groupStart[g + 1]; ++s) {
        other.groupStart.push_back(s + 1);
        other.prefixes.lens.push_back(prefixes.lens[g]);
        const auto row =
            prefixes.table.elements.begin() + int64_t(g) * prefixes.columns;
        table.insert(table.end(), row, row + prefixes.columns);
      }
    other.prefixes.table.descriptor.sizes[0] = other.prefixes.lens.size();
    return other;
  }
};

/// Returns the results of queries [begin, end), with a log-sum-exp for each.
Results rowsOf(const Results &results, int64_t begin, int64_t end) {
  constexpr int64_t kRow = kHeads * kDim;
  const auto out = results.out.begin(), lse = results.lse.begin();
  return {{out + begin * kRow, out + end * kRow},
          {lse + begin * kHeads, lse + end * kHeads}};
}

/// Pages of a cache, NaN but for the tokens that are written.
class Pages {
public:
  Pages(Content content, fp8attn_type type, int64_t pageBytes)
      : memory(static_cast<uint8_t *>(
                   std::aligned_alloc(FP8ATTN_ALIGNMENT, kPages * pageBytes)),
               std::free),
        cache{memory.get(), kPages, pageBytes},
        parts(makePairsCache(memory.get(), content, type, kKvHeads, kDim,
                             kPage)) {
    std::memset(memory.get(), 0xFF, kPages * pageBytes);
  }

  void write(const CachePart &part, const PageRows &rows,
             std::mt19937 &random) {
    std::normal_distribution<float> normal;
    std::vector<uint16_t> token(kKvHeads * kDim);
    const HeadTensor source{token.data(), 1, 0, kDim, FP8ATTN_TYPE_BF16};
    for (size_t row = 0; row < rows.lens.size(); ++row)
      for (int64_t t = 0; t < rows.lens[row]; ++t) {
        for (uint16_t &element : token)
          element = encodeBf16(normal(random));
        const int64_t slot =
            rows.table.elements[row * rows.columns + t / kPage] * kPage +
            t % kPage;
        writeCache(part, source, &slot, Scales());
      }
  }

private:
  std::unique_ptr<uint8_t, decltype(&std::free)> memory;

public:
  fp8attn_cache cache;
  PairsCache parts;
};

class SharedPrefixTest : public IsaCallTest {
protected:
  SharedPrefixTest() {
    keyScale.elements.resize(kPages);
    std::uniform_real_distribution<float> scale(0.5f, 2);
    for (Floats *scales : {&keyScale, &valueScale})
      for (float &element : scales->elements)
        element = scale(random);
    sink.elements = {1, -2, 5, -std::numeric_limits<float>::infinity()};
  }

  /// Makes a batch whose tokens are in the caches.
  Groups makeGroups() {
    Groups groups(random);
    const auto fill = [&](const CachePart &part, Pages &pages) {
      pages.write(part, groups.own, random);
      pages.write(part, groups.prefixes, random);
    };
    codes = std::make_unique<Pages>(Content::KeyValue, FP8ATTN_TYPE_F8E4M3FN,
                                    SCALED_CACHE_PAGE_BYTES);
    fill(codes->parts.keys, *codes);
    fill(codes->parts.values, *codes);
    keys = std::make_unique<Pages>(Content::Key, FP8ATTN_TYPE_BF16,
                                   MASKED_KEYS_PAGE_BYTES);
    fill(keys->parts.keys, *keys);
    values = std::make_unique<Pages>(Content::Value, FP8ATTN_TYPE_BF16,
                                     MASKED_VALUES_PAGE_BYTES);
    fill(values->parts.values, *values);
    std::normal_distribution<float> normal;
    query = Floats(FP8ATTN_TYPE_F32, {groups.tokens(), kHeads, kDim});
    words = Words(FP8ATTN_TYPE_BF16, {groups.tokens(), kHeads, kDim});
    for (size_t i = 0; i < query.elements.size(); ++i) {
      query.elements[i] = 2 * normal(random);
      words.elements[i] = encodeBf16(query.elements[i]);
    }
    mask = Codes(FP8ATTN_TYPE_I8, {groups.tokens(), groups.columns()});
    for (uint8_t &element : mask.elements)
      element = random() % 4;
    return groups;
  }

  /// Calls a function with the lists of a batch, `starts` being those of its
  /// groups, and with further arguments.
  template <typename Function, typename... Rest>
  Results scaledBy(Function *function, int64_t bytes, Groups groups,
                   std::vector<int32_t> starts, Rest &&...rest) {
    Words out(FP8ATTN_TYPE_BF16, {groups.tokens(), kHeads, kDim}, 0x7FC0);
    Floats lse(FP8ATTN_TYPE_F32, {groups.tokens(), kHeads}, NAN);
    Integers queryStart = list(groups.queryStart), groupStart = list(starts),
             ownLens = groups.own.lengths(),
             prefixLens = groups.prefixes.lengths();
    status =
        function(with(bytes), words, &codes->cache, keyScale, valueScale,
                 queryStart, ownLens, groups.own.table, groupStart, prefixLens,
                 groups.prefixes.table, sink, out, lse, rest...);
    return {decoded(out), lse.elements};
  }
  template <typename Function, typename... Rest>
  Results maskedBy(Function *function, int64_t bytes, Groups groups,
                   std::vector<int32_t> starts, Floats &out, Rest &&...rest) {
    Integers queryStart = list(groups.queryStart), groupStart = list(starts),
             ownLens = groups.own.lengths(),
             prefixLens = groups.prefixes.lengths();
    status =
        function(with(bytes), query, &keys->cache, &values->cache, queryStart,
                 ownLens, groups.own.table, groupStart, prefixLens,
                 groups.prefixes.table, mask, kScale, out, rest...);
    return {out.elements, {}};
  }

  Results scaled_(const Groups &groups) {
    return scaledBy(scaled, scaled_workspace_bytes(kLoopWorkers), groups,
                    groups.groupStart);
  }
  Results masked_(const Groups &groups) {
    Floats out = newRows(groups);
    return maskedBy(masked, masked_workspace_bytes(kLoopWorkers), groups,
                    groups.groupStart, out);
  }
  /// Own keys alone.
  Results withoutPrefix(Groups groups) {
    Words out(FP8ATTN_TYPE_BF16, {groups.tokens(), kHeads, kDim}, 0x7FC0);
    Floats lse = newLse(groups);
    Integers queryStart = list(groups.queryStart),
             ownLens = groups.own.lengths();
    status = without_prefix(with(without_prefix_workspace_bytes(1)), words,
                            &codes->cache, keyScale, valueScale, queryStart,
                            ownLens, groups.own.table, sink, out, lse);
    return {decoded(out), lse.elements};
  }
  /// What the definition says, with the queries of groups found here.
  Results scaledParts(const Groups &groups) {
    Floats prefixOut = newRows(groups), ownOut = newRows(groups),
           prefixLse = newLse(groups);
    return scaledBy(scaled_parts, scaled_parts_workspace_bytes(kLoopWorkers),
                    groups, startsOfGroups(groups), prefixOut, prefixLse,
                    ownOut);
  }
  Results maskedParts(const Groups &groups) {
    Floats out = newRows(groups), prefixOut = newRows(groups),
           ownOut = newRows(groups), prefixLse = newLse(groups),
           ownLse = newLse(groups);
    return maskedBy(masked_parts, masked_parts_workspace_bytes(kLoopWorkers),
                    groups, startsOfGroups(groups), out, prefixOut, prefixLse,
                    ownOut, ownLse);
  }

  static std::vector<int32_t> startsOfGroups(const Groups &groups) {
    std::vector<int32_t> starts;
    for (int32_t sequence : groups.groupStart)
      starts.push_back(groups.queryStart[sequence]);
    return starts;
  }
  static std::vector<float> decoded(const Words &words) {
    std::vector<float> floats;
    for (uint16_t word : words.elements)
      floats.push_back(decodeBf16(word));
    return floats;
  }
  static Integers list(const std::vector<int32_t> &elements) {
    Integers made(FP8ATTN_TYPE_I32, {int64_t(elements.size())});
    made.elements = elements;
    return made;
  }
  static Floats newRows(const Groups &groups) {
    return Floats(FP8ATTN_TYPE_F32, {groups.tokens(), kHeads, kDim}, NAN);
  }
  static Floats newLse(const Groups &groups) {
    return Floats(FP8ATTN_TYPE_F32, {groups.tokens(), kHeads}, NAN);
  }

  /// Returns what both kinds of calls have in common for the reference.
  static AttentionCall describe(const Groups &groups) {
    AttentionCall call;
    call.numHeads = kHeads;
    call.numSeqs = int64_t(groups.own.lens.size());
    call.queryStart = groups.queryStart.data();
    call.seqLens = groups.own.lens.data();
    call.blockTable = groups.own.table.elements.data();
    call.tableStride = groups.own.columns;
    call.prefixes = {int64_t(groups.prefixes.lens.size()),
                     groups.groupStart.data(), groups.prefixes.lens.data(),
                     groups.prefixes.table.elements.data(),
                     groups.prefixes.columns};
    return call;
  }
  AttentionResult expectScaled(const Groups &groups) {
    AttentionCall call = describe(groups);
    call.query = {words.elements.data(), groups.tokens(), kHeads * kDim, kDim,
                  FP8ATTN_TYPE_BF16};
    call.keys = codes->parts.keys;
    call.values = codes->parts.values;
    call.keyScale.values = keyScale.elements;
    call.keyScale.index = [](const ElementPlace &place) { return place.page; };
    call.keyScale.byToken = true;
    call.valueScale.values = valueScale.elements;
    call.softmaxScale = 1 / std::sqrt(double(kDim));
    call.windowRight = 0;
    call.sink = sink.elements.data();
    return attend(call);
  }
  AttentionResult expectMasked(const Groups &groups) {
    AttentionCall call = describe(groups);
    call.query = {query.elements.data(), groups.tokens(), kHeads * kDim, kDim,
                  FP8ATTN_TYPE_F32};
    call.keys = keys->parts.keys;
    call.values = values->parts.values;
    call.softmaxScale = kScale;
    call.windowRight = kWindowRight;
    call.topLeft = true;
    const int64_t columns = groups.columns();
    call.modifyScore = [this, columns](double score, const ScorePlace &place) {
      const bool isKept = place.key < 0 ||
                          mask.elements[place.token * columns + place.key] != 0;
      return isKept ? kCap * std::tanh(score / kCap)
                    : -std::numeric_limits<double>::infinity();
    };
    return attend(call);
  }

  void expectNear(const std::vector<float> &actual,
                  const std::vector<double> &expected,
                  const std::vector<double> &allowed) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i)
      ASSERT_TRUE(actual[i] == expected[i] ||
                  std::abs(actual[i] - expected[i]) <= allowed[i])
          << i << ": " << actual[i] << ", expected " << expected[i] << " +- "
          << allowed[i];
  }

  Words words{FP8ATTN_TYPE_BF16, {0, kHeads, kDim}};
  Floats query{FP8ATTN_TYPE_F32, {0, kHeads, kDim}};
  Codes mask{FP8ATTN_TYPE_I8, {0, 0}};
  Floats keyScale{FP8ATTN_TYPE_F32, {kPages}},
      valueScale{FP8ATTN_TYPE_F32, {kKvHeads}},
      sink{FP8ATTN_TYPE_F32, {kHeads}};
  std::unique_ptr<Pages> codes, keys, values;
  int32_t status = FP8ATTN_OK;
};
} // namespace

TEST_P(SharedPrefixTest, IsTheMergeOfPrefixAndOwnKeys) {
  for (int problem = 0; problem < 12; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    const Groups groups = makeGroups();
    const Results results = scaled_(groups);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    EXPECT_TRUE(results == scaledParts(groups));
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    const AttentionResult expected = expectScaled(groups);
    expectNear(results.out, expected.out, allowedOutError(expected));
    expectNear(results.lse, expected.lse, allowedLseError(expected));
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SharedPrefixTest, HasTheMaskOfOwnKeys) {
  for (int problem = 0; problem < 12; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    const Groups groups = makeGroups();
    const Results results = masked_(groups);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    EXPECT_TRUE(results == maskedParts(groups));
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    const AttentionResult expected = expectMasked(groups);
    expectNear(results.out, expected.out,
               allowedOutError(expected, FP8ATTN_TYPE_F32));
    // Element for element where the query was.
    maskedBy(masked, masked_workspace_bytes(1), groups, groups.groupStart,
             query);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    EXPECT_TRUE(results == (Results{query.elements, {}}));
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SharedPrefixTest, DoesNotDependOnGroupsOrWorkers) {
  for (int problem = 0; problem < 6; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    const Groups groups = makeGroups();
    const Results results = scaled_(groups);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    EXPECT_TRUE(results == scaled_(groups.divided()));
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    context.num_workers = kLoopWorkers;
    for (fp8attn_parallel_for loop : kLoops) {
      context.parallel_for = loop;
      EXPECT_TRUE(results == scaled_(groups));
    }
    context.parallel_for = nullptr;
    context.num_workers = 1;
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(SharedPrefixTest, AnEmptyPrefixChangesNoBit) {
  size_t numCompared = 0;
  for (int problem = 0; problem < 12; ++problem) {
    SCOPED_TRACE(testing::Message() << "problem " << problem);
    const Groups groups = makeGroups();
    const Results results = scaled_(groups);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    const Results expected = withoutPrefix(groups);
    ASSERT_EQ(status, FP8ATTN_OK) << context.message;
    for (size_t g = 0; g < groups.prefixes.lens.size(); ++g) {
      const int32_t begin = groups.queryStart[groups.groupStart[g]],
                    end = groups.queryStart[groups.groupStart[g + 1]];
      if (groups.prefixes.lens[g] != 0)
        continue;
      numCompared += end - begin;
      EXPECT_TRUE(rowsOf(results, begin, end) == rowsOf(expected, begin, end))
          << "group " << g;
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(numCompared, 0u);
}

/// Each offence of groups ends the call before anything is written.
TEST_P(SharedPrefixTest, HostileGroupsAreRefused) {
  Groups good = makeGroups();
  while (good.tokens() == 0 || good.prefixes.lens[0] == 0 ||
         good.queryStart[good.groupStart[1]] == 0)
    good = makeGroups();
  scaled_(good);
  ASSERT_EQ(status, FP8ATTN_OK) << context.message;
  const auto refuses = [&](const char *begin, auto change) {
    Groups groups = good;
    change(groups);
    const Results results = scaled_(groups);
    EXPECT_NE(status, FP8ATTN_OK) << begin;
    EXPECT_EQ(std::string(context.message).rfind(begin, 0), 0u)
        << context.message << ", expected " << begin;
    for (float element : results.out)
      ASSERT_TRUE(std::isnan(element)) << begin;
  };
  refuses("group_start[0] is ", [](Groups &g) { g.groupStart[0] = 1; });
  refuses("group_start[", [](Groups &g) { g.groupStart.back() += 1; });
  refuses("group_start[1] is -5", [](Groups &g) { g.groupStart[1] = -5; });
  refuses("group_start[", [](Groups &g) { g.groupStart[1] = INT32_MAX; });
  refuses("prefix_lens[0] is -1", [](Groups &g) { g.prefixes.lens[0] = -1; });
  refuses("prefix_lens[0] is 2147483647",
          [](Groups &g) { g.prefixes.lens[0] = INT32_MAX; });
  refuses("prefix_table[0, 0] is -1",
          [](Groups &g) { g.prefixes.table.elements[0] = -1; });
  refuses("prefix_table[0, 0] is 480",
          [](Groups &g) { g.prefixes.table.elements[0] = kPages; });
  refuses("group_start has ", [](Groups &g) { g.groupStart.push_back(0); });
  refuses("prefix_table has ",
          [](Groups &g) { g.prefixes.table.descriptor.sizes[0] -= 1; });
  // The batch, as without groups.
  refuses("query_start[0] is 1", [](Groups &g) { g.queryStart[0] = 1; });
  scaled_(good);
  EXPECT_EQ(status, FP8ATTN_OK) << context.message;
}

FP8ATTN_INSTANTIATE_ON_ISAS(SharedPrefixTest);
