//===- InsertTileConfig.cpp - AMX configuration around kernels ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts a tile configuration around each call of an AMX kernel; correct as it
// stands, and made cheap by fp8attn-hoist-tile-config.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/KernelTable.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_INSERTTILECONFIG
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether the call already has its own configuration, or stands under
/// one that was hoisted: one that began before it, or before an operation
/// around it, and has not ended.
static bool isConfigured(Operation *op) {
  for (; op && !isa<func::FuncOp>(op); op = op->getParentOp())
    for (Operation *before = op->getPrevNode(); before;
         before = before->getPrevNode()) {
      if (isa<UkernelTileEndOp>(before))
        break;
      if (isa<UkernelTileBeginOp>(before))
        return true;
    }
  return false;
}

namespace {
struct InsertTileConfigPass
    : public fp8attn::impl::InsertTileConfigBase<InsertTileConfigPass> {
  void runOnOperation() override {
    SmallVector<UkernelCallOp> calls;
    getOperation().walk([&](UkernelCallOp call) {
      const KernelRow *row = findKernel(call.getKernel());
      if (row && row->isa == Isa::AmxBf16 && !isConfigured(call))
        calls.push_back(call);
    });
    for (UkernelCallOp call : calls) {
      OpBuilder builder(call);
      UkernelTileBeginOp::create(builder, call.getLoc());
      builder.setInsertionPointAfter(call);
      UkernelTileEndOp::create(builder, call.getLoc());
    }
  }
};
} // namespace
