//===- PoolTest.cpp - the thread pool -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each index once, worker numbers in range and never shared by two bodies at
// the same time, in one loop and in many, nested, and from several callers.
//
//===----------------------------------------------------------------------===//

#include "pool.h"

#include "gtest/gtest.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace {
using PoolPtr = std::unique_ptr<fp8attn_pool, decltype(&fp8attn_pool_destroy)>;

/// Records what a loop does. Visits are not atomic: two threads with the same
/// index are a data race, which the thread sanitizer reports.
struct Record {
  Record(int64_t count, int32_t workers) : visits(count), busy(workers) {}

  static void body(void *argument, int64_t begin, int64_t end, int32_t worker) {
    auto &record = *static_cast<Record *>(argument);
    if (worker < 0 || worker >= int32_t(record.busy.size()) || begin >= end) {
      ++record.errors;
      return;
    }
    record.errors += record.busy[worker].exchange(1);
    for (int64_t i = begin; i < end; ++i)
      ++record.visits[i];
    ++record.ranges;
    record.busy[worker] = 0;
  }

  void expectEachOnce() const {
    EXPECT_EQ(errors, 0);
    for (size_t i = 0; i < visits.size(); ++i)
      ASSERT_EQ(visits[i], 1) << "index " << i;
  }

  std::vector<int> visits;
  std::vector<std::atomic<int>> busy;
  std::atomic<int> errors{0};
  std::atomic<int> ranges{0};
};
} // namespace

static PoolPtr makePool(int32_t workers) {
  return {fp8attn_pool_create(workers), fp8attn_pool_destroy};
}

TEST(Pool, EachIndexOnce) {
  for (int32_t workers : {1, 2, 3, 8}) {
    PoolPtr pool = makePool(workers);
    ASSERT_NE(pool, nullptr);
    fp8attn_context context = {};
    context.parallel_for = fp8attn_pool_parallel_for;
    context.pool = pool.get();
    EXPECT_EQ(fp8attn::poolWorkers(&context), workers);
    for (int64_t count : {1, 2, 7, 64, 1000, 100003}) {
      Record record(count, workers);
      fp8attn_pool_parallel_for(pool.get(), count, Record::body, &record);
      record.expectEachOnce();
      EXPECT_GE(record.ranges, std::min<int64_t>(count, 8 * workers));
    }
  }
}

TEST(Pool, ManySmallLoops) {
  constexpr int kLoops = 20000;
  PoolPtr pool = makePool(4);
  ASSERT_NE(pool, nullptr);
  for (int loop = 0; loop < kLoops; ++loop) {
    Record record(loop % 9, 4);
    fp8attn_pool_parallel_for(pool.get(), loop % 9, Record::body, &record);
    record.expectEachOnce();
    if (testing::Test::HasFatalFailure())
      return;
  }
}

namespace {
/// Keeps the two ranges of a loop until both have begun: then two threads take
/// part, however slow one of them wakes.
struct Meeting {
  void wait() {
    ++arrived;
    while (arrived < 2)
      std::this_thread::yield();
  }
  std::atomic<int> arrived{0};
};
} // namespace

TEST(Pool, CallerWaitsForThreads) {
  // The thread is late by more than any spinning.
  struct Late : Meeting {
    std::atomic<int> finished{0};
  } late;
  PoolPtr pool = makePool(2);
  ASSERT_NE(pool, nullptr);
  fp8attn_pool_parallel_for(
      pool.get(), 2,
      [](void *argument, int64_t, int64_t, int32_t worker) {
        auto *late = static_cast<Late *>(argument);
        late->wait();
        if (worker == 1)
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        ++late->finished;
      },
      &late);
  EXPECT_EQ(late.finished, 2);
}

TEST(Pool, CountsThatMeanNothing) {
  PoolPtr pool = makePool(2);
  Record record(0, 2);
  for (int64_t count : {int64_t(0), int64_t(-1), INT64_MIN})
    fp8attn_pool_parallel_for(pool.get(), count, Record::body, &record);
  EXPECT_EQ(record.ranges, 0);
}

TEST(Pool, LargestCountIsSplitWithoutOverflow) {
  struct Total {
    std::atomic<uint64_t> sum{0};
    std::atomic<int> errors{0};
  } total;
  PoolPtr pool = makePool(3);
  fp8attn_pool_parallel_for(
      pool.get(), INT64_MAX,
      [](void *argument, int64_t begin, int64_t end, int32_t) {
        auto *total = static_cast<Total *>(argument);
        total->errors += begin < 0 || end <= begin;
        total->sum += uint64_t(end - begin);
      },
      &total);
  EXPECT_EQ(total.errors, 0);
  EXPECT_EQ(total.sum, uint64_t(INT64_MAX));
}

