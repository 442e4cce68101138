//===- SeedBatches.h - seeds of random tests --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// FP8ATTN_RANDOM_PROBLEMS says how many seeds to try, FP8ATTN_RANDOM_SEED with
// which to begin. A test tries a batch of them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_SEEDBATCHES_H
#define FP8ATTN_TEST_INTEGRATION_SEEDBATCHES_H

#include "gtest/gtest.h"

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

/// Returns the first seed of each test, of all of them from `first` on unless
/// the caller says otherwise.
inline std::vector<uint32_t> firstSeedsFrom(uint32_t first, uint32_t problems) {
  first = fromEnvironment("FP8ATTN_RANDOM_SEED", first);
  std::vector<uint32_t> seeds;
  for (uint32_t done = 0; done < numProblems(problems);
       done += batchSize(problems))
    seeds.push_back(first + done);
  return seeds;
}

/// Calls tryOn(seed) for the batch that begins at `first`, up to the first
/// failure, and says how to repeat that. Returns how many it tried.
template <typename Function>
uint32_t trySeeds(uint32_t first, uint32_t firstOfAll, uint32_t problems,
                  Function tryOn) {
  const uint32_t last = firstOfAll + numProblems(problems);
  const uint32_t end = std::min(first + batchSize(problems), last);
  for (uint32_t seed = first; seed < end; ++seed) {
    tryOn(seed);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "repeat with FP8ATTN_RANDOM_SEED=" << seed
                    << " FP8ATTN_RANDOM_PROBLEMS=1";
      return seed + 1 - first;
    }
  }
  return end - first;
}

inline std::string seedTestName(const testing::TestParamInfo<uint32_t> &info) {
  return "from_" + std::to_string(info.param);
}

#endif // FP8ATTN_TEST_INTEGRATION_SEEDBATCHES_H
