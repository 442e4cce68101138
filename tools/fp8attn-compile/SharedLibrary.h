//===- SharedLibrary.h - objects that dlopen takes --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Links an object that stands alone into a shared library.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TOOLS_FP8ATTN_COMPILE_SHAREDLIBRARY_H
#define FP8ATTN_TOOLS_FP8ATTN_COMPILE_SHAREDLIBRARY_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace mlir::fp8attn {

/// Replaces the bytes of an object by those of a shared library of the given
/// name that exports the object's global symbols. Runs lld, which must be in
/// the PATH as ld.lld-22 or ld.lld; the error says so if it is not, or why a
/// file cannot be made, or what the linker did instead.
llvm::Error linkSharedLibrary(llvm::StringRef name,
                              llvm::SmallVectorImpl<char> &bytes);

} // namespace mlir::fp8attn

#endif // FP8ATTN_TOOLS_FP8ATTN_COMPILE_SHAREDLIBRARY_H
