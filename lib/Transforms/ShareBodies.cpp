//===- ShareBodies.cpp - one body for equal parallel loops ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Has loops whose bodies are equal, but for where they came from, run the first
// of them: a model does the same operation in each of its layers.
//
//===----------------------------------------------------------------------===//

#include "Support/EqualFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SHAREBODIES
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
struct ShareBodiesPass
    : public fp8attn::impl::ShareBodiesBase<ShareBodiesPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SymbolTableCollection tables;
    SymbolUserMap users(tables, getOperation());
    EqualFunctions kept;
    // In the order of the text, so that the result has no other.
    for (auto body :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      ArrayRef<Operation *> loops = users.getUsers(body);
      if (!body.isPrivate() || body.isExternal() || loops.empty() ||
          !llvm::all_of(loops, llvm::IsaPred<ParallelForOp>))
        continue;
      func::FuncOp equal = kept.findOrAdd(body);
      if (equal == body)
        continue;
      for (Operation *loop : loops)
        cast<ParallelForOp>(loop).setBody(equal.getName());
      symbols.erase(body);
    }
  }
};
} // namespace
