//===- pool.cpp - a small thread pool -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Threads that sleep between loops and share a loop's ranges through a counter.
//
// A loop is open from the moment it is published until its caller runs out of
// ranges. A thread joins an open loop under the mutex; one that wakes too late
// finds it closed and sleeps on, so the caller waits only for those that
// joined. Before sleeping, everybody spins for a moment: the next layer's call
// usually comes soon.
//
// Built on pthreads and without exceptions, so that a C program can link the
// runtime without a C++ library.
//
//===----------------------------------------------------------------------===//

#include "pool.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <pthread.h>

/// Ranges that a worker gets on average: enough that the slowest one is late by
/// little, few enough that the counter is not contended.
static constexpr int64_t kRangesPerWorker = 8;

/// Pauses before a thread goes to sleep: 25 microseconds on Zen 4, longer on
/// CPUs whose pause takes more cycles.
static constexpr int kSpins = 1000;

namespace {
struct Loop {
  fp8attn_body body;
  void *argument;
  int64_t count;
  int64_t rangeSize;
  int64_t numRanges;
};

/// A thread of a pool.
struct Worker {
  fp8attn_pool *pool;
  int32_t number;
  pthread_t thread;
};

/// Holds a mutex for the length of a scope.
struct Lock {
  explicit Lock(pthread_mutex_t &mutex) : mutex(mutex) {
    pthread_mutex_lock(&mutex);
  }
  ~Lock() { pthread_mutex_unlock(&mutex); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;
  pthread_mutex_t &mutex;
};

/// Tells a nested call which loops its thread is in the middle of.
struct Frame {
  Frame(const fp8attn_pool *pool, int32_t worker);
  ~Frame();
  Frame(const Frame &) = delete;
  Frame &operator=(const Frame &) = delete;
  const fp8attn_pool *pool;
  int32_t worker;
  Frame *outer;
};
} // namespace

struct fp8attn_pool {
  /// Held by the caller of a loop for its whole length.
  pthread_mutex_t callers = PTHREAD_MUTEX_INITIALIZER;
  /// Guards every write to the members down to `running`.
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
  pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
  Loop loop = {};
  bool isOpen = false;
  bool isStopping = false;
  /// Grows with each loop and with the end; threads spin on it.
  std::atomic<uint64_t> generation{0};
  /// Threads that have joined the loop and not left; the caller spins on it.
  std::atomic<int32_t> running{0};
  int32_t numWorkers = 1;
  /// Workers 1 to numWorkers - 1; owned.
  Worker *workers = nullptr;
  /// The next range to hand out, on a cache line of its own.
  alignas(FP8ATTN_ALIGNMENT) std::atomic<int64_t> nextRange{0};
};

static thread_local Frame *innermostFrame = nullptr;

Frame::Frame(const fp8attn_pool *pool, int32_t worker)
    : pool(pool), worker(worker), outer(innermostFrame) {
  innermostFrame = this;
}

Frame::~Frame() { innermostFrame = outer; }

/// Returns the frame of this thread in a loop of `pool`, or null.
static const Frame *findFrame(const fp8attn_pool *pool) {
  for (const Frame *frame = innermostFrame; frame; frame = frame->outer)
    if (frame->pool == pool)
      return frame;
  return nullptr;
}

template <typename Predicate> static void spinUntil(Predicate isDone) {
  for (int spin = 0; spin < kSpins && !isDone(); ++spin) {
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
  }
}

static Loop makeLoop(int64_t count, int32_t numWorkers, fp8attn_body body,
                     void *argument) {
  int64_t rangeSize =
      std::max<int64_t>(count / (numWorkers * kRangesPerWorker), 1);
  // Not (count + rangeSize - 1) / rangeSize, which may overflow.
  int64_t numRanges = (count - 1) / rangeSize + 1;
  return {body, argument, count, rangeSize, numRanges};
}

static void runRanges(fp8attn_pool *pool, const Loop &loop, int32_t worker) {
  Frame frame(pool, worker);
  for (;;) {
    // The bodies' data is published by the mutex, not by this counter.
    int64_t range = pool->nextRange.fetch_add(1, std::memory_order_relaxed);
    if (range >= loop.numRanges)
      return;
    int64_t begin = range * loop.rangeSize;
    int64_t size = std::min(loop.rangeSize, loop.count - begin);
    loop.body(loop.argument, begin, begin + size, worker);
  }
}

static void publish(fp8attn_pool *pool, const Loop &loop) {
  Lock lock(pool->mutex);
  pool->loop = loop;
  pool->isOpen = true;
  pool->nextRange.store(0, std::memory_order_relaxed);
  pool->generation.fetch_add(1, std::memory_order_release);
  pthread_cond_broadcast(&pool->wake);
}

static void closeAndWait(fp8attn_pool *pool) {
  {
    Lock lock(pool->mutex);
    pool->isOpen = false;
  }
  spinUntil([=] { return pool->running.load(std::memory_order_acquire) == 0; });
  Lock lock(pool->mutex);
  while (pool->running.load(std::memory_order_relaxed) > 0)
    pthread_cond_wait(&pool->idle, &pool->mutex);
}

static void leave(fp8attn_pool *pool) {
  Lock lock(pool->mutex);
  if (pool->running.fetch_sub(1, std::memory_order_release) == 1)
    pthread_cond_signal(&pool->idle);
}

static void *workerMain(void *argument) {
  auto *worker = static_cast<Worker *>(argument);
  fp8attn_pool *pool = worker->pool;
  uint64_t seen = 0;
  auto hasNews = [&] {
    return pool->generation.load(std::memory_order_acquire) != seen;
  };
  for (;;) {
    spinUntil(hasNews);
    Loop loop;
    {
      Lock lock(pool->mutex);
      while (!hasNews())
        pthread_cond_wait(&pool->wake, &pool->mutex);
      seen = pool->generation.load(std::memory_order_relaxed);
      if (pool->isStopping)
        return nullptr;
      if (!pool->isOpen)
        continue;
      pool->running.fetch_add(1, std::memory_order_relaxed);
      loop = pool->loop;
    }
    runRanges(pool, loop, worker->number);
    leave(pool);
  }
}

/// Starts threads until the pool has `numWorkers` workers. Returns false if one
/// does not start; those before it run.
static bool startThreads(fp8attn_pool *pool, int32_t numWorkers) {
  pool->workers = static_cast<Worker *>(
      calloc(static_cast<size_t>(numWorkers), sizeof(Worker)));
  if (!pool->workers)
    return false;
  for (; pool->numWorkers < numWorkers; ++pool->numWorkers) {
    Worker &worker = pool->workers[pool->numWorkers];
    worker.pool = pool;
    worker.number = pool->numWorkers;
    if (pthread_create(&worker.thread, nullptr, workerMain, &worker))
      return false;
  }
  return true;
}

int32_t fp8attn::poolWorkers(const fp8attn_context *context) {
  if (context->parallel_for != fp8attn_pool_parallel_for)
    return kForeignPool;
  auto *pool = static_cast<const fp8attn_pool *>(context->pool);
  return pool ? pool->numWorkers : 0;
}

fp8attn_pool *fp8attn_pool_create(int32_t num_workers) {
  if (num_workers < 1 || num_workers > FP8ATTN_MAX_POOL_WORKERS)
    return nullptr;
  void *memory = aligned_alloc(alignof(fp8attn_pool), sizeof(fp8attn_pool));
  if (!memory)
    return nullptr;
  auto *pool = new (memory) fp8attn_pool;
  if (startThreads(pool, num_workers))
    return pool;
  fp8attn_pool_destroy(pool);
  return nullptr;
}

void fp8attn_pool_destroy(fp8attn_pool *pool) {
  if (!pool)
    return;
  {
    Lock lock(pool->mutex);
    pool->isStopping = true;
    pool->generation.fetch_add(1, std::memory_order_release);
    pthread_cond_broadcast(&pool->wake);
  }
  for (int32_t number = 1; number < pool->numWorkers; ++number)
    pthread_join(pool->workers[number].thread, nullptr);
  free(pool->workers);
  pthread_cond_destroy(&pool->idle);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  pthread_mutex_destroy(&pool->callers);
  pool->~fp8attn_pool();
  free(pool);
}

void fp8attn_pool_parallel_for(void *pool, int64_t count, fp8attn_body body,
                               void *argument) {
  if (count <= 0)
    return;
  auto *self = static_cast<fp8attn_pool *>(pool);
  if (const Frame *frame = findFrame(self)) {
    body(argument, 0, count, frame->worker);
    return;
  }
  Lock lock(self->callers);
  Loop loop = makeLoop(count, self->numWorkers, body, argument);
  publish(self, loop);
  runRanges(self, loop, /*worker=*/0);
  closeAndWait(self);
}
