//===- parallel.cpp - the loop of generated code --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where generated code meets the host's threads: the context's parallel loop,
// or the calling thread. The host's loop is a stranger's code, so the worker
// number, by which bodies find their memory, is looked at before each range,
// and the thread's floating-point environment is set: it is that of whoever
// made the thread.
//
//===----------------------------------------------------------------------===//

#include "message.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <atomic>
#include <cinttypes>

namespace {
/// A loop of generated code on its way through the host.
struct GuardedLoop {
  fp8attn_body body;
  void *argument;
  int32_t numWorkers;
  /// A worker number that was refused; no number of a worker if none was.
  std::atomic<int64_t> refused;
};
} // namespace

/// Larger than any worker number.
static constexpr int64_t kNoneRefused = INT64_MAX;

static void runGuarded(void *argument, int64_t begin, int64_t end,
                       int32_t worker) {
  auto *loop = static_cast<GuardedLoop *>(argument);
  if (worker < 0 || worker >= loop->numWorkers) {
    loop->refused.store(worker, std::memory_order_relaxed);
    return;
  }
  const int64_t environment = fp8attn_enter_environment();
  loop->body(loop->argument, begin, end, worker);
  fp8attn_leave_environment(environment);
}

int32_t fp8attn_parallel(fp8attn_context *context, int64_t count,
                         fp8attn_body body, void *argument) {
  if (count <= 0)
    return FP8ATTN_OK;
  if (!context->parallel_for) {
    body(argument, 0, count, /*worker=*/0);
    return FP8ATTN_OK;
  }
  GuardedLoop loop = {body, argument, context->num_workers, {kNoneRefused}};
  context->parallel_for(context->pool, count, runGuarded, &loop);
  int64_t refused = loop.refused.load(std::memory_order_relaxed);
  if (refused == kNoneRefused)
    return FP8ATTN_OK;
  return fp8attn::fail(context, FP8ATTN_BAD_CONTEXT,
                       "parallel_for passed worker %" PRId64
                       ", expected 0 to %" PRId32,
                       refused, context->num_workers - 1);
}
