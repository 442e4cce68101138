//===- Results.h - what was measured, and its JSON ------------ -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table, the picture and the comparison are made of these values, from a
// run or from the file of an earlier one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_RESULTS_H
#define FP8ATTN_BENCHMARKS_CALLS_RESULTS_H

#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir::fp8attn {

/// One measurement of a call.
struct Sample {
  /// Of one call.
  double seconds;
  /// The limit's rate right before and right after, in units a second.
  double limitBefore, limitAfter;
  /// Whether the limit stayed the same; other samples tell of the neighbours.
  bool steady;
  /// Seconds of the other build's call beside it, if there is one.
  std::optional<double> againstSeconds;

  /// Mean of both.
  double limit() const { return (limitBefore + limitAfter) / 2; }
};

/// The name of the limit of calls that read a cache.
inline constexpr const char *kPageReads = "page reads";

/// What bounds a call.
struct Limit {
  /// kPageReads, "source reads", or an instruction: "vdpbf16ps".
  std::string name;
  /// "B" or "FLOP": of what the call needs `amount`, 0 if nothing bounds it.
  std::string unit;
  double amount = 0;
};

/// All of a call.
struct Result {
  std::string model, format, isa, call;
  int64_t threads, cores;
  /// Of one call.
  double flops, bytes;
  Limit limit;
  /// Rates of the limits, for pictures: operations in registers, reads of pages
  /// one after the other and four at a time, 0 if there are none.
  double peakFlops = 0, readBytes = 0, interleavedBytes = 0;
  std::vector<Sample> samples;

  /// Medians over the steady samples; nothing if there are none.
  std::optional<double> medianSeconds() const;
  /// Of the time that the limit takes in the time of the call.
  std::optional<double> fraction() const;
  /// Of the other build's seconds in this one's, sample by sample.
  std::optional<double> againstRatio() const;
  /// Over the steady samples, or over all if there are none.
  double bestSeconds() const;
  int64_t countSteady() const;

  /// Identifies what was measured.
  std::string key() const;
};

/// A run of the benchmark.
struct Run {
  /// When it began, as "2026-11-28 10:00 UTC".
  std::string date;
  std::string machine;
  std::string command;
  /// Processes that wanted to run when it began and when it ended.
  double loadBefore = 0, loadAfter = 0;
  std::vector<Result> results;

  static llvm::Expected<Run> read(llvm::StringRef path);
  llvm::Error write(llvm::StringRef path) const;
};

/// Returns the middle one of some values, at least one.
double medianOf(std::vector<double> values);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_RESULTS_H
