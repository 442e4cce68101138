//===- TextFile.cpp - writes text -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Errors of the last bytes are seen, too: the disk may be full.
//
//===----------------------------------------------------------------------===//

#include "TextFile.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir::fp8attn;

llvm::Error mlir::fp8attn::writeTextFile(llvm::StringRef path,
                                         llvm::StringRef text) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  if (!error) {
    os << text;
    os.flush();
    error = os.error();
    os.clear_error();
  }
  if (!error)
    return llvm::Error::success();
  return llvm::createStringError("cannot write \"" + path +
                                 "\": " + error.message());
}
