//===- main.cpp - fp8attn as the backend of another compiler --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Usage: compiler-backend HEADS KV_HEADS HEAD_DIM OUTPUT.o
//
// Builds a module in memory, lowers it with the pipeline of fp8attn-compile for
// this host, and writes the object.
//
//===----------------------------------------------------------------------===//

#include "decode_model.h"

#include "fp8attn/InitAll.h"
#include "fp8attn/Pipelines/Pipelines.h"
#include "fp8attn/Target/CodeEmission.h"
#include "fp8attn/Target/TargetMachine.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

static int fail(const llvm::Twine &message) {
  llvm::errs() << "compiler-backend: " << message << "\n";
  return 1;
}

/// Reads the numbers of the model. Returns false if they are none.
static bool parseModel(char **arguments, DecodeModel &model) {
  return !StringRef(arguments[0]).getAsInteger(10, model.heads) &&
         !StringRef(arguments[1]).getAsInteger(10, model.kvHeads) &&
         !StringRef(arguments[2]).getAsInteger(10, model.headDim);
}

/// Lowers a module at the model level to the LLVM dialect.
static LogicalResult lower(ModuleOp module,
                           const llvm::TargetMachine &machine) {
  fp8attn::attachTarget(module, machine);
  PassManager passes(module.getContext());
  fp8attn::buildToLLVMPipeline(passes, fp8attn::ToLLVMPipelineOptions());
  return passes.run(module);
}

int main(int argc, char **argv) {
  DecodeModel model;
  if (argc != 5 || !parseModel(argv + 1, model))
    return fail("expects HEADS KV_HEADS HEAD_DIM OUTPUT.o");

  DialectRegistry registry;
  fp8attn::registerAllDialects(registry);
  fp8attn::registerAllTranslations(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);

  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      fp8attn::createTargetMachine(fp8attn::getHostTarget());
  if (!machine)
    return fail(llvm::toString(machine.takeError()));

  OwningOpRef<ModuleOp> module = buildDecodeModule(context, model);
  if (!module || failed(lower(*module, **machine)))
    return 1;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code =
      fp8attn::buildLLVMModule(*module, **machine, llvmContext);
  if (!code)
    return 1;

  std::error_code error;
  llvm::ToolOutputFile output(argv[4], error, llvm::sys::fs::OF_None);
  if (error)
    return fail(llvm::Twine(argv[4]) + ": " + error.message());
  if (llvm::Error emitted = fp8attn::emitCode(
          *code, **machine, fp8attn::CodeKind::Object, output.os()))
    return fail(llvm::toString(std::move(emitted)));
  output.keep();
  return 0;
}
