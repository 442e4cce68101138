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
#include "fp8attn/Target/SymbolNames.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCContext.h"
#include "llvm/Object/ObjectFile.h"
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

Operation *mlir::fp8attn::findForeignOperation(ModuleOp module) {
  Operation *cast = nullptr, *other = nullptr;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == module || isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()))
      return WalkResult::advance();
    if (isa<UnrealizedConversionCastOp>(op)) {
      cast = op;
      return WalkResult::advance();
    }
    // What is in a function says more than the function.
    other = op;
    return isa<FunctionOpInterface>(op) ? WalkResult::advance()
                                        : WalkResult::interrupt();
  });
  return other ? other : cast;
}

LogicalResult mlir::fp8attn::checkIsLowered(ModuleOp module) {
  Operation *op = findForeignOperation(module);
  if (!op)
    return success();
  return op->emitError("cannot lower ")
         << op->getName()
         << " beside the model to the LLVM dialect; expects operations of "
            "affine, arith, cf, func, llvm, math, memref, scf and vector, on "
            "types that LLVM has; fp8attn-opt runs other conversions behind "
            "fp8attn-to-llvm";
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

/// Makes the sections of constants and strings plain ones, which LLVM takes
/// when it asks for sections of these names. In sections whose equal entries
/// linkers merge, each entry that code refers to needs a symbol: hundreds in an
/// object, several times the bytes that merging saves.
static void useUnmergedSections(llvm::MCContext &context) {
  for (StringRef name : {".rodata.cst4", ".rodata.cst8", ".rodata.cst16",
                         ".rodata.cst32", ".rodata.str1.1"})
    context.getELFSection(name, llvm::ELF::SHT_PROGBITS, llvm::ELF::SHF_ALLOC);
}

/// Has places that indirect calls reach begin with endbr64, embedded kernels
/// included, and objects say so: linkers give a program the protection of
/// branches and of return addresses only if all that is linked has it.
static void protectBranches(llvm::Module &module) {
  if (!module.getTargetTriple().isX86())
    return;
  for (StringRef flag : {"cf-protection-branch", "cf-protection-return"})
    module.setModuleFlag(llvm::Module::Min, flag, 1);
}

/// Refuses an object that imports what it may not: a host that links nothing
/// else would find out.
static llvm::Error checkImports(llvm::MemoryBufferRef bytes,
                                const llvm::Triple &triple,
                                ArrayRef<std::string> allowed) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> object =
      llvm::object::ObjectFile::createObjectFile(bytes);
  if (!object)
    return object.takeError();
  for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    llvm::Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    // Where LLVM needs a library of the compiler, every host has it.
    const bool isOfCompiler =
        name->starts_with("__") && triple.getArch() != llvm::Triple::x86_64;
    if (*flags & llvm::object::SymbolRef::SF_Undefined && !name->empty() &&
        !name->starts_with("fp8attn_") && !isImport(*name) && !isOfCompiler &&
        !llvm::is_contained(allowed, *name))
      return llvm::createStringError(
          "the code calls \"" + *name +
          "\", of a library that objects do not need; expects a model without "
          "the function that becomes this, or --allow-imports=" +
          *name);
  }
  return llvm::Error::success();
}

llvm::Error mlir::fp8attn::emitCode(llvm::Module &module,
                                    llvm::TargetMachine &machine, CodeKind kind,
                                    llvm::raw_pwrite_stream &os,
                                    ArrayRef<std::string> allowedImports) {
  protectBranches(module);
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
  // The pass manager takes it.
  auto *info = new llvm::MachineModuleInfoWrapperPass(&machine);
  // Assemblers know what sections of these names are.
  if (kind == CodeKind::Object)
    useUnmergedSections(info->getMMI().getContext());
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream code(bytes);
  if (machine.addPassesToEmitFile(codegen, code, /*DwoOut=*/nullptr,
                                  kind == CodeKind::Object
                                      ? llvm::CodeGenFileType::ObjectFile
                                      : llvm::CodeGenFileType::AssemblyFile,
                                  /*DisableVerify=*/true, info))
    return llvm::createStringError(
        "LLVM cannot write this kind of file for \"" +
        machine.getTargetTriple().str() + "\"");
  codegen.run(module);
  os.write(bytes.data(), bytes.size());
  if (kind == CodeKind::Assembly)
    return llvm::Error::success();
  return checkImports({StringRef(bytes.data(), bytes.size()), "object"},
                      machine.getTargetTriple(), allowedImports);
}
