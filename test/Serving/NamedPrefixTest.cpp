//===- NamedPrefixTest.cpp - prefixes that are read once ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Requests that name a prefix share its pages and one read of them in a step,
// and have the bits that they have alone, over each format and on each ISA of
// this CPU. What empty prefixes do on the others is in SharedPrefixTest.
//
//===----------------------------------------------------------------------===//

#include "Load.h"

#include <gtest/gtest.h>

#include <iterator>

using namespace serving;

constexpr int32_t kPrefix = 3 * kPageTokens;

namespace {
class NamedPrefixTest
    : public testing::TestWithParam<std::tuple<fp8attn_isa, CacheFormat>> {
protected:
  void SetUp() override {
    options.isaCap = std::get<0>(GetParam());
    options.format = std::get<1>(GetParam());
    if (options.isaCap > fp8attn_cpu()->isa)
      GTEST_SKIP() << fp8attn_cpu()->reason;
  }

  Text alone(const Request &request, const Model &model = testModel()) const {
    return serveAlone(request, options.format, model, options.isaCap);
  }

  static void submit(Engine &engine, const std::vector<Request> &requests) {
    for (const Request &request : requests)
      ASSERT_EQ(engine.submit(request), std::nullopt);
  }

  EngineOptions options;
};
} // namespace
INSTANTIATE_TEST_SUITE_P(
    , NamedPrefixTest,
    testing::Combine(testing::Values(FP8ATTN_ISA_GENERIC, FP8ATTN_ISA_AVX2,
                                     FP8ATTN_ISA_AVX512,
                                     FP8ATTN_ISA_AVX512_BF16,
                                     FP8ATTN_ISA_AMX_BF16),
                     testing::ValuesIn(kCacheFormats)),
    [](const auto &info) {
      std::string format = nameOf(std::get<1>(info.param));
      std::replace(format.begin(), format.end(), '-', '_');
      return fp8attn_isa_string(std::get<0>(info.param)) + ("_" + format);
    });

/// Returns a request of the common prefix and some tokens of its own, which
/// names so many tokens.
static Request requestOf(int64_t id, int32_t prefixTokens) {
  constexpr int32_t kLeastOwn = 15, kOutputs = 8;
  Request request;
  request.id = id;
  request.numOutputs = kOutputs;
  for (int32_t i = 0; i < kPrefix; ++i)
    request.prompt.push_back(i * i % kVocabulary);
  for (int32_t i = 0; i < kLeastOwn + 20 * id; ++i)
    request.prompt.push_back((i * 7 + int32_t(id)) % kVocabulary);
  request.prefixTokens = prefixTokens;
  return request;
}

TEST_P(NamedPrefixTest, TextIsThatOfARequestServedAlone) {
  // The same prefix, with a part of a page behind it, a shorter one, and none.
  const int32_t names[] = {kPrefix,      kPrefix,     kPrefix + 14,
                           kPrefix + 14, kPageTokens, 0};
  std::vector<Request> requests;
  std::map<int64_t, Text> expected;
  for (size_t id = 0; id < std::size(names); ++id) {
    requests.push_back(requestOf(int64_t(id), names[id]));
    expected[int64_t(id)] = alone(requests.back());
  }
  // Whole prompts, and chunks that end within prefixes and on their ends.
  for (int32_t rows : {1 << 20, 64, 23}) {
    SCOPED_TRACE(testing::Message() << "steps of " << rows << " rows");
    options.scheduler = {.numPages = 20, .maxRows = rows, .maxSequences = 6};
    options.workersPerGroup = rows == 64 ? 2 : 1;
    Engine engine(testModel(), options);
    submit(engine, requests);
    EXPECT_EQ(serveAll(engine), expected);
    const PrefixReads &reads = engine.getGroups()[0].reads;
    EXPECT_GT(reads.numForEach, reads.numRead);
    EXPECT_GT(reads.numRead, 0);
    EXPECT_EQ(engine.getScheduler().numPagesInUse(), 0);
  }
}

TEST_P(NamedPrefixTest, APrefixIsReadOnceInAStep) {
  constexpr int64_t kSequences = 4;
  options.scheduler.numDrafts = 0;
  options.scheduler.maxRows = 1024; // all prompts in the first step
  Engine engine(testModel(), options);
  // The first one leaves the pages of the prefix, and has a group of its own.
  submit(engine, {requestOf(0, kPrefix)});
  serveAll(engine);
  PrefixReads &reads = engine.getGroups()[0].reads;
  EXPECT_GT(reads.numRead, 0);
  EXPECT_EQ(reads.numForEach, reads.numRead);

  reads = {};
  std::vector<Request> requests;
  for (int64_t id = 1; id <= kSequences; ++id)
    requests.push_back(requestOf(id, kPrefix));
  submit(engine, requests);
  int64_t numSteps = 0;
  serveAll(engine, [&](const StepReport &report) {
    EXPECT_EQ(report.emissions.size(), size_t(kSequences));
    ++numSteps;
  });
  EXPECT_EQ(reads.numRead, numSteps * kPrefix);
  EXPECT_EQ(reads.numForEach, numSteps * kPrefix * kSequences);
}

TEST_P(NamedPrefixTest, PagesBehindOtherNamesAreNotShared) {
  // One prompt: had they shared the pages behind the prefix, all but the first
  // would have the bits of another.
  Engine engine(testModel(), options);
  int64_t id = 0;
  for (int32_t prefixTokens : {kPrefix, 0, kPageTokens}) {
    Request request = requestOf(id, prefixTokens);
    request.prompt = requestOf(4, 0).prompt;
    submit(engine, {request});
    EXPECT_EQ(serveAll(engine)[id++], alone(request))
        << "names " << prefixTokens << " tokens";
  }
}

TEST_P(NamedPrefixTest, CountsForNothingBesideAWindow) {
  const Request named = requestOf(4, kPrefix), plain = requestOf(4, 0);
  EXPECT_EQ(alone(named, windowedModel()), alone(plain, windowedModel()));
}
