//===- ReplaceFile.h - output files, whole or not at all --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How output gets to its place.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_COMPILE_REPLACEFILE_H
#define FP8ATTN_TOOLS_COMPILE_REPLACEFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir::fp8attn {

/// Makes `bytes` the contents of the file at `path`, or of what that links to,
/// in one step: whoever has the old file open keeps it, and it stays as it was
/// if the new one cannot be written. A signal leaves no temporary file. Files
/// keep their permissions; what is no regular file, such as /dev/stdout, is
/// written to. "-" is standard output.
llvm::Error replaceFile(llvm::StringRef path, llvm::ArrayRef<char> bytes);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_COMPILE_REPLACEFILE_H
