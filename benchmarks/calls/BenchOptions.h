//===- BenchOptions.h - options of fp8attn-bench-calls -------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What to measure, and what to make of it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_BENCHOPTIONS_H
#define FP8ATTN_BENCHMARKS_CALLS_BENCHOPTIONS_H

#include "Format.h"
#include "Host.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace mlir::fp8attn {

/// The options. Make one before llvm::cl::ParseCommandLineOptions.
struct BenchOptions {
  explicit BenchOptions(llvm::cl::OptionCategory &category);

  /// What the lists of options mean on this host.
  llvm::Expected<std::vector<const Format *>> getFormats() const;
  llvm::Expected<std::vector<fp8attn_isa>> getIsas() const;
  llvm::Expected<std::vector<int32_t>> getThreads(const Host &host) const;

  /// Returns the build folders whose compilers, kernels and runtimes take part.
  std::vector<std::string> getBuilds() const;

  llvm::cl::opt<std::string> suite;
  llvm::cl::list<std::string> models;
  llvm::cl::list<std::string> calls;
  llvm::cl::list<std::string> formats;
  llvm::cl::list<std::string> isas;
  llvm::cl::list<std::string> threads;
  llvm::cl::opt<int> samples;
  llvm::cl::opt<std::string> from;
  llvm::cl::opt<std::string> json;
  llvm::cl::opt<std::string> svg;
  llvm::cl::opt<std::string> against;
  llvm::cl::opt<std::string> againstBuild;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_BENCHOPTIONS_H
