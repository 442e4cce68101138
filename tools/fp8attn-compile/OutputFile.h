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

#include "Compilation.h"

namespace mlir::fp8attn {

/// The forms of output. `Automatic` is decided by the file's extension.
enum class OutputKind {
  Automatic,
  Header,
  LLVMText,
  Bitcode,
  Assembly,
  Object
};

/// Compiles `inputPath` and writes `outputPath` ("-": standard output). If
/// anything fails it is reported, and no file is left behind.
LogicalResult compileToFile(const CompileOptions &options, StringRef inputPath,
                            StringRef outputPath, OutputKind kind);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_COMPILE_OUTPUTFILE_H
