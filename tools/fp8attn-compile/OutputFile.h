//===- OutputFile.h - what fp8attn-compile writes ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The forms of output, and writing one of them to a file.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_COMPILE_OUTPUTFILE_H
#define FP8ATTN_TOOLS_FP8ATTN_COMPILE_OUTPUTFILE_H

#include "fp8attn/Compilation/Compilation.h"

namespace mlir::fp8attn {

/// The forms of output. `Automatic` is decided by the file's extension.
enum class OutputKind {
  Automatic,
  Header,
  Json,
  MLIRText,
  LLVMText,
  Bitcode,
  Assembly,
  Object,
  SharedLibrary
};

/// What to print of kernels.
enum class ExplainKind { Nothing, Choices, Candidates };

/// What to write, and where.
struct OutputOptions {
  /// "-": standard input and output.
  std::string inputPath = "-";
  std::string outputPath = "-";
  OutputKind kind = OutputKind::Automatic;
  /// Put kernels and runtime into the code; shared libraries always have them.
  bool embedKernels = false;
  /// What to print to standard output; without an output file there is no code
  /// then.
  ExplainKind explain = ExplainKind::Nothing;
};

/// Compiles and writes. If anything fails it is reported, and no file is left
/// behind.
LogicalResult compileToFile(const CompileOptions &options,
                            const OutputOptions &output);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_COMPILE_OUTPUTFILE_H
