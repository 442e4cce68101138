//===- Progress.h - how far a run is -------------------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One line on the terminal, which the next one replaces; nothing if the errors
// of the program go elsewhere.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_PROGRESS_H
#define FP8ATTN_BENCHMARKS_CALLS_PROGRESS_H

#include "llvm/ADT/Twine.h"

#include <chrono>
#include <cstdint>

namespace mlir::fp8attn {

/// Counts the calls of a run.
class Progress {
public:
  explicit Progress(int64_t total);

  /// Shows what is done now, how many calls of all are done, and how long the
  /// others will take if they take as long.
  void show(const llvm::Twine &what);
  /// Takes the line away.
  void clear();
  /// Counts a call.
  void advance() { ++done; }

private:
  const bool isShown;
  const int64_t total;
  int64_t done = 0;
  std::chrono::steady_clock::time_point begin;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_PROGRESS_H
