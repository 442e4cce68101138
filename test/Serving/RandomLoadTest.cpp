//===- RandomLoadTest.cpp - an engine that has no quiet minute ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Requests come and are cancelled at random, calls fail at random, pages are
// few. FP8ATTN_SERVING_SECONDS says for how long, FP8ATTN_RANDOM_SEED with
// which numbers to begin (docs/Testing.md).
//
//===----------------------------------------------------------------------===//

#include "Load.h"
#include "Progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

using namespace serving;

static int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

namespace {
struct Counts {
  int64_t numSteps = 0, numFailed = 0, numTexts = 0, numTokens = 0,
          numCancelled = 0, numPreemptions = 0, numDrafts = 0;
};
} // namespace

/// Serves some requests with an engine of random options, and compares what is
/// finished with what each is alone.
static void serveRandomly(uint32_t seed, Counts &counts) {
  SCOPED_TRACE("repeat with FP8ATTN_RANDOM_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  EngineOptions options;
  options.format = random() % 2 ? CacheFormat::E4M3 : CacheFormat::BF16;
  options.numGroups = 1 + int32_t(random() % 2);
  options.workersPerGroup = 1 + int32_t(random() % 2);
  options.scheduler = {.numPages = 5 + int32_t(random() % 8),
                       .maxRows = 8 + int32_t(random() % 90),
                       .maxSequences = 2 + int32_t(random() % 8),
                       .numDrafts = int32_t(random() % 4),
                       .sharePrefixes = random() % 4 > 0};
  const Model &model = random() % 4 ? testModel() : windowedModel();
  Engine engine(model, options);
  const int64_t numRequests = 4 + random() % 12;
  int64_t numSubmitted = 0;
  while (numSubmitted < numRequests || !engine.isIdle()) {
    while (numSubmitted < numRequests && (engine.isIdle() || random() % 2 == 0))
      ASSERT_EQ(engine.submit(drawRequest(random, numSubmitted++)),
                std::nullopt);
    if (random() % 40 == 0)
      engine.cancel(int64_t(random() % numRequests));
    fp8attn_context &context =
        engine.getGroups()[random() % options.numGroups].context;
    const int64_t bytes = context.workspace_bytes;
    if (random() % 20 == 0)
      context.workspace_bytes = 0;
    const StepReport report = engine.step();
    EXPECT_TRUE(report.status == FP8ATTN_OK || context.workspace_bytes == 0)
        << report.message;
    context.workspace_bytes = bytes;
    ++counts.numSteps;
    counts.numFailed += report.status != FP8ATTN_OK;
    counts.numDrafts += report.numDrafts;
    expectInvariants(engine.getScheduler());
    for (const std::unique_ptr<Sequence> &sequence : report.ended) {
      counts.numPreemptions += sequence->numPreemptions;
      counts.numCancelled += sequence->isCancelled;
      if (sequence->isCancelled)
        continue;
      ++counts.numTexts;
      counts.numTokens += sequence->numText();
      ASSERT_EQ((Text{sequence->tokens, sequence->digest}),
                serveAlone(sequence->request, options.format, model))
          << "request " << sequence->request.id;
    }
    if (testing::Test::HasFailure())
      return;
  }
  EXPECT_EQ(engine.getScheduler().numPagesInUse(), 0);
}

TEST(RandomLoadTest, TextsAreThoseOfRequestsServedAlone) {
  using Clock = std::chrono::steady_clock;
  const std::chrono::seconds seconds(
      fromEnvironment("FP8ATTN_SERVING_SECONDS", 3));
  uint32_t seed = uint32_t(fromEnvironment("FP8ATTN_RANDOM_SEED", 1));
  Counts counts;
  mlir::fp8attn::Progress progress(seconds.count(), "seconds");
  const Clock::time_point begin = Clock::now();
  Clock::duration passed;
  do {
    serveRandomly(seed++, counts);
    passed = Clock::now() - begin;
    progress.reach(
        std::chrono::duration_cast<std::chrono::seconds>(passed).count());
  } while (passed < seconds && !HasFailure());
  progress.clear();
  std::printf("%lld steps, %lld with a failed call; %lld texts of %lld tokens, "
              "%lld cancelled; %lld preemptions, %lld guesses; next seed %u\n",
              (long long)counts.numSteps, (long long)counts.numFailed,
              (long long)counts.numTexts, (long long)counts.numTokens,
              (long long)counts.numCancelled, (long long)counts.numPreemptions,
              (long long)counts.numDrafts, seed);
}
