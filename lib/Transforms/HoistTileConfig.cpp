//===- HoistTileConfig.cpp - one AMX configuration for many kernels ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Joins neighbouring tile configurations and moves them out of loops and
// branches, innermost first.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_HOISTTILECONFIG
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether tiles may be used in `op` in a way that we do not see.
static bool isBarrier(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isa<CallOpInterface, ParallelForOp>(inner)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

static bool containsConfig(Operation *op) {
  return op->walk([](UkernelTileBeginOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// Takes the configurations out of `op` and puts one around it.
static void hoistOutOf(Operation *op) {
  op->walk([](Operation *inner) {
    if (isa<UkernelTileBeginOp, UkernelTileEndOp>(inner))
      inner->erase();
  });
  OpBuilder builder(op);
  UkernelTileBeginOp::create(builder, op->getLoc());
  builder.setInsertionPointAfter(op);
  UkernelTileEndOp::create(builder, op->getLoc());
}

/// Joins `end ... begin` within a block if there is no barrier in between.
static void joinNeighbours(Block &block) {
  UkernelTileEndOp lastEnd;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto end = dyn_cast<UkernelTileEndOp>(op)) {
      lastEnd = end;
    } else if (isa<UkernelTileBeginOp>(op) && lastEnd) {
      lastEnd.erase();
      lastEnd = {};
      op.erase();
    } else if (isBarrier(&op)) {
      lastEnd = {};
    }
  }
}

/// Treats the innermost operations first, so that a configuration travels as
/// far out as it can.
static void hoistWithin(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        hoistWithin(inner);
    if (isa<scf::ForOp, scf::IfOp>(op) && containsConfig(&op) &&
        !isBarrier(&op))
      hoistOutOf(&op);
  }
  joinNeighbours(block);
}

namespace {
struct HoistTileConfigPass
    : public fp8attn::impl::HoistTileConfigBase<HoistTileConfigPass> {
  void runOnOperation() override {
    for (Block &block : getOperation().getBody())
      hoistWithin(block);
  }
};
} // namespace
