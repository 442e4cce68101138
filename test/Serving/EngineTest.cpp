//===- EngineTest.cpp - text of the engine, whatever happens --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// However a request is served, its text has the bits of the one that it has
// when it is served alone (docs/Repeatability.md).
//
//===----------------------------------------------------------------------===//

#include "Load.h"

#include <gtest/gtest.h>

using namespace serving;

constexpr int64_t kRequests = 12;
constexpr uint32_t kSeed = 3;

/// Returns the texts of drawRequests(kSeed, kRequests), each served alone.
static const std::map<int64_t, Text> &expectedTexts(CacheFormat format) {
  static std::map<CacheFormat, std::map<int64_t, Text>> texts;
  if (!texts.contains(format))
    for (const Request &request : drawRequests(kSeed, kRequests))
      texts[format][request.id] = serveAlone(request, format);
  return texts[format];
}

static void submitAll(Engine &engine) {
  for (const Request &request : drawRequests(kSeed, kRequests))
    ASSERT_EQ(engine.submit(request), std::nullopt);
}

/// Few pages, small steps: all sorts of rows in a step, and preemption.
static EngineOptions crowdedOptions(CacheFormat format) {
  EngineOptions options;
  options.format = format;
  options.scheduler = {.numPages = 11, .maxRows = 48, .maxSequences = 8};
  return options;
}

namespace {
class EngineTest : public testing::TestWithParam<CacheFormat> {};
} // namespace
INSTANTIATE_TEST_SUITE_P(, EngineTest,
                         testing::Values(CacheFormat::E4M3, CacheFormat::BF16),
                         [](const auto &info) {
                           return info.param == CacheFormat::E4M3 ? "e4m3"
                                                                  : "bf16";
                         });

TEST_P(EngineTest, TextIsThatOfARequestServedAlone) {
  Engine engine(testModel(), crowdedOptions(GetParam()));
  submitAll(engine);
  int32_t numDrafts = 0, numPreemptions = 0, numMixed = 0;
  const auto texts = serveAll(engine, [&](const StepReport &report) {
    EXPECT_EQ(report.status, FP8ATTN_OK) << report.message;
    numDrafts += report.numDrafts;
    numMixed += report.emissions.size() > 1 &&
                report.numRows > 2 * int32_t(report.emissions.size());
    for (const auto &sequence : report.ended)
      numPreemptions += sequence->numPreemptions;
  });
  EXPECT_EQ(texts, expectedTexts(GetParam()));
  EXPECT_GT(numDrafts, 0);
  EXPECT_GT(numPreemptions, 0);
  EXPECT_GT(numMixed, 0);
  EXPECT_EQ(engine.getScheduler().numPagesInUse(), 0);
}

TEST_P(EngineTest, NeitherSharingNorGroupsNorWorkersChangeIt) {
  EngineOptions options = crowdedOptions(GetParam());
  options.scheduler.sharePrefixes = false;
  options.numGroups = 2;
  options.workersPerGroup = 2;
  Engine engine(testModel(), options);
  submitAll(engine);
  EXPECT_EQ(serveAll(engine), expectedTexts(GetParam()));
}

TEST_P(EngineTest, TextsDiffer) {
  // Or the test above would compare nothing with nothing.
  std::map<uint64_t, int> digests;
  std::map<Token, int> tokens;
  for (const auto &[id, text] : expectedTexts(GetParam())) {
    ++digests[text.digest];
    ++tokens[text.tokens.back()];
  }
  EXPECT_EQ(digests.size(), size_t(kRequests));
  EXPECT_GT(tokens.size(), size_t(kRequests / 2));
}

TEST_P(EngineTest, SharedPrefixesAreComputedOnce) {
  constexpr int32_t kShared = 3 * kPageTokens;
  Request first{0, std::vector<Token>(kShared + 8, 5), 4};
  Request second = first;
  second.id = 1;
  second.prompt.back() = 6;
  const Text expected = serveAlone(second, GetParam());
  EngineOptions options;
  options.format = GetParam();
  Engine engine(testModel(), options);
  ASSERT_EQ(engine.submit(first), std::nullopt);
  serveAll(engine);
  ASSERT_EQ(engine.submit(second), std::nullopt);
  const StepReport report = engine.step();
  EXPECT_EQ(report.numRows - report.numDrafts, 8);
  EXPECT_EQ(serveAll(engine).at(1), expected);
}

TEST_P(EngineTest, PagesBehindAWindowAreFreed) {
  // Prompts longer than the window in short chunks, whose pages others use when
  // the window has left them, and texts that go on for a page and more.
  constexpr int32_t kLong = kWindow + 3 * kPageTokens, kOutputs = 40;
  std::vector<Request> requests = drawRequests(kSeed, 4);
  std::map<int64_t, Text> expected;
  for (Request &request : requests) {
    request.prompt.resize(kLong + request.id, Token(request.id));
    request.numOutputs = kOutputs;
    expected[request.id] = serveAlone(request, GetParam(), windowedModel());
    EXPECT_NE(expected[request.id], serveAlone(request, GetParam()));
  }
  EngineOptions options = crowdedOptions(GetParam());
  Engine engine(windowedModel(), options);
  for (const Request &request : requests)
    ASSERT_EQ(engine.submit(request), std::nullopt);
  size_t most = 0;
  EXPECT_EQ(serveAll(engine,
                     [&](const StepReport &) {
                       for (const auto &[order, sequence] :
                            engine.getScheduler().getRunning()) {
                         const auto &pages = sequence->pages;
                         most = std::max<size_t>(
                             most,
                             pages.size() - std::count(pages.begin(),
                                                       pages.end(), kNoPage));
                       }
                     }),
            expected);
  // The window, a step's rows, and a page that is begun on either side.
  EXPECT_LE(most,
            size_t((kWindow + options.scheduler.maxRows) / kPageTokens + 2));
  EXPECT_EQ(engine.getScheduler().numPagesInUse(), 0);
}

