//===- WorkerPool.h - threads for the callback ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The engine's own threads: its loops and those of the compiled functions run
// on them. What a compiled function demands of a host's loop is in parallelFor.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_WORKERPOOL_H
#define FP8ATTN_EXAMPLES_SERVING_WORKERPOOL_H

#include "fp8attn/Runtime/fp8attn.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace serving {

class WorkerPool {
public:
  /// Starts numWorkers - 1 threads: the caller of a loop is worker 0.
  explicit WorkerPool(int32_t numWorkers);
  ~WorkerPool();
  WorkerPool(const WorkerPool &) = delete;
  WorkerPool &operator=(const WorkerPool &) = delete;

  int32_t numWorkers() const { return int32_t(threads.size()) + 1; }

  /// An fp8attn_parallel_for, `pool` is a WorkerPool: every index of [0, count)
  /// runs once, each worker has its own number, and all are done on return. One
  /// loop at a time, and none from inside a body.
  static void parallelFor(void *pool, int64_t count, fp8attn_body body,
                          void *argument);

  /// Calls function(index) for every index of [0, count).
  template <typename Function> void forEach(int64_t count, Function function) {
    parallelFor(
        this, count,
        [](void *argument, int64_t begin, int64_t end, int32_t) {
          for (int64_t i = begin; i < end; ++i)
            (*static_cast<Function *>(argument))(i);
        },
        &function);
  }

private:
  struct Loop {
    int64_t count = 0;
    fp8attn_body body = nullptr;
    void *argument = nullptr;
  };
  void work(int32_t worker);
  void runIndices(const Loop &loop, int32_t worker);

  std::mutex mutex;
  std::condition_variable begun, ended;
  /// Guarded by the mutex: the loop that threads may join while it is open, its
  /// number, and how many threads are in it.
  Loop current;
  uint64_t loopNumber = 0;
  int32_t numInside = 0;
  bool isOpen = false, isStopping = false;
  /// The next index that nobody has taken.
  std::atomic<int64_t> next = 0;
  std::vector<std::thread> threads;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_WORKERPOOL_H
