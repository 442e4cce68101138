//===- CompileOptions.h - what to compile for, and how ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The options that all ways to the compiler have: tools, and the C API.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMPILATION_COMPILEOPTIONS_H
#define FP8ATTN_COMPILATION_COMPILEOPTIONS_H

#include "mlir/IR/Diagnostics.h"

#include <functional>
#include <string>
#include <vector>

namespace mlir::fp8attn {

/// A diagnostic as its readers get it; notes are diagnostics of their own
/// behind the one that they belong to.
struct CompileDiagnostic {
  DiagnosticSeverity severity = DiagnosticSeverity::Error;
  /// Empty, with line and column 0, if it is about no place in the input. Lines
  /// and columns count from 1.
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string message;
};

/// The options. Texts are as on the command line of fp8attn-compile.
struct CompileOptions {
  /// Empty: what the module names, else this host, as "native" says.
  std::string cpu;
  std::string features;
  std::string triple;
  /// The only ISA to make bodies for; empty for all that the target has.
  std::string isa;
  /// Names of kernels, or of an ISA for all of its own, to use where they can
  /// be.
  std::vector<std::string> force;
  bool mixIsas = false;
  bool noRuntimeChecks = false;
  /// Have remarks among the diagnostics.
  bool remarks = false;
  /// Bodies for every ISA of the architecture, whatever the CPU has.
  bool fat = false;
  /// Line tables for debuggers.
  bool debugInfo = false;
  /// Symbols of libraries of the host's that objects may import.
  std::vector<std::string> allowedImports;
  /// Argument of the last pass to run; empty for all.
  std::string stopAfter;
  /// Features that the tool needs whatever the user says, as in `features`.
  std::string requiredFeatures;
  /// Who gets the diagnostics. If nobody: stderr, with the line of the input.
  std::function<void(const CompileDiagnostic &)> diagnose;

  /// Returns whether the user named a target.
  bool namesTarget() const {
    return !cpu.empty() || !features.empty() || !triple.empty();
  }
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_COMPILATION_COMPILEOPTIONS_H
