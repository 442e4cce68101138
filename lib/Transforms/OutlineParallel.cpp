//===- OutlineParallel.cpp - parallel loops to body functions ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Moves the body of each one-dimensional scf.forall into a private function
// over a range of iterations, which the host's threads call. Of a loop over
// tile.grouped, each iteration of theirs is a group.
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "Support/IndexMath.h"
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

/// Iterations of a loop, and, if it is not 1, how many of them make one of the
/// parallel loop; null else.
struct Iterations {
  Value count, atOnce;
};

static Iterations getIterations(scf::ForallOp loop) {
  OpBuilder builder(loop);
  Value count = getValueOrCreateConstantIndexOp(
      builder, loop.getLoc(), loop.getMixedUpperBound().front());
  if (auto grouped = count.getDefiningOp<GroupedOp>())
    return {grouped.getCount(), grouped.getAtOnce()};
  return {count, Value()};
}

/// Returns the range of iterations that iterations [begin, end) of the parallel
/// loop are.
static std::pair<Value, Value> getRange(OpBuilder &builder, Location loc,
                                        Value begin, Value end,
                                        const Iterations &iterations) {
  if (!iterations.atOnce)
    return {begin, end};
  Value last = arith::MulIOp::create(builder, loc, end, iterations.atOnce);
  return {arith::MulIOp::create(builder, loc, begin, iterations.atOnce),
          arith::MinUIOp::create(builder, loc, last, iterations.count)};
}

/// Returns the values from outside that the function of the loop's body uses.
/// Constants are cloned into the body instead.
static SmallVector<Value> captureValues(scf::ForallOp loop,
                                        const Iterations &iterations) {
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
  if (iterations.atOnce)
    for (Value value : {iterations.count, iterations.atOnce})
      if (!llvm::is_contained(captures, value))
        captures.push_back(value);
  return captures;
}

/// Makes the function that runs iterations [begin, end) of the parallel loop.
static func::FuncOp makeBody(scf::ForallOp loop, ValueRange captures,
                             const Iterations &iterations, StringRef name) {
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
  Iterations captured;
  if (iterations.atOnce)
    captured = {mapping.lookup(iterations.count),
                mapping.lookup(iterations.atOnce)};
  auto [begin, end] = getRange(builder, loc, entry->getArgument(0),
                               entry->getArgument(1), captured);
  Value step = constantIndex(builder, loc, 1);
  scf::ForOp::create(
      builder, loc, begin, end, step, ValueRange(),
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
    getOperation().walk([](GroupedOp op) {
      if (op->use_empty())
        op->erase();
    });
  }

private:
  LogicalResult outline(scf::ForallOp loop, SymbolTable &symbols) {
    if (loop.getRank() != 1 || !loop.isNormalized() ||
        loop.getNumResults() != 0)
      return loop.emitOpError("expects a loop of one dimension from 0 in steps "
                              "of 1 without results");
    auto parent = loop->getParentOfType<func::FuncOp>();
    const Iterations iterations = getIterations(loop);
    SmallVector<Value> captures = captureValues(loop, iterations);
    func::FuncOp body = makeBody(loop, captures, iterations,
                                 (parent.getName() + ".body").str());
    // A new symbol may need another name.
    symbols.insert(body, Block::iterator(body->getNextNode()));

    OpBuilder builder(loop);
    Location loc = loop.getLoc();
    Value count = iterations.count;
    if (iterations.atOnce)
      count = ceilDivide(builder, loc, count, iterations.atOnce);
    ParallelForOp::create(builder, loc, body.getName(), count, captures);
    loop.erase();
    return success();
  }
};
} // namespace
