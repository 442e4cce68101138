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
