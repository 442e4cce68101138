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

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/CommandLine.h"

#include <string>

namespace mlir::fp8attn {

/// The options. Make one before llvm::cl::ParseCommandLineOptions.
struct CompileOptions {
  explicit CompileOptions(llvm::cl::OptionCategory &category);

  /// Returns whether the user named a target.
  bool namesTarget() const {
    return cpu.getNumOccurrences() || features.getNumOccurrences() ||
           triple.getNumOccurrences();
  }

  llvm::cl::opt<std::string> cpu;
  llvm::cl::opt<std::string> features;
  llvm::cl::opt<std::string> triple;
  llvm::cl::opt<std::string> isa;
  llvm::cl::list<std::string> force;
  llvm::cl::opt<bool> mixIsas;
  llvm::cl::opt<bool> noRuntimeChecks;
  llvm::cl::opt<bool> remarks;

  /// Bodies for every ISA of the architecture, whatever the CPU has.
  bool fat = false;
  /// Line tables for debuggers.
  bool debugInfo = false;
  /// Argument of the last pass to run; empty for all.
  std::string stopAfter;

  /// Features that the tool needs whatever the user says, as in `features`.
  std::string requiredFeatures;
};

/// Has --version name this project, beside LLVM.
void addVersion();

/// Returns what `main` returns, which it runs on a stack of a gigabyte: parser,
/// passes and printer go down into regions one call, or several, a level.
int runOnLargeStack(llvm::function_ref<int()> main);

/// Prints one error as the tools do: "error: " and the message, on stderr.
void reportError(const llvm::Twine &message);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_COMMANDLINE_H
