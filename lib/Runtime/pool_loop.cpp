//===- pool_loop.cpp - the loops of a pool --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ranges of a loop are handed out by a counter. A loop calls as many
// threads as there are ranges beside the caller's first, and CPUs beside the
// caller's, and no more are woken: none for a loop of one range. They are those
// of the lowest numbers, so that the next loop finds their workspace in their
// caches. A thread joins under the mutex; one that comes too late is not called
// any more, so the caller waits only for those that joined. Before sleeping,
// everybody spins for a moment: the next layer's call usually comes soon.
//
// Waking takes microseconds a thread. The caller wakes two, and each that joins
// wakes two more, as in a heap.
//
// Built on pthreads and without exceptions, so that a C program can link the
// runtime without a C++ library.
//
//===----------------------------------------------------------------------===//

#include "pool_state.h"
#include "pool_turn.h"

#include <algorithm>

using namespace fp8attn;

/// Pauses before a thread goes to sleep: 25 microseconds on Zen 4, longer on
/// CPUs whose pause takes more cycles.
static constexpr int kSpins = 1000;

static thread_local Frame *innermostFrame = nullptr;

static void enter(Frame &frame, const fp8attn_pool *pool, int32_t worker) {
  frame = {pool, worker, innermostFrame};
  innermostFrame = &frame;
}

static void leave(const Frame &frame) { innermostFrame = frame.outer; }

/// Returns whether it has become true.
template <typename Predicate> static bool spinUntil(Predicate isDone) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (isDone())
      return true;
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
  }
  return false;
}

/// Takes the next range of `loop`, the pool's. Returns false if there is none.
static bool takeRange(fp8attn_pool *pool, const Loop &loop, int64_t *begin,
                      int64_t *end) {
  // The bodies' data is published by the mutex, not by this counter.
  int64_t range = pool->nextRange.fetch_add(1, std::memory_order_relaxed);
  if (range >= loop.numRanges)
    return false;
  *begin = range * loop.rangeSize;
  *end = *begin + std::min(loop.rangeSize, loop.count - *begin);
  return true;
}

/// Runs ranges as a thread that has joined, until there are none, and leaves.
static void runRanges(Worker *worker, const Loop &loop) {
  fp8attn_pool *pool = worker->pool;
  enter(worker->frame, pool, worker->number);
  int64_t begin, end;
  while (takeRange(pool, loop, &begin, &end))
    loop.body(loop.argument, begin, end, worker->number);
  leave(worker->frame);
  Lock lock(pool->mutex);
  // For others there are no ranges any more, either.
  if (pool->called.load(std::memory_order_relaxed) != 0)
    pool->called.store(0, std::memory_order_release);
  if (pool->running.fetch_sub(1, std::memory_order_release) == 1)
    pthread_cond_signal(&pool->idle);
}

namespace {
/// Threads to wake.
struct Sleepers {
  pthread_cond_t *wake[2];
  int count;

  /// After the mutex is free again.
  void wakeAll() {
    for (int i = 0; i < count; ++i)
      pthread_cond_signal(wake[i]);
  }
};
} // namespace

/// Returns those that worker `number`, who holds the mutex, has to wake.
static Sleepers takeSleepers(fp8attn_pool *pool, int32_t number) {
  Sleepers sleepers = {};
  const int32_t called = pool->called.load(std::memory_order_relaxed);
  for (int32_t next = 2 * number + 1; next <= 2 * number + 2; ++next)
    if (next <= called && pool->workers[next].isAsleep) {
      pool->workers[next].isAsleep = false;
      sleepers.wake[sleepers.count++] = &pool->workers[next].wake;
    }
  return sleepers;
}

void *fp8attn::runWorker(void *argument) {
  auto *worker = static_cast<Worker *>(argument);
  fp8attn_pool *pool = worker->pool;
  const auto isCalled = [=] {
    const int32_t called = pool->called.load(std::memory_order_relaxed);
    return worker->number <= called || called == kStopping;
  };
  for (;;) {
    bool mayRetry = spinUntil(isCalled);
    Loop loop;
    Sleepers sleepers;
    {
      Lock lock(pool->mutex);
      // The loop is over already.
      if (mayRetry && !isCalled())
        continue;
      while (!isCalled()) {
        worker->isAsleep = true;
        pthread_cond_wait(&worker->wake, &pool->mutex);
        worker->isAsleep = false;
      }
      if (pool->called.load(std::memory_order_relaxed) == kStopping)
        return nullptr;
      pool->running.fetch_add(1, std::memory_order_relaxed);
      loop = pool->loop;
      sleepers = takeSleepers(pool, worker->number);
    }
    sleepers.wakeAll();
    runRanges(worker, loop);
  }
}

/// Offers the pool's loop to as many threads as it has ranges for, and wakes
/// those of them that sleep.
static void offer(fp8attn_pool *pool) {
  auto wanted = static_cast<int32_t>(
      std::min<int64_t>(pool->loop.numRanges - 1, pool->numThreads));
  if (wanted == 0)
    return;
  wanted = std::min(wanted, countProcessors(pool) - 1);
  if (wanted == 0)
    return;
  Sleepers sleepers;
  {
    Lock lock(pool->mutex);
    pool->called.store(wanted, std::memory_order_relaxed);
    sleepers = takeSleepers(pool, /*number=*/0);
  }
  sleepers.wakeAll();
}

/// Waits until no thread is in the loop.
static void waitForThreads(fp8attn_pool *pool) {
  if (spinUntil(
          [=] { return pool->running.load(std::memory_order_acquire) == 0; }))
    return;
  // A caller that were cancelled here would leave with the mutex.
  int before;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  {
    Lock lock(pool->mutex);
    while (pool->running.load(std::memory_order_relaxed) > 0)
      pthread_cond_wait(&pool->idle, &pool->mutex);
  }
  pthread_setcancelstate(before, nullptr);
}

int32_t fp8attn_pool_find_worker(const fp8attn_pool *pool) {
  for (const Frame *frame = innermostFrame; frame; frame = frame->outer)
    if (frame->pool == pool)
      return frame->worker;
  return -1;
}

void fp8attn_pool_begin(fp8attn_pool *pool, int64_t count, fp8attn_body body,
                        void *argument) {
  pthread_mutex_lock(&pool->callers);
  enter(pool->workers[0].frame, pool, /*worker=*/0);
  pool->loop = cutLoop(count, pool->numWorkers);
  pool->loop.body = body;
  pool->loop.argument = argument;
  pool->nextRange.store(0, std::memory_order_relaxed);
  offer(pool);
}

int32_t fp8attn_pool_take(fp8attn_pool *pool, int64_t *begin, int64_t *end) {
  return takeRange(pool, pool->loop, begin, end);
}

void fp8attn_pool_end(fp8attn_pool *pool) {
  // A caller that leaves early takes all ranges that are left.
  if (pool->nextRange.load(std::memory_order_relaxed) < pool->loop.numRanges)
    pool->nextRange.store(pool->loop.numRanges, std::memory_order_relaxed);
  // A thread that has set this to 0 has seen all that joined.
  if (pool->called.load(std::memory_order_acquire) != 0) {
    Lock lock(pool->mutex);
    pool->called.store(0, std::memory_order_relaxed);
  }
  waitForThreads(pool);
  leave(pool->workers[0].frame);
  pthread_mutex_unlock(&pool->callers);
}
