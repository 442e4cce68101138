//===- WorkerPool.cpp - threads for the callback --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkerPool.h"

using namespace serving;

WorkerPool::WorkerPool(int32_t numWorkers) {
  for (int32_t worker = 1; worker < numWorkers; ++worker)
    threads.emplace_back([this, worker] { work(worker); });
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex);
    isStopping = true;
  }
  begun.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

void WorkerPool::runIndices(const Loop &loop, int32_t worker) {
  for (int64_t i = next++; i < loop.count; i = next++)
    loop.body(loop.argument, i, i + 1, worker);
}

void WorkerPool::work(int32_t worker) {
  uint64_t lastLoop = 0;
  std::unique_lock lock(mutex);
  while (true) {
    begun.wait(
        lock, [&] { return isStopping || (isOpen && loopNumber != lastLoop); });
    if (isStopping)
      return;
    lastLoop = loopNumber;
    const Loop loop = current;
    ++numInside;
    lock.unlock();
    runIndices(loop, worker);
    lock.lock();
    if (--numInside == 0)
      ended.notify_one();
  }
}

void WorkerPool::parallelFor(void *pool, int64_t count, fp8attn_body body,
                             void *argument) {
  WorkerPool &self = *static_cast<WorkerPool *>(pool);
  const Loop loop = {count, body, argument};
  if (self.threads.empty() || count <= 1) {
    if (count > 0)
      body(argument, 0, count, 0);
    return;
  }
  {
    std::lock_guard lock(self.mutex);
    self.current = loop;
    self.next = 0;
    self.isOpen = true;
    ++self.loopNumber;
  }
  self.begun.notify_all();
  self.runIndices(loop, 0);
  // All indices are taken: who has not joined yet need not, and is not waited
  // for; who has may still be in one.
  std::unique_lock lock(self.mutex);
  self.isOpen = false;
  self.ended.wait(lock, [&] { return self.numInside == 0; });
}
