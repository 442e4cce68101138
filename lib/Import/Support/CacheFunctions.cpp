//===- CacheFunctions.cpp - functions whose arguments are caches ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CacheFunctions.h"

#include "AttentionImport.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

SmallVector<func::FuncOp>
mlir::fp8attn::getFunctionsOfOneBlock(ModuleOp module) {
  SmallVector<func::FuncOp> functions;
  module.walk([&](func::FuncOp function) {
    if (llvm::hasSingleElement(function.getBody()))
      functions.push_back(function);
  });
  return functions;
}

void mlir::fp8attn::importCopy(func::FuncOp function,
                               function_ref<bool(func::FuncOp copy)> import) {
  func::FuncOp copy = function.clone();
  function->getBlock()->getOperations().insertAfter(function->getIterator(),
                                                    copy);
  (import(copy) ? function : copy).erase();
}

bool mlir::fp8attn::refuseNamed(func::FuncOp function, Operation *op) {
  if (SymbolTable::symbolKnownUseEmpty(function, function->getParentOp()))
    return false;
  std::string why =
      llvm::formatv("expects no use of @{0}, whose caches become memory",
                    function.getSymName());
  remarkMissed(op, why);
  return true;
}

void mlir::fp8attn::updateArgumentTypes(func::FuncOp function) {
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.front().getArgumentTypes(),
      function.getFunctionType().getResults()));
}
