//===- pool.cpp - a small thread pool -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The life of a pool and of its threads: how they start and end, that signals
// are left to the host's threads, and what is left of them in a child of fork.
//
//===----------------------------------------------------------------------===//

#include "pool.h"
#include "pool_state.h"
#include "pool_turn.h"

#include <csignal>
#include <cstdlib>
#include <new>

using namespace fp8attn;

/// All pools, so that a child of fork finds them.
static fp8attn_pool *firstPool = nullptr;
/// Guards the list, and is held by fork.
static pthread_mutex_t listMutex = PTHREAD_MUTEX_INITIALIZER;

/// Makes a pool what it is in a child of fork, which has one thread: free of
/// locks that nobody holds, and without threads, so that loops run serially.
static void forgetThreads(fp8attn_pool *pool) {
  pthread_mutex_init(&pool->callers, nullptr);
  pthread_mutex_init(&pool->mutex, nullptr);
  pthread_cond_init(&pool->idle, nullptr);
  for (int32_t number = 1; number < pool->numWorkers; ++number)
    pthread_cond_init(&pool->workers[number].wake, nullptr);
  pool->called.store(0, std::memory_order_relaxed);
  pool->running.store(0, std::memory_order_relaxed);
  pool->numThreads = 0;
  // A body that forks is in the caller's turn, which ends in the child, too.
  if (fp8attn_pool_find_worker(pool) == 0)
    pthread_mutex_lock(&pool->callers);
}

static void inChild() {
  for (fp8attn_pool *pool = firstPool; pool; pool = pool->next)
    forgetThreads(pool);
  pthread_mutex_unlock(&listMutex);
}

/// Returns whether forks are seen from now on.
static bool watchForks() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static bool isWatching = false;
  pthread_once(&once, [] {
    isWatching =
        !pthread_atfork([] { pthread_mutex_lock(&listMutex); },
                        [] { pthread_mutex_unlock(&listMutex); }, inChild);
  });
  return isWatching;
}

static void addToList(fp8attn_pool *pool) {
  Lock lock(listMutex);
  pool->next = firstPool;
  firstPool = pool;
}

static void removeFromList(const fp8attn_pool *pool) {
  Lock lock(listMutex);
  for (fp8attn_pool **link = &firstPool; *link; link = &(*link)->next)
    if (*link == pool) {
      *link = pool->next;
      return;
    }
}

/// Signals that a thread raises by its own instructions. The host may have a
/// handler for them, which reports a crash.
static constexpr int kOwnSignals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL,
                                      SIGSEGV, SIGSYS, SIGTRAP};

/// Blocks all other signals, those that a process is sent, for this thread.
/// Returns what was blocked before.
static sigset_t blockSignals() {
  sigset_t signals, before;
  sigfillset(&signals);
  for (int signal : kOwnSignals)
    sigdelset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  return before;
}

/// Starts threads until the pool has `numWorkers` workers. Returns false if one
/// does not start; those before it run.
static bool startThreads(fp8attn_pool *pool, int32_t numWorkers) {
  void *memory = aligned_alloc(
      alignof(Worker), static_cast<size_t>(numWorkers) * sizeof(Worker));
  if (!memory)
    return false;
  pool->workers = static_cast<Worker *>(memory);
  for (int32_t number = 0; number < numWorkers; ++number)
    new (&pool->workers[number]) Worker;
  // Threads inherit the mask.
  const sigset_t before = blockSignals();
  for (; pool->numWorkers < numWorkers; ++pool->numWorkers) {
    Worker &worker = pool->workers[pool->numWorkers];
    worker.pool = pool;
    worker.number = pool->numWorkers;
    if (pthread_create(&worker.thread, nullptr, runWorker, &worker))
      break;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pool->numThreads = pool->numWorkers - 1;
  return pool->numWorkers == numWorkers;
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
  if (!watchForks())
    return nullptr;
  void *memory = aligned_alloc(alignof(fp8attn_pool), sizeof(fp8attn_pool));
  if (!memory)
    return nullptr;
  auto *pool = new (memory) fp8attn_pool;
  addToList(pool);
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
    pool->called.store(kStopping, std::memory_order_relaxed);
  }
  for (int32_t number = 1; number <= pool->numThreads; ++number)
    pthread_cond_signal(&pool->workers[number].wake);
  for (int32_t number = 1; number <= pool->numThreads; ++number)
    pthread_join(pool->workers[number].thread, nullptr);
  removeFromList(pool);
  for (int32_t number = 1; number < pool->numWorkers; ++number)
    pthread_cond_destroy(&pool->workers[number].wake);
  free(pool->workers);
  pthread_cond_destroy(&pool->idle);
  pthread_mutex_destroy(&pool->mutex);
  pthread_mutex_destroy(&pool->callers);
  pool->~fp8attn_pool();
  free(pool);
}
