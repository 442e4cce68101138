//===- EmulateIsa.cpp - AVX-512 and AMX code for AVX2 ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   fp8attn-emulate-isa kernels.bc... --instructions=instructions.bc -o
//   kernels.o
//
// Makes an object for CPUs with AVX2 from bitcode for AVX-512, with or without
// BF16, VBMI and AMX. LLVM legalises generic vectors of any length; what is
// left are the intrinsics of instructions, which become calls of the functions
// in `instructions`. One that is not there is an error.
//
// Names of kernels for ISAs beyond AVX2 get a suffix, where they are defined
// and where they are called; all else that the kernels' files define becomes
// internal. So the emulated kernels are linked beside the real ones, and
// compiled models that went through this tool call them.
//
//===----------------------------------------------------------------------===//

#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

using namespace llvm;

static cl::list<std::string> inputs(cl::Positional, cl::OneOrMore,
                                    cl::desc("<bitcode>..."));
static cl::opt<std::string> bodiesPath("instructions", cl::Required,
                                       cl::desc("Bitcode of the instructions"));
static cl::opt<std::string> output("o", cl::Required, cl::desc("Object file"));

/// The flags of the avx2 kernels.
static constexpr StringLiteral kFeatures = "+avx2,+fma,+f16c";
static constexpr StringLiteral kSuffix = "_on_avx2";

static int fail(const Twine &message) {
  WithColor::error(errs(), "fp8attn-emulate-isa") << message << "\n";
  return 1;
}

/// Returns whether CPUs with AVX2 have the instruction of an intrinsic.
static bool isInAvx2(StringRef name) {
  for (StringRef prefix : {"sse", "ssse3.", "avx.", "avx2."})
    if (name.starts_with(("llvm.x86." + prefix).str()))
      return true;
  return false;
}

/// Replaces the intrinsics that need more than AVX2 by functions of the module
/// `instructions`.
static Error replaceIntrinsics(Module &module, std::unique_ptr<Module> bodies) {
  SmallVector<std::string> replaced;
  for (Function &function : make_early_inc_range(module)) {
    StringRef name = function.getName();
    if (!name.starts_with("llvm.x86.") || isInAvx2(name))
      continue;
    std::string bodyName = name.drop_front(strlen("llvm.")).str();
    llvm::replace(bodyName, '.', '_');
    Function *body = bodies->getFunction(bodyName);
    if (!body || body->isDeclaration())
      return createStringError("no emulation of " + name + ": expects " +
                               bodyName + " in instructions.cpp");
    if (body->getFunctionType() != function.getFunctionType())
      return createStringError("expects " + bodyName +
                               " of instructions.cpp to have the type of " +
                               name);
    Function *declaration =
        Function::Create(function.getFunctionType(),
                         GlobalValue::ExternalLinkage, bodyName, module);
    // The intrinsic's calls promise nothing of their arguments.
    for (Argument &argument : body->args())
      for (Attribute::AttrKind promise :
           {Attribute::NoUndef, Attribute::SExt, Attribute::ZExt})
        argument.removeAttr(promise);
    function.replaceAllUsesWith(declaration);
    function.eraseFromParent();
    replaced.push_back(bodyName);
  }
  if (Linker::linkModules(module, std::move(bodies), Linker::LinkOnlyNeeded))
    return createStringError("cannot link the instructions");
  // Their C names are for this module only.
  for (StringRef name : replaced)
    module.getFunction(name)->setLinkage(GlobalValue::InternalLinkage);
  return Error::success();
}

/// Replaces assembly without text, which keeps a value where it is, by the
/// value.
static Error replaceAssembly(Module &module) {
  if (!module.getModuleInlineAsm().empty())
    return createStringError("expects no assembly in the module");
  for (Function &function : module)
    for (Instruction &instruction :
         make_early_inc_range(instructions(function))) {
      auto *call = dyn_cast<CallInst>(&instruction);
      auto *assembly =
          call ? dyn_cast<InlineAsm>(call->getCalledOperand()) : nullptr;
      if (!assembly)
        continue;
      if (!assembly->getAsmString().empty() || call->arg_size() != 1 ||
          call->getArgOperand(0)->getType() != call->getType())
        return createStringError("no emulation of assembly \"" +
                                 assembly->getAsmString() + "\" in " +
                                 function.getName());
      call->replaceAllUsesWith(call->getArgOperand(0));
      call->eraseFromParent();
    }
  return Error::success();
}

/// Makes every function that may use more than AVX2 one for AVX2.
static void lowerFeatures(Module &module) {
  for (Function &function : module) {
    StringRef features =
        function.getFnAttribute("target-features").getValueAsString();
    if (!features.contains("+avx512") && !features.contains("+amx"))
      continue;
    function.addFnAttr("target-features", kFeatures);
    for (StringRef attribute : {"target-cpu", "tune-cpu", "prefer-vector-width",
                                "min-legal-vector-width"})
      function.removeFnAttr(attribute);
  }
}

static bool isKernelBeyondAvx2(StringRef name) {
  return name.starts_with("fp8attn_") &&
         (name.ends_with("_avx512") || name.ends_with("_avx512_bf16") ||
          name.ends_with("_amx_bf16"));
}

/// Inline functions have the names that they have for the real instructions.
static void keepApart(Module &module) {
  for (GlobalObject &object : module.global_objects()) {
    if (isKernelBeyondAvx2(object.getName()))
      object.setName(object.getName() + kSuffix);
    if (object.isDeclaration() || !object.hasLinkOnceLinkage())
      continue;
    object.setLinkage(GlobalValue::InternalLinkage);
    object.setComdat(nullptr);
    object.setVisibility(GlobalValue::DefaultVisibility);
  }
}

static Error writeObject(Module &module, StringRef path) {
  std::string message;
  const Target *target =
      TargetRegistry::lookupTarget(module.getTargetTriple(), message);
  if (!target)
    return createStringError(message);
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      module.getTargetTriple(), "x86-64", "", TargetOptions(), Reloc::PIC_));
  std::error_code error;
  ToolOutputFile file(path, error, sys::fs::OF_None);
  if (error)
    return createStringError(error, "cannot write " + path);
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, file.os(), nullptr,
                                   CodeGenFileType::ObjectFile))
    return createStringError("cannot make objects");
  passes.run(module);
  file.keep();
  return Error::success();
}

static Expected<std::unique_ptr<Module>> read(StringRef path,
                                              LLVMContext &context) {
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseIRFile(path, diagnostic, context);
  if (!module)
    return createStringError(path + ": " + diagnostic.getMessage());
  return module;
}

static Error emulate() {
  LLVMContext context;
  std::unique_ptr<Module> module;
  for (StringRef path : inputs) {
    Expected<std::unique_ptr<Module>> next = read(path, context);
    if (!next)
      return next.takeError();
    if (!module)
      module = std::move(*next);
    else if (Linker::linkModules(*module, std::move(*next)))
      return createStringError("cannot link " + path);
  }
  Expected<std::unique_ptr<Module>> bodies = read(bodiesPath, context);
  if (!bodies)
    return bodies.takeError();
  if (Error error = replaceIntrinsics(*module, std::move(*bodies)))
    return error;
  if (Error error = replaceAssembly(*module))
    return error;
  lowerFeatures(*module);
  keepApart(*module);
  if (verifyModule(*module, &errs()))
    return createStringError("made a module that is invalid");
  return writeObject(*module, output);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  cl::ParseCommandLineOptions(argc, argv,
                              "AVX-512 and AMX code for CPUs with AVX2\n");
  if (Error error = emulate())
    return fail(toString(std::move(error)));
  return 0;
}
