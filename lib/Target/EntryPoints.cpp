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

using namespace mlir;
using namespace mlir::fp8attn;

SmallVector<func::FuncOp> mlir::fp8attn::getEntryPoints(ModuleOp module) {
  return llvm::filter_to_vector(
      module.getOps<func::FuncOp>(), [](func::FuncOp function) {
        return function.isPublic() && !function.isExternal() &&
               function.getNumResults() == 0;
      });
}
