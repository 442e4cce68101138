//===- RandomSeeds.h - batches of seeds -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tests of random problems are batches of seeds. FP8ATTN_RANDOM_PROBLEMS says
// how many seeds to try, FP8ATTN_RANDOM_SEED with which to begin.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_RANDOMSEEDS_H
#define FP8ATTN_TEST_INTEGRATION_RANDOMSEEDS_H

#include "Problem.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

inline uint32_t fromEnvironment(const char *name, uint32_t otherwise) {
  const char *text = std::getenv(name);
  return text ? uint32_t(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// Returns how many seeds to try, `problems` unless the caller says otherwise.
inline uint32_t numProblems(uint32_t problems) {
  return fromEnvironment("FP8ATTN_RANDOM_PROBLEMS", problems);
}

/// Returns the seeds of a test: more than a few only where there would be more
/// than a thousand tests.
inline uint32_t batchSize(uint32_t problems) {
  constexpr uint32_t kBatch = 5, kMostTests = 1000;
  return std::max(kBatch,
                  (numProblems(problems) + kMostTests - 1) / kMostTests);
}

/// Returns the first seed of each test. The program that runs other ISAs begins
/// where the first one ends.
inline std::vector<uint32_t> firstSeeds(uint32_t problems) {
  const uint32_t first =
      fromEnvironment("FP8ATTN_RANDOM_SEED", 1 + problems * isEmulation());
  std::vector<uint32_t> seeds;
  for (uint32_t done = 0; done < numProblems(problems);
       done += batchSize(problems))
    seeds.push_back(first + done);
  return seeds;
}

/// Calls tryOn(ISAs that can run here, seed) for the batch that begins at
/// `first`, up to the first failure, and says how to repeat that.
template <typename Function>
void tryBatch(uint32_t first, uint32_t problems, Function tryOn) {
  const std::vector<fp8attn_isa> isas = runnableIsas();
  if (isas.empty())
    GTEST_SKIP() << whyNot(testedIsas().front());
  const uint32_t last = firstSeeds(problems).front() + numProblems(problems);
  const uint32_t end = std::min(first + batchSize(problems), last);
  for (uint32_t seed = first; seed < end; ++seed) {
    tryOn(isas, seed);
    if (testing::Test::HasFailure())
      FAIL() << "repeat with FP8ATTN_RANDOM_SEED=" << seed
             << " FP8ATTN_RANDOM_PROBLEMS=1";
  }
  testing::Test::RecordProperty("calls",
                                std::to_string((end - first) * isas.size()));
}

inline std::string seedTestName(const testing::TestParamInfo<uint32_t> &info) {
  return "from_" + std::to_string(info.param);
}

#endif // FP8ATTN_TEST_INTEGRATION_RANDOMSEEDS_H