namespace {
/// The loops of a group, at one of which something happens.
class DisturbedLoop {
public:
  /// Calls disturb(worker) at loop number `numLoops`; the loops from then on
  /// run as that worker.
  DisturbedLoop(WorkerGroup &group, int numLoops,
                std::function<void(int32_t &)> disturb)
      : context(group.context), before(group.context), numLoops(numLoops),
        disturb(std::move(disturb)) {
    context.parallel_for = run;
    context.pool = this;
  }
  ~DisturbedLoop() {
    context.parallel_for = before.parallel_for;
    context.pool = before.pool;
  }

private:
  static void run(void *pool, int64_t count, fp8attn_body body,
                  void *argument) {
    DisturbedLoop &self = *static_cast<DisturbedLoop *>(pool);
    if (--self.numLoops == 0)
      self.disturb(self.worker);
    body(argument, 0, count, self.worker);
  }
  fp8attn_context &context;
  const fp8attn_context before;
  int numLoops;
  int32_t worker = 0;
  std::function<void(int32_t &)> disturb;
};
} // namespace

/// Lets each loop of a step fail in its turn: what comes before it is done, and
/// what it has of rows is not valid. The step is the first one, or the one
/// behind the first that read a prefix. Returns the number of loops.
static int failEachLoop(CacheFormat format, bool isBehindPrefix) {
  int numFailed = 0;
  for (bool isInStep = true; isInStep && !testing::Test::HasFailure();) {
    Engine engine(testModel(), crowdedOptions(format));
    submitAll(engine);
    WorkerGroup &group = engine.getGroups()[0];
    std::map<int64_t, Text> texts;
    const auto step = [&] {
      StepReport report = engine.step();
      expectInvariants(engine.getScheduler());
      for (const auto &sequence : report.ended)
        texts[sequence->request.id] = {sequence->tokens, sequence->digest};
      return report;
    };
    while (isBehindPrefix && group.reads.numRead == 0)
      EXPECT_EQ(step().status, FP8ATTN_OK);
    const int64_t numRead = group.reads.numRead;
    isInStep = false;
    {
      DisturbedLoop loop(group, numFailed + 1, [&](int32_t &worker) {
        isInStep = true;
        worker = -1;
      });
      const StepReport report = step();
      EXPECT_EQ(report.status, isInStep ? FP8ATTN_BAD_CONTEXT : FP8ATTN_OK);
      if (isInStep)
        EXPECT_EQ(report.message,
                  "parallel_for passed worker -1, expected 0 to 0");
      EXPECT_TRUE(report.emissions.empty() || !isInStep);
    }
    EXPECT_EQ(group.reads.numRead > numRead, isBehindPrefix && !isInStep);
    texts.merge(serveAll(engine));
    EXPECT_EQ(texts, expectedTexts(format));
    numFailed += isInStep;
  }
  return numFailed;
}

TEST_P(EngineTest, AFailedCallLosesNothing) {
  // For each layer writing and attention; behind a prefix attention is to it,
  // to own keys, and a merge.
  const int numLayers = int(testModel().layers.size());
  EXPECT_GE(failEachLoop(GetParam(), /*isBehindPrefix=*/false), 2 * numLayers);
  EXPECT_GE(failEachLoop(GetParam(), /*isBehindPrefix=*/true), 4 * numLayers);
}

TEST_P(EngineTest, AGroupThatFailsDoesNotStopTheOther) {
  EngineOptions options = crowdedOptions(GetParam());
  options.numGroups = 2;
  Engine engine(testModel(), options);
  submitAll(engine);
  engine.getGroups()[1].context.abi_version = 0;
  std::map<int64_t, Text> texts;
  int32_t numFailed = 0;
  for (int step = 0; step < 10; ++step) {
    StepReport report = engine.step();
    expectInvariants(engine.getScheduler());
    numFailed += report.status != FP8ATTN_OK;
    for (const auto &sequence : report.ended)
      texts[sequence->request.id] = {sequence->tokens, sequence->digest};
  }
  EXPECT_GT(numFailed, 0);
  engine.getGroups()[1].context.abi_version = FP8ATTN_ABI_VERSION;
  texts.merge(serveAll(engine));
  EXPECT_EQ(texts, expectedTexts(GetParam()));
}

TEST_P(EngineTest, CancelledMidChunk) {
  // Each of some requests within a call, be it in its prompt, in its text, or
  // before it began; those that ended before stay as they are.
  int numCancelled = 0;
  for (int64_t id = 0; id < kRequests; id += 3) {
    Engine engine(testModel(), crowdedOptions(GetParam()));
    submitAll(engine);
    constexpr int kLoop = 30;
    DisturbedLoop loop(engine.getGroups()[0], kLoop,
                       [&](int32_t &) { engine.cancel(id); });
    std::map<int64_t, Text> expected = expectedTexts(GetParam());
    std::map<int64_t, Text> texts = serveAll(engine, [&](auto &report) {
      for (const auto &sequence : report.ended)
        if (sequence->isCancelled) {
          ++numCancelled;
          EXPECT_EQ(sequence->request.id, id);
          EXPECT_LT(sequence->tokens.size(), expected[id].tokens.size());
          expected[id] = {sequence->tokens, sequence->digest};
        }
    });
    EXPECT_EQ(texts, expected);
    EXPECT_EQ(engine.getScheduler().numPagesInUse(), 0);
  }
  EXPECT_GE(numCancelled, 3);
}
