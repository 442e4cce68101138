//===- CodeEmission.h - from the LLVM dialect to files ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The last steps of compilation: LLVM IR, LLVM's optimiser, and text or bytes.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TARGET_CODEEMISSION_H
#define FP8ATTN_TARGET_CODEEMISSION_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace mlir::fp8attn {

/// What emitCode writes.
enum class CodeKind { LLVMText, Bitcode, Assembly, Object };

/// Returns an operation that is not of the LLVM dialect, null if there is none;
/// one in a function rather than the function, and a cast between types only if
/// there is nothing else.
Operation *findForeignOperation(ModuleOp module);

/// Reports code beside the model that nobody has lowered to the LLVM dialect.
LogicalResult checkIsLowered(ModuleOp module);

/// Translates a module of the LLVM dialect to LLVM IR for the machine and
/// optimises it at -O2. The module's MLIR context must know the translations
/// (registerAllTranslations). Returns null after diagnostics if there is none.
std::unique_ptr<llvm::Module> buildLLVMModule(ModuleOp module,
                                              llvm::TargetMachine &machine,
                                              llvm::LLVMContext &context);

/// Writes optimised LLVM IR in the given form. An object that imports what is
/// neither of the C library (imports.def) nor of the runtime nor among
/// `allowedImports` is an error.
llvm::Error emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                     CodeKind kind, llvm::raw_pwrite_stream &os,
                     ArrayRef<std::string> allowedImports = {});

} // namespace mlir::fp8attn

#endif // FP8ATTN_TARGET_CODEEMISSION_H
