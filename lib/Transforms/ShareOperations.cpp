//===- ShareOperations.cpp - one function for equal operations ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Has the equal operations of a function call one function. It relies on the
// checks having been made: they know the operands by their names.
//
//===----------------------------------------------------------------------===//

#include "Support/SharedFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_SHAREOPERATIONS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
struct ShareOperationsPass
    : public fp8attn::impl::ShareOperationsBase<ShareOperationsPass> {
  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SharedFunctions shared(getOperation());
    SmallVector<func::FuncOp> callers(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp caller : callers) {
      SmallVector<OperationGroup> groups;
      caller.walk<WalkOrder::PreOrder>([&](ModelOpInterface op) {
        groups.push_back({{op}, op->getName().stripDialect()});
      });
      shared.share(caller, groups);
    }
  }
};
} // namespace
