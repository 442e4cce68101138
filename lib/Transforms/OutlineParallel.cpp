//===- OutlineParallel.cpp - parallel loops to body functions ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Moves the body of each one-dimensional scf.forall into a private function
// over a range of iterations, which the host's threads call.
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_OUTLINEPARALLEL
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the values from outside that the loop's body uses. Constants are
/// cloned into the body instead.
static SmallVector<Value> captureValues(scf::ForallOp loop) {
  OpBuilder builder = OpBuilder::atBlockBegin(loop.getBody());
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  SmallVector<Value> captures;
  for (Value value : used) {
    Operation *constant = value.getDefiningOp();
    if (!constant || !constant->hasTrait<OpTrait::ConstantLike>()) {
      captures.push_back(value);
      continue;
    }
    Operation *clone = builder.clone(*constant);
    replaceAllUsesInRegionWith(value, clone->getResult(0), loop.getRegion());
  }
  return captures;
}

/// Makes the function that runs iterations [begin, end) of the loop.
static func::FuncOp makeBody(scf::ForallOp loop, ValueRange captures,
                             StringRef name) {
  Location loc = loop.getLoc();
  auto parent = loop->getParentOfType<func::FuncOp>();
  OpBuilder builder(parent);
  builder.setInsertionPointAfter(parent);
  SmallVector<Type> inputs(3, builder.getIndexType());
  llvm::append_range(inputs, captures.getTypes());
  auto body = func::FuncOp::create(builder, loc, name,
                                   builder.getFunctionType(inputs, {}));
  body.setPrivate();
  // The body is compiled for the same ISA.
  if (Attribute isa = parent->getAttr(Fp8AttnDialect::kIsaAttrName))
    body->setAttr(Fp8AttnDialect::kIsaAttrName, isa);

  Block *entry = body.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  IRMapping mapping;
  mapping.map(captures, entry->getArguments().drop_front(3));
  Value step = constantIndex(builder, loc, 1);
  scf::ForOp::create(
      builder, loc, entry->getArgument(0), entry->getArgument(1), step,
      ValueRange(),
      [&](OpBuilder &inner, Location loc, Value index, ValueRange) {
        mapping.map(loop.getInductionVar(0), index);
        for (Operation &op : loop.getBody()->without_terminator())
          inner.clone(op, mapping);
        scf::YieldOp::create(inner, loc);
      });
  func::ReturnOp::create(builder, loc);
  return body;
}

/// Returns whether a parallel loop runs within `op`, be it in a function that
/// is called.
static bool runsParallelLoop(Operation *op, SymbolTable &symbols,
                             SmallPtrSetImpl<Operation *> &visited) {
  return op
      ->walk([&](Operation *inner) {
        bool found = inner != op && isa<scf::ForallOp, ParallelForOp>(inner);
        if (auto call = dyn_cast<func::CallOp>(inner)) {
          Operation *callee = symbols.lookup(call.getCallee());
          found = callee && visited.insert(callee).second &&
                  runsParallelLoop(callee, symbols, visited);
        }
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

namespace {
struct OutlineParallelPass
    : public fp8attn::impl::OutlineParallelBase<OutlineParallelPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<scf::ForallOp> loops;
    getOperation().walk([&](scf::ForallOp loop) { loops.push_back(loop); });
    for (scf::ForallOp loop : loops) {
      SmallPtrSet<Operation *, 4> visited;
      if (runsParallelLoop(loop, symbols, visited)) {
        loop.emitOpError("expects no parallel loop within a parallel loop, "
                         "because its workers have one scratch and return no "
                         "status");
        return signalPassFailure();
      }
    }
    for (scf::ForallOp loop : loops)
      if (failed(outline(loop, symbols)))
        return signalPassFailure();
  }

private:
  LogicalResult outline(scf::ForallOp loop, SymbolTable &symbols) {
    if (loop.getRank() != 1 || !loop.isNormalized() ||
        loop.getNumResults() != 0)
      return loop.emitOpError("expects a loop of one dimension from 0 in steps "
                              "of 1 without results");
    auto parent = loop->getParentOfType<func::FuncOp>();
    SmallVector<Value> captures = captureValues(loop);
    func::FuncOp body =
        makeBody(loop, captures, (parent.getName() + ".body").str());
    // A new symbol may need another name.
    symbols.insert(body, Block::iterator(body->getNextNode()));

    OpBuilder builder(loop);
    Value count = getValueOrCreateConstantIndexOp(
        builder, loop.getLoc(), loop.getMixedUpperBound().front());
    ParallelForOp::create(builder, loop.getLoc(), body.getName(), count,
                          captures);
    loop.erase();
    return success();
  }
};
} // namespace
