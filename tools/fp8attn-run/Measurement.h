//===- Measurement.h - what a run takes and could take ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work that the operations of an entry point must do, and the time that it
// takes, beside what the machine could do in that time.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_MEASUREMENT_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_MEASUREMENT_H

#include "Arguments.h"
#include "MachineLimits.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::fp8attn {

/// What cannot be avoided, however clever the kernels.
struct Work {
  /// Of the two GEMMs over visible keys.
  double flops = 0;
  /// Each byte of keys and values of each sequence once; for operations without
  /// a cache to read, the bytes of their sources.
  double bytes = 0;
  /// Those bytes.
  std::vector<ReadTask> reads;
};

Work getWork(ArrayRef<Operation *> ops, const Arguments &arguments);

/// Seconds; medians of measurements that take turns.
struct Measurement {
  double medianSeconds;
  double bestSeconds;
  /// Of a plain read of the bytes of Work.
  double readSeconds;
  /// Floating-point operations a second of the multiplier, 0 if unknown.
  double peakFlops;
};

/// Measures `run` and the limits of the machine `repetitions` times.
Measurement measure(llvm::function_ref<void()> run, const Work &work,
                    fp8attn_context &context, int repetitions);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_MEASUREMENT_H
