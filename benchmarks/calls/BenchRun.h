//===- BenchRun.h - all calls, one after the other ------------ -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops over what the options choose.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_BENCHRUN_H
#define FP8ATTN_BENCHMARKS_CALLS_BENCHRUN_H

#include "BenchOptions.h"
#include "Results.h"

#include "llvm/Support/raw_ostream.h"

namespace mlir::fp8attn {

/// Measures what the options say and prints each result to `os` when there is
/// one. `command` is what to write beside the results.
llvm::Expected<Run> runBenchmark(const BenchOptions &options,
                                 llvm::StringRef command,
                                 llvm::raw_ostream &os);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_BENCHRUN_H
