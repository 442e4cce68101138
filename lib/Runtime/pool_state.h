//===- pool_state.h - a pool, its threads and its loop ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the life of a pool (pool.cpp) and its loops (pool_loop.cpp) share.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_POOL_STATE_H
#define FP8ATTN_LIB_RUNTIME_POOL_STATE_H

#include "fp8attn/Runtime/fp8attn.h"

#include <atomic>
#include <pthread.h>
#include <time.h>

namespace fp8attn {

/// Tells a nested call which loops its thread is in the middle of. It lives in
/// the pool, not on the stack, which a body may leave in ways of its own.
struct Frame {
  const fp8attn_pool *pool;
  int32_t worker;
  Frame *outer;
};

/// A thread of a pool; worker 0 is the caller of a loop. Threads write to their
/// own while others run, so that each has lines of its own.
struct alignas(FP8ATTN_ALIGNMENT) Worker {
  fp8attn_pool *pool = nullptr;
  int32_t number = 0;
  pthread_t thread = {};
  Frame frame = {};
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
  /// Whether only `wake` reaches it, and nobody has signalled that yet. Guarded
  /// by the pool's mutex.
  bool isAsleep = false;
};

/// A loop, cut into ranges.
struct Loop {
  fp8attn_body body;
  void *argument;
  int64_t count;
  int64_t rangeSize;
  int64_t numRanges;
};

/// Ranges that a worker gets on average, of loops of many indices: enough that
/// the last one is late by little, few enough that the counter is not
/// contended.
inline constexpr int64_t kRangesPerWorker = 64;

/// Returns how a loop over `count` indices, at least 1, is cut.
inline Loop cutLoop(int64_t count, int32_t numWorkers) {
  Loop loop = {};
  loop.count = count;
  loop.rangeSize = count / (numWorkers * kRangesPerWorker);
  if (loop.rangeSize < 1)
    loop.rangeSize = 1;
  // Not (count + rangeSize - 1) / rangeSize, which may overflow.
  loop.numRanges = (count - 1) / loop.rangeSize + 1;
  return loop;
}

/// A value of fp8attn_pool::called: threads shall end.
inline constexpr int32_t kStopping = -1;

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

/// What a thread of a pool does; `worker` is a Worker.
void *runWorker(void *worker);

/// Returns the CPUs that the calling thread and the threads of its pool may run
/// on, at most the pool's workers; all of these if the system does not tell.
/// Looks again after a tenth of a second. For a caller in its turn.
int32_t countProcessors(fp8attn_pool *pool);

} // namespace fp8attn

struct fp8attn_pool {
  /// Held by the caller of a loop for its whole length.
  pthread_mutex_t callers = PTHREAD_MUTEX_INITIALIZER;
  /// Guards sleep, and every write to `called` and `running`.
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
  /// The caller's; a thread that joins copies it.
  fp8attn::Loop loop = {};
  /// Threads that there are: numWorkers - 1, or none in a child of fork.
  int32_t numThreads = 0;
  int32_t numWorkers = 1;
  /// numWorkers of them; owned.
  fp8attn::Worker *workers = nullptr;
  /// The list of all pools.
  fp8attn_pool *next = nullptr;
  /// What countProcessors has found, and when, in seconds and nanoseconds; 0
  /// before the first loop.
  int32_t processors = 0;
  timespec counted = {};
  /// Workers 1 to this may join the loop, none if it is 0; or kStopping.
  /// Threads spin on it.
  alignas(FP8ATTN_ALIGNMENT) std::atomic<int32_t> called{0};
  /// Threads that have joined the loop and not left; the caller spins on it.
  alignas(FP8ATTN_ALIGNMENT) std::atomic<int32_t> running{0};
  /// The next range to hand out.
  alignas(FP8ATTN_ALIGNMENT) std::atomic<int64_t> nextRange{0};
};

#endif // FP8ATTN_LIB_RUNTIME_POOL_STATE_H
