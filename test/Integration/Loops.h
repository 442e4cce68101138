//===- Loops.h - ways of running a parallel loop ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops that the contract of fp8attn_parallel_for allows, and that no sensible
// host runs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_LOOPS_H
#define FP8ATTN_TEST_INTEGRATION_LOOPS_H

#include "fp8attn/Runtime/fp8attn.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

/// Workers that the loops use.
constexpr int32_t kLoopWorkers = 8;

inline void runBackwards(void *, int64_t count, fp8attn_body body,
                         void *argument) {
  for (int64_t i = count - 1; i >= 0; --i)
    body(argument, i, i + 1, 0);
}

inline void runOnOtherWorkers(void *, int64_t count, fp8attn_body body,
                              void *argument) {
  for (int64_t i = 0; i < count; ++i)
    body(argument, i, i + 1, static_cast<int32_t>((count - i) % kLoopWorkers));
}

inline void runWithEmptyRanges(void *, int64_t count, fp8attn_body body,
                               void *argument) {
  body(argument, 0, 0, 1);
  body(argument, count / 2, count, 1);
  body(argument, count, count, 0);
  body(argument, 0, count / 2, 0);
}

inline void runShuffled(void *, int64_t count, fp8attn_body body,
                        void *argument) {
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  // NOLINTNEXTLINE(bugprone-random-generator-seed): the same order each time.
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  for (int64_t i : order)
    body(argument, i, i + 1, static_cast<int32_t>(i % 2));
}

constexpr fp8attn_parallel_for kLoops[] = {runBackwards, runOnOtherWorkers,
                                           runWithEmptyRanges, runShuffled};

#endif // FP8ATTN_TEST_INTEGRATION_LOOPS_H
