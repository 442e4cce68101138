//===- Host.h - the machine that timings are of --------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A time without its machine says nothing: what is written beside each.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_HOST_H
#define FP8ATTN_BENCHMARKS_CALLS_HOST_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::fp8attn {

/// The processors that this process may use.
struct Host {
  /// As the system names it, and as LLVM does, which goes by features.
  std::string name, architecture;
  /// Best ISA, and why there is none better.
  std::string isa, isaReason;
  /// Logical processors; those of one core are hyper-threads of it. The first
  /// ones of each core come first.
  std::vector<int> processors;
  int64_t cores;
  /// Of all last-level caches of these processors together.
  int64_t lastLevelBytes;
  /// Setting of transparent huge pages.
  std::string hugePages;

  static Host describe();

  /// Lets this process, and the threads that it starts from now on, run on one
  /// processor of each core if they are no more than cores, else on all.
  /// Returns how many cores `threads` threads have.
  int64_t spread(int32_t threads) const;

  /// Returns e.g. "AMD EPYC (znver3), avx2, 2 cores, 2 hardware threads, 32 MiB
  /// of last-level cache".
  std::string line() const;
};

/// Returns the mean number of processes that wanted to run in the last minute.
double readLoad();

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_HOST_H
