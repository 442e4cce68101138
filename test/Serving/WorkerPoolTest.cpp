//===- WorkerPoolTest.cpp - what compiled functions demand of a loop ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkerPool.h"

#include <gtest/gtest.h>

using namespace serving;

TEST(WorkerPoolTest, EveryIndexOnceAndAWorkerForEach) {
  constexpr int32_t kWorkers = 3;
  constexpr int kLoops = 2000, kCount = 17;
  struct Seen {
    std::atomic<int> times[kCount] = {};
    std::atomic<int> inside[kWorkers] = {};
    std::atomic<int> offences = 0;
  };
  WorkerPool pool(kWorkers);
  for (int loop = 0; loop < kLoops; ++loop) {
    Seen seen;
    WorkerPool::parallelFor(
        &pool, kCount,
        [](void *argument, int64_t begin, int64_t end, int32_t worker) {
          Seen &seen = *static_cast<Seen *>(argument);
          if (worker < 0 || worker >= kWorkers || seen.inside[worker]++ > 0)
            ++seen.offences;
          for (int64_t i = begin; i < end; ++i)
            ++seen.times[i];
          --seen.inside[worker];
        },
        &seen);
    ASSERT_EQ(seen.offences, 0);
    for (int i = 0; i < kCount; ++i)
      ASSERT_EQ(seen.times[i], 1) << "index " << i;
  }
}
