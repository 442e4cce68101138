//===- Files.h - reads JSON ----------------------------------- -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every error names the file; one in a value shows what is around it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_CALLS_FILES_H
#define FP8ATTN_BENCHMARKS_CALLS_FILES_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace mlir::fp8attn {

/// Reads and parses a file.
llvm::Expected<llvm::json::Value> parseJsonFile(llvm::StringRef path);

/// Returns the error of `root` in the value of a file.
llvm::Error describeJsonError(llvm::StringRef path,
                              const llvm::json::Value &value,
                              const llvm::json::Path::Root &root);

/// Reads a value of a type that has a fromJSON.
template <class T> llvm::Expected<T> readJsonFile(llvm::StringRef path) {
  llvm::Expected<llvm::json::Value> value = parseJsonFile(path);
  if (!value)
    return value.takeError();
  T result;
  llvm::json::Path::Root root("");
  if (!fromJSON(*value, result, root))
    return describeJsonError(path, *value, root);
  return result;
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_BENCHMARKS_CALLS_FILES_H