namespace {
/// An outer loop whose bodies run a loop each, on the same pool.
struct Nest {
  fp8attn_pool *pool;
  std::vector<std::atomic<int>> visits;
  std::atomic<int> errors{0};
};

struct Inner {
  Nest *nest;
  int64_t outerIndex;
  int32_t outerWorker;
  std::thread::id thread;
};
} // namespace

static constexpr int64_t kInnerCount = 5;

static void runInner(void *argument, int64_t begin, int64_t end,
                     int32_t worker) {
  auto &inner = *static_cast<Inner *>(argument);
  inner.nest->errors +=
      worker != inner.outerWorker || std::this_thread::get_id() != inner.thread;
  for (int64_t i = begin; i < end; ++i)
    ++inner.nest->visits[inner.outerIndex * kInnerCount + i];
}

static void runOuter(void *argument, int64_t begin, int64_t end,
                     int32_t worker) {
  auto &nest = *static_cast<Nest *>(argument);
  for (int64_t i = begin; i < end; ++i) {
    Inner inner = {&nest, i, worker, std::this_thread::get_id()};
    fp8attn_pool_parallel_for(nest.pool, kInnerCount, runInner, &inner);
  }
}

TEST(Pool, NestedLoopRunsOnItsWorker) {
  constexpr int64_t kOuterCount = 100;
  for (int32_t workers : {1, 3}) {
    PoolPtr pool = makePool(workers);
    Nest nest{pool.get(),
              std::vector<std::atomic<int>>(kOuterCount * kInnerCount)};
    fp8attn_pool_parallel_for(pool.get(), kOuterCount, runOuter, &nest);
    EXPECT_EQ(nest.errors, 0);
    for (const std::atomic<int> &visits : nest.visits)
      ASSERT_EQ(visits, 1);
  }
}

TEST(Pool, NestedLoopsOfTwoWorkersAtOnce) {
  struct MeetingNest : Meeting {
    explicit MeetingNest(fp8attn_pool *pool)
        : nest{pool, std::vector<std::atomic<int>>(2 * kInnerCount)} {}
    Nest nest;
  };
  PoolPtr pool = makePool(2);
  MeetingNest both(pool.get());
  fp8attn_pool_parallel_for(
      pool.get(), 2,
      [](void *argument, int64_t begin, int64_t end, int32_t worker) {
        auto *both = static_cast<MeetingNest *>(argument);
        both->wait();
        runOuter(&both->nest, begin, end, worker);
      },
      &both);
  EXPECT_EQ(both.nest.errors, 0);
  for (const std::atomic<int> &visits : both.nest.visits)
    EXPECT_EQ(visits, 1);
}

TEST(Pool, NestedLoopThroughAnotherPool) {
  // A's body loops over B, whose body loops over A again: as A's worker.
  struct Pools {
    fp8attn_pool *a, *b;
    std::atomic<int> calls{0};
  };
  PoolPtr a = makePool(1), b = makePool(1);
  Pools pools = {a.get(), b.get()};
  auto innermost = [](void *argument, int64_t begin, int64_t end, int32_t) {
    static_cast<Pools *>(argument)->calls += int(end - begin);
  };
  static fp8attn_body innermostBody = innermost;
  static fp8attn_body middleBody = [](void *argument, int64_t, int64_t,
                                      int32_t) {
    fp8attn_pool_parallel_for(static_cast<Pools *>(argument)->a, 3,
                              innermostBody, argument);
  };
  fp8attn_body outer = [](void *argument, int64_t, int64_t, int32_t) {
    fp8attn_pool_parallel_for(static_cast<Pools *>(argument)->b, 1, middleBody,
                              argument);
  };
  fp8attn_pool_parallel_for(pools.a, 1, outer, &pools);
  EXPECT_EQ(pools.calls, 3);
}

TEST(Pool, CallersTakeTurns) {
  // Were two loops to run at once, both callers would be worker 0.
  struct Turns {
    std::atomic<int> busy[3] = {};
    std::atomic<int> errors{0};
  } turns;
  fp8attn_body body = [](void *argument, int64_t, int64_t, int32_t worker) {
    auto *turns = static_cast<Turns *>(argument);
    turns->errors += turns->busy[worker].exchange(1);
    std::this_thread::sleep_for(std::chrono::microseconds(10));
    turns->busy[worker] = 0;
  };
  PoolPtr pool = makePool(3);
  std::thread callers[3];
  for (std::thread &caller : callers)
    caller = std::thread([&] {
      for (int loop = 0; loop < 20; ++loop)
        fp8attn_pool_parallel_for(pool.get(), 10, body, &turns);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(turns.errors, 0);
}

TEST(Pool, BadNumbersOfWorkers) {
  for (int32_t workers : {0, -1, INT32_MIN, 4097, INT32_MAX})
    EXPECT_EQ(fp8attn_pool_create(workers), nullptr);
  fp8attn_pool_destroy(nullptr);
}

TEST(Pool, CreateAndDestroyWithoutALoop) {
  for (int i = 0; i < 100; ++i)
    EXPECT_NE(makePool(4), nullptr);
}
