//===- CodeOutput.cpp - from a lowered module to bytes --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Translates, embeds and emits.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Compilation/CodeOutput.h"

#include "fp8attn/Embedding/EmbeddedLibrary.h"

#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Hands errors of LLVM to those who get the others. Without one, LLVM prints
/// them and ends the process.
struct ErrorsOfLLVM : llvm::DiagnosticHandler {
  ErrorsOfLLVM(Compilation &compilation, bool &failed)
      : compilation(compilation), failed(failed) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    failed = true;
    std::string message;
    llvm::raw_string_ostream os(message);
    llvm::DiagnosticPrinterRawOStream printer(os);
    info.print(printer);
    compilation.reportError(StringRef(message).rtrim());
    return true;
  }

  Compilation &compilation;
  bool &failed;
};
} // namespace

static LogicalResult report(Compilation &compilation, llvm::Error error) {
  if (!error)
    return success();
  compilation.reportError(llvm::toString(std::move(error)));
  return failure();
}

LogicalResult mlir::fp8attn::writeCode(Compilation &compilation, CodeKind kind,
                                       bool embedKernels,
                                       SmallVectorImpl<char> &bytes) {
  bool failedInLLVM = false;
  llvm::LLVMContext llvmContext;
  llvmContext.setDiagnosticHandler(
      std::make_unique<ErrorsOfLLVM>(compilation, failedInLLVM));
  std::unique_ptr<llvm::Module> module = compilation.translate(llvmContext);
  if (!module)
    return failure();
  if (embedKernels && failed(report(compilation, linkEmbeddedLibrary(*module))))
    return failure();
  llvm::raw_svector_ostream os(bytes);
  if (failed(report(compilation,
                    emitCode(*module, compilation.getMachine(), kind, os,
                             compilation.getOptions().allowedImports))))
    return failure();
  return failure(failedInLLVM);
}
