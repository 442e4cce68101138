//===- RunOptions.h - what to run, on what, and what to report --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Command-line options of fp8attn-run.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_RUN_RUNOPTIONS_H
#define FP8ATTN_TOOLS_FP8ATTN_RUN_RUNOPTIONS_H

#include "CommandLine.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Support/LLVM.h"

namespace mlir::fp8attn {

/// The options. Make one before llvm::cl::ParseCommandLineOptions.
struct RunOptions {
  explicit RunOptions(llvm::cl::OptionCategory &category);

  /// Reports the first option whose value makes no sense.
  LogicalResult verify() const;

  llvm::cl::opt<std::string> input;
  llvm::cl::opt<std::string> entry;
  llvm::cl::opt<int64_t> seqs;
  llvm::cl::list<int64_t> contexts;
  llvm::cl::list<int64_t> queryLens;
  llvm::cl::list<int64_t> prefixes;
  llvm::cl::opt<int64_t> group;
  llvm::cl::opt<int64_t> selected;
  llvm::cl::opt<unsigned long long> seed;
  llvm::cl::opt<int> threads;
  llvm::cl::opt<fp8attn_isa> isaCap;
  llvm::cl::opt<bool> emulateAmx;
  llvm::cl::opt<bool> check;
  llvm::cl::opt<bool> time;
  llvm::cl::opt<int> repetitions;
  llvm::cl::opt<bool> json;
  llvm::cl::opt<std::string> svg;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_RUN_RUNOPTIONS_H
