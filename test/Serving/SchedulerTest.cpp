//===- SchedulerTest.cpp - the bookkeeping without the model --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A page is its tokens here: what a chunk writes is kept by page and place, so
// that a page that was given away too early, written by two, or attached to the
// wrong prefix is found in the step in which it would be read.
//
//===----------------------------------------------------------------------===//

#include "Load.h"

#include <gtest/gtest.h>

using namespace serving;

/// Returns a number for a beginning of some tokens: of one that has one more.
static uint64_t extend(uint64_t prefix, Token token) {
  return (prefix ^ uint64_t(token + 1)) * 0x9E3779B97F4A7C15;
}

/// The same for token i of a request: what is behind a prefix that it names
/// depends on where that ends.
static uint64_t extend(uint64_t prefix, const Request &request, int32_t i,
                       Token token) {
  const int32_t end = request.prefixTokens / kPageTokens * kPageTokens;
  return extend(i == end ? prefix ^ uint64_t(end) : prefix, token);
}

namespace {
class FakeModel {
public:
  explicit FakeModel(int32_t numPages) : places(numPages * kPageTokens) {}

  /// Text that repeats itself, so that guesses are right at times.
  static Token predict(uint64_t prefix) { return Token(prefix >> 62); }

  void run(const PagePool &pool, Chunk &chunk) {
    const Sequence &sequence = *chunk.sequence;
    uint64_t prefix = 0;
    for (int32_t i = 0; i < sequence.numComputed; ++i) {
      prefix = extend(prefix, sequence.request, i, sequence.tokens[i]);
      ASSERT_EQ(placeOf(sequence, i), prefix) << "token " << i;
    }
    int32_t position = sequence.numComputed;
    const int32_t end = sequence.numPrefixPages() * kPageTokens;
    ASSERT_TRUE(position >= end || position + int32_t(chunk.rows.size()) <= end)
        << "rows on both sides of the end of a prefix";
    for (size_t row = 0; row < chunk.rows.size(); ++row, ++position) {
      ASSERT_EQ(pool.numReferences(sequence.pages.at(position / kPageTokens)),
                1)
          << "writes a page of others";
      prefix = extend(prefix, sequence.request, position, chunk.rows[row]);
      placeOf(sequence, position) = prefix;
      if (chunk.reachesEnd() && int32_t(row) >= chunk.numKnown() - 1)
        chunk.predictions.push_back({predict(prefix), prefix});
    }
    chunk.isDone = true;
  }

private:
  uint64_t &placeOf(const Sequence &sequence, int32_t position) {
    return places[sequence.pages.at(position / kPageTokens) * kPageTokens +
                  position % kPageTokens];
  }
  std::vector<uint64_t> places;
};
} // namespace

/// Returns the text that the fake model makes of a prompt.
static std::vector<Token> expectedTokens(const Request &request) {
  std::vector<Token> tokens = request.prompt;
  uint64_t prefix = 0;
  for (size_t i = 0; i < request.prompt.size() + request.numOutputs; ++i) {
    if (i == tokens.size())
      tokens.push_back(FakeModel::predict(prefix));
    prefix = extend(prefix, request, int32_t(i), tokens[i]);
  }
  return tokens;
}

namespace {
/// What a load has to have met to have tested something.
struct Met {
  int64_t numDrafts = 0, numPreempted = 0, numCancelled = 0, numFailed = 0,
          numEnded = 0;
};
} // namespace

static void serveLoad(uint32_t seed, bool sharePrefixes, Met &met) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int32_t kMaxTokens = 160; // of drawRequest
  SchedulerOptions options;
  options.numPages = kMaxTokens / kPageTokens + int32_t(random() % 16);
  options.maxRows = 1 + int32_t(random() % 100);
  options.maxSequences = 1 + int32_t(random() % 8);
  options.numDrafts = int32_t(random() % 4);
  options.sharePrefixes = sharePrefixes;
  Scheduler scheduler(options);
  FakeModel model(options.numPages);
  constexpr int64_t kRequests = 30;
  int64_t numSubmitted = 0, numEnded = 0;
  while (numEnded < kRequests && !testing::Test::HasFailure()) {
    while (numSubmitted < kRequests &&
           (scheduler.isIdle() || random() % 3 == 0))
      ASSERT_EQ(scheduler.submit(drawRequest(random, numSubmitted++)),
                std::nullopt);
    if (random() % 50 == 0)
      scheduler.cancel(int64_t(random() % kRequests));
    std::vector<Chunk> chunks = scheduler.plan();
    ASSERT_TRUE(scheduler.isIdle() || !chunks.empty());
    int32_t numRows = 0;
    for (Chunk &chunk : chunks) {
      numRows += int32_t(chunk.rows.size());
      met.numDrafts += chunk.numDrafts;
      model.run(scheduler.getPool(), chunk);
      // A call that failed has written what it liked to its rows.
      if (random() % 20 == 0) {
        chunk.isDone = false;
        chunk.predictions.clear();
        ++met.numFailed;
      }
    }
    EXPECT_LE(numRows, options.maxRows);
    scheduler.commit(chunks);
    expectInvariants(scheduler);
    for (const Chunk &chunk : chunks)
      if (!chunk.predictions.empty() && !chunk.sequence->isFinished())
        EXPECT_EQ(chunk.sequence->numToCompute(), 1);
    for (const std::unique_ptr<Sequence> &sequence : scheduler.takeEnded()) {
      ++numEnded;
      met.numPreempted += sequence->numPreemptions > 0;
      met.numCancelled += sequence->isCancelled;
      if (!sequence->isCancelled)
        EXPECT_EQ(sequence->tokens, expectedTokens(sequence->request));
    }
  }
  EXPECT_EQ(scheduler.numPagesInUse(), 0);
  met.numEnded += numEnded;
}

TEST(SchedulerTest, RandomLoads) {
  constexpr uint32_t kLoads = 200;
  Met met;
  for (uint32_t seed = 0; seed < kLoads && !HasFailure(); ++seed)
    serveLoad(seed, seed % 2 == 0, met);
  EXPECT_GT(met.numDrafts, 0);
  EXPECT_GT(met.numPreempted, 0);
  EXPECT_GT(met.numCancelled, 0);
  EXPECT_GT(met.numFailed, 0);
}

TEST(SchedulerTest, RequestsThatCanNeverBeServedAreRefused) {
  Scheduler scheduler({.numPages = 2});
  EXPECT_EQ(scheduler.submit({1, {}, 1}),
            "expects a prompt, and at least one token to make");
  EXPECT_EQ(scheduler.submit({1, {5}, 0}),
            "expects a prompt, and at least one token to make");
  EXPECT_EQ(scheduler.submit({1, {kVocabulary}, 1}),
            "expects tokens of the prompt to be 0 to 255");
  EXPECT_EQ(scheduler.submit({1, std::vector<Token>(40), 25}),
            "expects at most 64 tokens of prompt and text, got 65");
  EXPECT_EQ(scheduler.submit({1, {5}, INT32_MAX}),
            "expects at most 64 tokens of prompt and text, got 2147483648");
  Request request{1, {5, 6}, 1};
  for (int32_t prefix : {3, -1}) {
    request.prefixTokens = prefix;
    EXPECT_EQ(scheduler.submit(request),
              "expects a prefix of 0 to 2 tokens, got " +
                  std::to_string(prefix));
  }
  EXPECT_EQ(scheduler.submit({1, {5}, 63}), std::nullopt);
  EXPECT_EQ(scheduler.submit({1, {5}, 1}), "expects an id of its own, got 1");
}
