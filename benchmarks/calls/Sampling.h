//===- Sampling.h - times a call beside what limits it -------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A shared machine changes its speed from second to second: the limit is
// measured right before and right after every sample, by the same threads.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_SAMPLING_H
#define FP8ATTN_BENCHMARKS_CALLS_SAMPLING_H

#include "CallData.h"
#include "Results.h"

#include "llvm/ADT/ArrayRef.h"

namespace mlir::fp8attn {

/// A library with its pool and workspace, which runs calls.
class Contender {
public:
  /// Fails if the workers cannot be started.
  static llvm::Expected<Contender> create(const CompiledModel &model,
                                          int32_t workers);

  /// Runs on no other ISA than this.
  void setIsa(fp8attn_isa isa) { context.isa_cap = isa; }
  /// Runs a call; the error has the text of the library.
  llvm::Error check(const BenchCall &call, const CallArguments &arguments);
  /// Runs a call and returns its status.
  fp8attn_status run(const BenchCall &call, const CallArguments &arguments);

  fp8attn_context &getContext() { return context; }

private:
  const CompiledModel *model;
  std::shared_ptr<fp8attn_pool> pool;
  std::shared_ptr<void> workspace;
  fp8attn_context context;
};

/// Takes `count` steady samples, or fewer if the machine does not keep still. A
/// second contender takes turns with the first one. Fills in what the samples
/// are of; names of model, format, ISA, call, and threads are the caller's.
llvm::Expected<Result> measure(const BenchCall &call, const CallData &data,
                               llvm::MutableArrayRef<Contender> contenders,
                               fp8attn_isa isa, int count);

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_SAMPLING_H
