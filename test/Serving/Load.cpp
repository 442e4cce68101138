//===- Load.cpp - requests, and what must hold between steps --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Load.h"

#include <gtest/gtest.h>

#include <iterator>

using namespace serving;

std::ostream &serving::operator<<(std::ostream &stream, const Text &text) {
  for (Token token : text.tokens)
    stream << token << ' ';
  return stream << "digest " << text.digest;
}

static int32_t draw(std::mt19937 &random, int32_t least, int32_t most) {
  return least + int32_t(random() % uint32_t(most - least + 1));
}

Request serving::drawRequest(std::mt19937 &random, int64_t id) {
  constexpr int32_t kMostPrompt = 130, kMostShared = 100, kMostOutputs = 30;
  Request request;
  request.id = id;
  request.numOutputs = draw(random, 1, kMostOutputs);
  request.prompt.resize(draw(random, 1, kMostPrompt));
  for (Token &token : request.prompt)
    token = draw(random, 0, kVocabulary - 1);
  std::mt19937 common(draw(random, 0, 1));
  const size_t shared = draw(random, 0, kMostShared);
  for (size_t i = 0; i < std::min(shared, request.prompt.size()); ++i)
    request.prompt[i] = draw(common, 0, kVocabulary - 1);
  const auto size = int32_t(request.prompt.size());
  const int32_t names[] = {0, std::min(int32_t(shared), size),
                           std::min(int32_t(shared), size),
                           draw(random, 0, size)};
  request.prefixTokens = names[random() % std::size(names)];
  return request;
}

std::vector<Request> serving::drawRequests(uint32_t seed, int64_t count) {
  std::mt19937 random(seed);
  std::vector<Request> requests;
  for (int64_t id = 0; id < count; ++id)
    requests.push_back(drawRequest(random, id));
  return requests;
}

const Model &serving::testModel() {
  static const Model model(/*numLayers=*/2, /*seed=*/1);
  return model;
}

const Model &serving::windowedModel() {
  static const Model model = [] {
    Model windowed = testModel();
    windowed.isWindowed = true;
    return windowed;
  }();
  return model;
}

Text serving::serveAlone(const Request &request, CacheFormat format,
                         const Model &model, int32_t isaCap) {
  EngineOptions options;
  options.format = format;
  options.isaCap = isaCap;
  options.scheduler = {.numPages = 16,
                       .maxRows = 1 << 20,
                       .maxSequences = 1,
                       .numDrafts = 0,
                       .sharePrefixes = false};
  Engine engine(model, options);
  EXPECT_EQ(engine.submit(request), std::nullopt);
  return serveAll(engine).at(request.id);
}

void serving::expectInvariants(const Scheduler &scheduler) {
  const PagePool &pool = scheduler.getPool();
  std::vector<int32_t> holders(pool.numPages());
  for (int32_t page : scheduler.getTree().listPages())
    ++holders.at(page);
  for (const auto &[order, sequence] : scheduler.getRunning()) {
    EXPECT_GT(sequence->numToCompute(), 0);
    EXPECT_LE(sequence->numComputed, sequence->capacity());
    EXPECT_FALSE(sequence->isFinished());
    for (int32_t page : sequence->pages)
      if (page != kNoPage)
        ++holders.at(page);
  }
  for (const auto &[order, sequence] : scheduler.getWaiting()) {
    EXPECT_TRUE(sequence->pages.empty());
    EXPECT_EQ(sequence->numComputed, 0);
  }
  int32_t numFree = 0;
  for (int32_t page = 0; page < pool.numPages(); ++page) {
    EXPECT_EQ(pool.numReferences(page), holders[page]) << "page " << page;
    numFree += holders[page] == 0;
  }
  EXPECT_EQ(pool.numFree(), numFree);
}

std::map<int64_t, Text>
serving::serveAll(Engine &engine,
                  const std::function<void(const StepReport &)> &afterStep) {
  std::map<int64_t, Text> texts;
  while (!engine.isIdle() && !testing::Test::HasFailure()) {
    const StepReport report = engine.step();
    EXPECT_EQ(report.status, FP8ATTN_OK) << report.message;
    expectInvariants(engine.getScheduler());
    for (const std::unique_ptr<Sequence> &sequence : report.ended)
      texts[sequence->request.id] = {sequence->tokens, sequence->digest};
    afterStep(report);
  }
  return texts;
}
