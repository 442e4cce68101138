//===- ModuleSymbols.cpp - what a module has by name ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ModuleSymbols.h"

using namespace mlir;
using namespace mlir::fp8attn;

ModuleSymbols::ModuleSymbols(ModuleOp module) : module(module) {
  for (Operation &op : *module.getBody())
    if (isa<LLVM::LLVMFuncOp, LLVM::GlobalOp>(op))
      symbols[cast<SymbolOpInterface>(op).getName()] = &op;
}

LLVM::LLVMFuncOp
ModuleSymbols::getOrMakeFunction(OpBuilder &builder, StringRef name,
                                 LLVM::LLVMFunctionType type,
                                 llvm::function_ref<void(Block &)> build) {
  if (auto function = lookup<LLVM::LLVMFuncOp>(name))
    return function;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(module.getBody());
  auto function = add(LLVM::LLVMFuncOp::create(builder, module.getLoc(), name,
                                               type, LLVM::Linkage::Internal));
  function.setNoInline(true);
  Block *block = function.addEntryBlock(builder);
  builder.setInsertionPointToStart(block);
  build(*block);
  return function;
}

Value ModuleSymbols::getOrMakeConstant(OpBuilder &builder, Location loc,
                                       StringRef name, Type type,
                                       llvm::function_ref<Value()> build) {
  auto global = lookup<LLVM::GlobalOp>(name);
  if (!global) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    global = add(LLVM::GlobalOp::create(
        builder, module.getLoc(), type,
        /*isConstant=*/true, LLVM::Linkage::Private, name, Attribute()));
    builder.createBlock(&global.getInitializerRegion());
    LLVM::ReturnOp::create(builder, module.getLoc(), build());
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}
