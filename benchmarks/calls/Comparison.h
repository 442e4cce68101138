//===- Comparison.h - faster or slower than before ------------ -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Against the file of an earlier run, by the fraction of the limit, as the
// machine may be faster or slower now; against another build in the same run,
// by times.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_COMPARISON_H
#define FP8ATTN_BENCHMARKS_CALLS_COMPARISON_H

#include "Results.h"

#include "llvm/Support/raw_ostream.h"

namespace mlir::fp8attn {

/// What became of calls.
struct Comparison {
  struct Change {
    std::string key;
    /// How many times as fast as the other.
    double speed;
  };
  std::vector<Change> changes;
  /// Results without a counterpart, or without a steady sample on both sides.
  int64_t notCompared = 0;

  /// Prints each change of more than a twentieth, the slowest first, and how
  /// many there are of each kind.
  void print(llvm::raw_ostream &os) const;
  int64_t countSlower() const;
};

Comparison compareRuns(const Run &run, const Run &other);
Comparison compareBuilds(const Run &run);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_COMPARISON_H
