//===- measure.h - interleaved timing of cases ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A shared machine changes its speed from second to second. So all cases of a
// group run in turn, round after round, and ratios are taken inside one group.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_MEASURE_H
#define FP8ATTN_BENCHMARKS_MEASURE_H

#include <functional>
#include <string>
#include <vector>

namespace fp8attn {

/// Something to time.
struct Case {
  std::string name;
  /// What `amount` counts, per nanosecond: "GB/s" or "GFLOP/s".
  std::string unit;
  /// Bytes or operations of one run.
  double amount;
  std::function<void()> run;
  /// Name of the case of the same group that this one is a fraction of, or
  /// empty.
  std::string limit;
  /// Filled in by the run, printed behind the result; may be null.
  std::function<std::string()> note = {};
};

/// Seconds of a case over all rounds.
struct Timing {
  double median;
  double best;
};

/// Returns the processor time of this thread, in seconds: time during which the
/// system ran something else on its core does not count.
double now();

/// Returns the time since some fixed point, in seconds: cheaper than now(), for
/// parts of a case.
double wallTime();

/// Runs each case of a group once untimed, then all in turn for `rounds`
/// rounds.
std::vector<Timing> measure(const std::string &group,
                            const std::vector<Case> &cases, int rounds);

/// Prints one line a case: rate (median and best) and the fraction of its
/// limit, as text or as one JSON object a line.
void report(const std::string &group, const std::vector<Case> &cases,
            const std::vector<Timing> &timings, bool json);

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_MEASURE_H
