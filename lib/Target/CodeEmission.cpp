//===- CodeEmission.cpp - from the LLVM dialect to files ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Drives LLVM: translation, the default -O2 pipeline, and the code generator.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/CodeEmission.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"

using namespace mlir;
using namespace mlir::fp8attn;

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loopAnalyses;
  llvm::FunctionAnalysisManager functionAnalyses;
  llvm::CGSCCAnalysisManager callGraphAnalyses;
  llvm::ModuleAnalysisManager moduleAnalyses;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(moduleAnalyses);
  builder.registerCGSCCAnalyses(callGraphAnalyses);
  builder.registerFunctionAnalyses(functionAnalyses);
  builder.registerLoopAnalyses(loopAnalyses);
  builder.crossRegisterProxies(loopAnalyses, functionAnalyses,
                               callGraphAnalyses, moduleAnalyses);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, moduleAnalyses);
}

std::unique_ptr<llvm::Module>
mlir::fp8attn::buildLLVMModule(ModuleOp module, llvm::TargetMachine &machine,
                               llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, "fp8attn");
  if (!llvmModule)
    return nullptr;
  llvmModule->setTargetTriple(machine.getTargetTriple());
  llvmModule->setDataLayout(machine.createDataLayout());
  optimize(*llvmModule, machine);
  return llvmModule;
}

llvm::Error mlir::fp8attn::emitCode(llvm::Module &module,
                                    llvm::TargetMachine &machine, CodeKind kind,
                                    llvm::raw_pwrite_stream &os) {
  switch (kind) {
  case CodeKind::LLVMText:
    module.print(os, /*AAW=*/nullptr);
    return llvm::Error::success();
  case CodeKind::Bitcode:
    llvm::WriteBitcodeToFile(module, os);
    return llvm::Error::success();
  case CodeKind::Assembly:
  case CodeKind::Object:
    break;
  }
  llvm::legacy::PassManager codegen;
  if (machine.addPassesToEmitFile(codegen, os, /*DwoOut=*/nullptr,
                                  kind == CodeKind::Object
                                      ? llvm::CodeGenFileType::ObjectFile
                                      : llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError(
        "LLVM cannot write this kind of file for \"" +
        machine.getTargetTriple().str() + "\"");
  codegen.run(module);
  return llvm::Error::success();
}
