//===- Engine.h - requests in, text out -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_ENGINE_H
#define FP8ATTN_EXAMPLES_SERVING_ENGINE_H

#include "Scheduler.h"
#include "WorkerGroup.h"

#include <deque>
#include <mutex>

namespace serving {

struct EngineOptions {
  CacheFormat format = CacheFormat::E4M3;
  int32_t numGroups = 1, workersPerGroup = 1;
  /// The best ISA that calls may use, an fp8attn_isa.
  int32_t isaCap = FP8ATTN_ISA_AMX_BF16;
  SchedulerOptions scheduler;
};

/// What a step did.
struct StepReport {
  /// Of the first group whose call failed, with its text. Its sequences are as
  /// before the step and will be tried again; those of other groups went on.
  fp8attn_status status = FP8ATTN_OK;
  std::string message;
  /// Rows of all chunks, and the guesses among them.
  int32_t numRows = 0, numDrafts = 0;
  /// New tokens of text by request.
  struct Emission {
    int64_t id;
    int32_t numTokens;
  };
  std::vector<Emission> emissions;
  /// Requests that are finished or cancelled.
  std::vector<std::unique_ptr<Sequence>> ended;
};

/// All but cancel() is for one thread.
class Engine {
public:
  /// The model must outlive the engine.
  Engine(const Model &model, const EngineOptions &options);

  /// Takes a request. Returns why not, if it can never be served.
  std::optional<std::string> submit(Request request) {
    return scheduler.submit(std::move(request));
  }

  /// Serves a request alone. Throws std::runtime_error if it is refused or a
  /// call fails.
  std::unique_ptr<Sequence> serve(Request request);

  /// Ends a request. May be called by any thread at any time, even by one that
  /// is inside of step(): pages are released when no call uses them any more,
  /// and the sequence is in the report of the step that did so.
  void cancel(int64_t id);

  /// Computes one step of all that runs.
  StepReport step();

  bool isIdle() const { return scheduler.isIdle(); }
  const Scheduler &getScheduler() const { return scheduler; }
  const KvCache &getCache() const { return cache; }
  std::deque<WorkerGroup> &getGroups() { return groups; }

private:
  void applyCancellations();

  KvCache cache;
  Scheduler scheduler;
  std::deque<WorkerGroup> groups;
  /// Runs the groups beside one another.
  WorkerPool groupPool;
  std::mutex mutex;
  /// Guarded by the mutex.
  std::vector<int64_t> cancelled;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_ENGINE_H
