//===- Metrics.h - what a run was like --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_METRICS_H
#define FP8ATTN_EXAMPLES_SERVING_METRICS_H

#include "Engine.h"

namespace serving {

class Metrics {
public:
  /// Requests are 0 to numRequests - 1.
  explicit Metrics(size_t numRequests) : requests(numRequests) {}

  /// Notes that a request arrived. Times are seconds since the run began.
  void arrive(int64_t id, double time) { requests[id].last = time; }
  /// Notes what a step did, and what it left.
  void note(const StepReport &report, const Scheduler &scheduler, double time);

  size_t numEnded() const { return ended; }
  /// Prints all, of a run of so many seconds, to stdout.
  void print(double seconds, Engine &engine, CacheFormat format) const;

private:
  struct Progress {
    /// When it arrived, or had its last token.
    double last = 0;
    int32_t numTokens = 0;
  };
  std::vector<Progress> requests;
  /// Seconds from arrival to the first token, and from a token to the next.
  std::vector<double> toFirst, between;
  int64_t numSteps = 0, numRows = 0, numDrafts = 0, numTokens = 0;
  int64_t numPromptTokens = 0, numPreemptions = 0;
  int32_t mostPages = 0;
  size_t ended = 0;
};

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_METRICS_H
