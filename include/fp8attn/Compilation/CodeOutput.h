//===- CodeOutput.h - from a lowered module to bytes ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The steps behind Compilation::lower. Apart from it, because only those who
// write code need the embedded kernels.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMPILATION_CODEOUTPUT_H
#define FP8ATTN_COMPILATION_CODEOUTPUT_H

#include "fp8attn/Compilation/Compilation.h"
#include "fp8attn/Target/CodeEmission.h"

namespace mlir::fp8attn {

/// Appends the code of a lowered module to `bytes`, with kernels and runtime in
/// it if `embedKernels` says so. Reports its errors.
LogicalResult writeCode(Compilation &compilation, CodeKind kind,
                        bool embedKernels, SmallVectorImpl<char> &bytes);

} // namespace mlir::fp8attn

#endif // FP8ATTN_COMPILATION_CODEOUTPUT_H
