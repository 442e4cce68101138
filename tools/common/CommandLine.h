//===- CommandLine.h - options that say what to compile for -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Command-line options that the tools which compile have in common.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMMON_COMMANDLINE_H
#define FP8ATTN_TOOLS_COMMON_COMMANDLINE_H

#include "fp8attn/Compilation/CompileOptions.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/CommandLine.h"

#include <string>
#include <vector>

namespace mlir::fp8attn {

/// Reads the options from the command line. Make one before
/// llvm::cl::ParseCommandLineOptions.
struct CompileCommandLine {
  CompileCommandLine(llvm::cl::OptionCategory &category,
                     CompileOptions &options);

  llvm::cl::opt<std::string, true> cpu;
  llvm::cl::opt<std::string, true> features;
  llvm::cl::opt<std::string, true> triple;
  llvm::cl::opt<std::string, true> isa;
  llvm::cl::list<std::string, std::vector<std::string>> force;
  llvm::cl::opt<bool, true> mixIsas;
  llvm::cl::opt<bool, true> noRuntimeChecks;
  llvm::cl::opt<bool, true> remarks;
};

/// Has --version name this project, beside LLVM.
void addVersion();

/// Prints the CPUs that can be named for a triple, one a line, to stdout.
/// Returns what main does.
int printKnownCpus(llvm::StringRef triple);

/// Returns what `main` returns, which it runs on a stack of a gigabyte, or an
/// error of a process if there can be none.
int runOnLargeStack(llvm::function_ref<int()> main);

/// Prints one error as the tools do: "error: " and the message, on stderr.
void reportError(const llvm::Twine &message);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_COMMANDLINE_H
