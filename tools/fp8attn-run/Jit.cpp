//===- Jit.cpp - a compiled entry point in memory -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The trampoline takes the arguments as an array, because C++ cannot call a
// function whose number of arguments it learns at run time.
//
//===----------------------------------------------------------------------===//

#include "Jit.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/IR/IRBuilder.h"

using namespace mlir::fp8attn;

static constexpr llvm::StringLiteral kTrampoline = "fp8attn_run_trampoline";

void JitFunction::addTrampoline(llvm::Module &module, llvm::StringRef entry) {
  llvm::Function *callee = module.getFunction(entry);
  llvm::IRBuilder<> builder(module.getContext());
  llvm::Type *pointer = builder.getPtrTy();
  auto *type =
      llvm::FunctionType::get(builder.getInt32Ty(), {pointer, pointer}, false);
  auto *function = llvm::Function::Create(type, llvm::Function::ExternalLinkage,
                                          kTrampoline, module);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "", function));
  llvm::SmallVector<llvm::Value *> operands = {function->getArg(0)};
  for (unsigned i = 1; i < callee->arg_size(); ++i) {
    llvm::Value *argument = builder.CreateLoad(
        pointer,
        builder.CreateConstGEP1_32(pointer, function->getArg(1), i - 1));
    llvm::Type *type = callee->getArg(i)->getType();
    operands.push_back(
        type->isPointerTy() ? argument : builder.CreateLoad(type, argument));
  }
  builder.CreateRet(builder.CreateCall(callee, operands));
}

llvm::Expected<JitFunction>
JitFunction::create(std::unique_ptr<llvm::MemoryBuffer> object,
                    llvm::StringRef entry, const SymbolAddresses &symbols) {
  JitFunction function;
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit =
      llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  function.jit = std::move(*jit);

  llvm::orc::SymbolMap map;
  for (const auto &[name, address] : symbols)
    map[function.jit->mangleAndIntern(name)] = {
        llvm::orc::ExecutorAddr::fromPtr(address),
        llvm::JITSymbolFlags::Exported};
  if (llvm::Error error = function.jit->getMainJITDylib().define(
          llvm::orc::absoluteSymbols(std::move(map))))
    return error;
  if (llvm::Error error = function.jit->addObjectFile(std::move(object)))
    return error;

  auto trampoline = function.jit->lookup(kTrampoline);
  if (!trampoline)
    return trampoline.takeError();
  function.trampoline = trampoline->toPtr<decltype(function.trampoline)>();
  auto workspaceBytes =
      function.jit->lookup((entry + "_workspace_bytes").str());
  if (!workspaceBytes)
    return workspaceBytes.takeError();
  function.workspaceBytes =
      workspaceBytes->toPtr<decltype(function.workspaceBytes)>();
  return function;
}
