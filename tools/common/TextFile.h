//===- TextFile.h - writes text --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What reports and pictures are written with.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMMON_TEXTFILE_H
#define FP8ATTN_TOOLS_COMMON_TEXTFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir::fp8attn {

/// Writes a file; "-" is the standard output. The error names the file.
llvm::Error writeTextFile(llvm::StringRef path, llvm::StringRef text);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMMON_TEXTFILE_H
