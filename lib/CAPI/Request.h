//===- Request.h - a call of the C API on its way ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What compilations of text and of modules have in common.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CAPI_REQUEST_H
#define FP8ATTN_LIB_CAPI_REQUEST_H

#include "fp8attn-c/Compile.h"

#include "fp8attn/Compilation/CompileOptions.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::fp8attn {

/// The arguments of a call, but for its input.
struct Request {
  const Fp8AttnCompileOptions *options;
  Fp8AttnDiagnosticCallback diagnose;
  Fp8AttnOutputCallback output;
  void *userData;
};

/// Makes the input, of a given name; null if there is no memory for it.
using MakeInput =
    llvm::function_ref<std::unique_ptr<llvm::MemoryBuffer>(llvm::StringRef)>;

/// Checks the arguments, compiles on a large stack, and calls back on this one.
/// `input` is called on the large stack; `hasInput` says whether the caller
/// gave what it is made of.
Fp8AttnCompileStatus run(const Request &request, bool hasInput,
                         MakeInput input);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CAPI_REQUEST_H
