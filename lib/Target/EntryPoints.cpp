//===- EntryPoints.cpp - functions that hosts call ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds entry points.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Target/EntryPoints.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isMarked(func::FuncOp function) {
  return function->hasAttr(Fp8AttnDialect::kEntryAttrName);
}

bool mlir::fp8attn::hasMarkedFunctions(ModuleOp module) {
  return llvm::any_of(module.getOps<func::FuncOp>(), isMarked);
}

SmallVector<func::FuncOp> mlir::fp8attn::getEntryPoints(ModuleOp module) {
  const bool marked = hasMarkedFunctions(module);
  return llvm::filter_to_vector(
      module.getOps<func::FuncOp>(), [=](func::FuncOp function) {
        if (marked)
          return isMarked(function);
        return function.isPublic() && !function.isExternal() &&
               function.getNumResults() == 0;
      });
}

SmallVector<std::string> mlir::fp8attn::getEntryPointNames(ModuleOp module) {
  return llvm::map_to_vector(getEntryPoints(module), [](func::FuncOp function) {
    return function.getName().str();
  });
}
