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

namespace fp8attn {

/// Tells a nested call which loops its thread is in the middle of. It lives in
/// the pool, not on the stack, which a body may leave in ways of its own.
struct Frame {
  const fp8attn_pool *pool;
  int32_t worker;
  Frame *outer;
};

/// A thread of a pool; worker 0 is the caller of a loop.
struct Worker {
  fp8attn_pool *pool;
  int32_t number;
  pthread_t thread;
  Frame frame;
};

/// A loop, cut into ranges.
struct Loop {
  fp8attn_body body;
  void *argument;
  int64_t count;
  int64_t rangeSize;
  int64_t numRanges;
};

/// A value of fp8attn_pool::seats: threads shall end.
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

} // namespace fp8attn

struct fp8attn_pool {
  /// Held by the caller of a loop for its whole length.
  pthread_mutex_t callers = PTHREAD_MUTEX_INITIALIZER;
  /// Guards `sleeping`, and every write to `seats` and `running`.
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
  pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
  /// The caller's; a thread that has a seat copies it.
  fp8attn::Loop loop = {};
  /// Threads that may still join the loop, or kStopping; threads spin on it.
  std::atomic<int32_t> seats{0};
  /// Threads that have joined the loop and not left; the caller spins on it.
  std::atomic<int32_t> running{0};
  /// Threads that only `wake` reaches.
  int32_t sleeping = 0;
  /// Threads that there are: numWorkers - 1, or none in a child of fork.
  int32_t numThreads = 0;
  int32_t numWorkers = 1;
  /// numWorkers of them; owned.
  fp8attn::Worker *workers = nullptr;
  /// The list of all pools.
  fp8attn_pool *next = nullptr;
  /// The next range to hand out, on a cache line of its own.
  alignas(FP8ATTN_ALIGNMENT) std::atomic<int64_t> nextRange{0};
};

#endif // FP8ATTN_LIB_RUNTIME_POOL_STATE_H
