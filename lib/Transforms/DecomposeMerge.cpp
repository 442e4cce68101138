//===- DecomposeMerge.cpp - merges to loops over rows ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes merge out as a parallel loop around the tile operation of some rows:
// the heads of one token, or, of dense tensors, queries of one head.
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/Views.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/MemRefForm.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEMERGE
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Where the rows of a turn of the loop are: the place and the size in each
/// dimension but the channels. The dimensions that are not `rows` have size 1.
struct Rows {
  SmallVector<OpFoldResult> offsets, sizes;
  unsigned rows;
};
} // namespace

/// Returns the rows of a part, [rows, channels], or of its lse, [rows].
static Value viewOfRows(OpBuilder &builder, Location loc, Value memref,
                        const Rows &rows) {
  ArrayRef<int64_t> shape = cast<MemRefType>(memref.getType()).getShape();
  SmallVector<OpFoldResult> offsets = rows.offsets, sizes = rows.sizes;
  SmallVector<int64_t> kept = {
      getConstantIntValue(sizes[rows.rows]).value_or(ShapedType::kDynamic)};
  if (shape.size() > offsets.size()) {
    offsets.push_back(builder.getIndexAttr(0));
    sizes.push_back(builder.getIndexAttr(shape.back()));
    kept.push_back(shape.back());
  }
  return viewOf(builder, loc, memref, offsets, sizes, kept);
}

/// Queries of a head that are one turn of the loop.
static constexpr int64_t kBlockQueries = 64;

/// Returns the number of turns.
static Value countTurns(OpBuilder &builder, Location loc, MergeOp op) {
  Value outer = memref::DimOp::create(builder, loc, op.getFirstOut(), 0);
  if (!op.isDense())
    return outer;
  Value heads = arith::MulIOp::create(
      builder, loc, outer, constantIndex(builder, loc, op.getNumHeads()));
  Value queries = memref::DimOp::create(builder, loc, op.getFirstOut(), 2);
  return arith::MulIOp::create(
      builder, loc, heads, ceilDivide(builder, loc, queries, kBlockQueries));
}

/// Returns the rows of turn `index`: all heads of a token, or queries of a
/// head.
static Rows getRows(OpBuilder &builder, Location loc, MergeOp op, Value index) {
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  if (!op.isDense())
    return {{index, zero},
            {one, builder.getIndexAttr(op.getNumHeads())},
            /*rows=*/1};
  Value queries = memref::DimOp::create(builder, loc, op.getFirstOut(), 2);
  Value blocks = ceilDivide(builder, loc, queries, kBlockQueries);
  Value numHeads = constantIndex(builder, loc, op.getNumHeads());
  Value step = constantIndex(builder, loc, kBlockQueries);
  Value block = arith::RemUIOp::create(builder, loc, index, blocks);
  Value headOfEntry = arith::DivUIOp::create(builder, loc, index, blocks);
  Value head = arith::RemUIOp::create(builder, loc, headOfEntry, numHeads);
  Value entry = arith::DivUIOp::create(builder, loc, headOfEntry, numHeads);
  Value first = arith::MulIOp::create(builder, loc, block, step);
  Value count = blockSize(builder, loc, first, queries, step);
  return {{entry, head, first}, {one, one, count}, /*rows=*/2};
}

static void decompose(MergeOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value turns = countTurns(builder, loc, op);
  forEachInParallel(builder, loc, turns, [&](OpBuilder &body, Value index) {
    const Rows rows = getRows(body, loc, op, index);
    SmallVector<Value> views;
    for (Value operand : op.getOperands())
      views.push_back(viewOfRows(body, loc, operand, rows));
    TileMergeOp::create(body, loc, TypeRange(), views);
  });
  op.erase();
}

namespace {
struct DecomposeMergePass
    : public fp8attn::impl::DecomposeMergeBase<DecomposeMergePass> {
  using DecomposeMergeBase::DecomposeMergeBase;

  void runOnOperation() override {
    if (failed(requireMemRefs(getOperation())))
      return signalPassFailure();
    SmallVector<MergeOp> ops;
    getOperation().walk([&](MergeOp op) { ops.push_back(op); });
    for (MergeOp op : ops)
      decompose(op);
  }
};
} // namespace
