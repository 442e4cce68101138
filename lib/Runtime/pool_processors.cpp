//===- pool_processors.cpp - CPUs that a pool may use ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Threads beyond the CPUs only take time from each other: one that is preempted
// in the middle of a range is waited for. A process may have fewer CPUs than
// the machine (taskset, a container's cpuset), and a host may give each thread
// its own, its callers too: so the masks of all threads count, together. They
// may change at any time, and asking is a system call a thread.
//
//===----------------------------------------------------------------------===//

#include "pool_state.h"

#ifdef __linux__
#include <sched.h>
#endif

using namespace fp8attn;

/// Returns the CPUs as countProcessors does.
static int32_t askSystem([[maybe_unused]] const fp8attn_pool *pool) {
#ifdef __linux__
  cpu_set_t all;
  CPU_ZERO(&all);
  int32_t count = 0;
  for (int32_t number = 0;
       number <= pool->numThreads && count < pool->numWorkers; ++number) {
    cpu_set_t own;
    const pthread_t thread =
        number == 0 ? pthread_self() : pool->workers[number].thread;
    // Machines of more than 1,024 CPUs need a larger set: they have enough.
    if (pthread_getaffinity_np(thread, sizeof(own), &own))
      return pool->numWorkers;
    CPU_OR(&all, &all, &own);
    count = CPU_COUNT(&all);
  }
  return count < pool->numWorkers ? count : pool->numWorkers;
#else
  return pool->numWorkers;
#endif
}

int32_t fp8attn::countProcessors(fp8attn_pool *pool) {
  timespec now = {};
#ifdef CLOCK_MONOTONIC_COARSE
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
  clock_gettime(CLOCK_MONOTONIC, &now);
#endif
  constexpr int64_t kSecond = 1000000000, kInterval = kSecond / 10;
  const int64_t passed = (now.tv_sec - pool->counted.tv_sec) * kSecond +
                         now.tv_nsec - pool->counted.tv_nsec;
  if (pool->processors == 0 || passed >= kInterval) {
    pool->processors = askSystem(pool);
    pool->counted = now;
  }
  return pool->processors;
}
