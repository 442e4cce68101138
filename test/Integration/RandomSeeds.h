//===- RandomSeeds.h - batches of seeds -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tests of random problems are batches of seeds (SeedBatches.h), on each ISA.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_RANDOMSEEDS_H
#define FP8ATTN_TEST_INTEGRATION_RANDOMSEEDS_H

#include "Problem.h"
#include "SeedBatches.h"

/// Returns the first seed of each test. The program that runs other ISAs begins
/// where the first one ends.
inline std::vector<uint32_t> firstSeeds(uint32_t problems) {
  return firstSeedsFrom(1 + problems * isEmulation(), problems);
}

/// Calls tryOn(ISAs that can run here, seed) for the batch that begins at
/// `first`, up to the first failure, and says how to repeat that.
template <typename Function>
void tryBatch(uint32_t first, uint32_t problems, Function tryOn) {
  const std::vector<fp8attn_isa> isas = runnableIsas();
  if (isas.empty())
    GTEST_SKIP() << whyNot(testedIsas().front());
  const uint32_t tried = trySeeds(first, firstSeeds(problems).front(), problems,
                                  [&](uint32_t seed) { tryOn(isas, seed); });
  testing::Test::RecordProperty("calls", std::to_string(tried * isas.size()));
}

#endif // FP8ATTN_TEST_INTEGRATION_RANDOMSEEDS_H
