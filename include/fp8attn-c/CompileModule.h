//===- CompileModule.h - modules of MLIR's C API to objects -----*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As Compile.h, of a module that the caller has in a context of MLIR's C API.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_C_COMPILEMODULE_H
#define FP8ATTN_C_COMPILEMODULE_H

#include "fp8attn-c/Compile.h"

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Compiles a module, which stays as it is, as fp8attnCompile compiles its
/// bytecode: in a context of its own, which knows the dialects that
/// fp8attn-compile knows. The caller's context is only read; diagnostics have
/// the locations of the operations and go to `diagnose` alone.
FP8ATTN_C_EXPORTED Fp8AttnCompileStatus
fp8attnCompileModule(MlirModule module, const Fp8AttnCompileOptions *options,
                     Fp8AttnDiagnosticCallback diagnose,
                     Fp8AttnOutputCallback output, void *user_data);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_C_COMPILEMODULE_H
