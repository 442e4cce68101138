//===- DecomposeMerge.cpp - merges to loops over tokens ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes merge out as a parallel loop around the tile operation of one token.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"
#include "Views.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEMERGE
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

static void emitChecks(MergeOp op) {
  OpBuilder builder = getCheckBuilder(op);
  std::pair<StringRef, Value> operands[] = {
      {"tokens of first_lse", op.getFirstLse()},
      {"tokens of second_out", op.getSecondOut()},
      {"tokens of second_lse", op.getSecondLse()},
      {"tokens of out", op.getOut()},
      {"tokens of lse", op.getLse()}};
  for (auto [name, operand] : operands)
    emitSameTokensCheck(builder, op.getLoc(), name, operand,
                        "tokens of first_out", op.getFirstOut());
  // A row of the parts is read before that row of the result is written.
  emitOverlapCheck(op, {{"out", op.getOut()}, {"lse", op.getLse()}},
                   {{"first_out", op.getFirstOut()},
                    {"first_lse", op.getFirstLse()},
                    {"second_out", op.getSecondOut()},
                    {"second_lse", op.getSecondLse()}},
                   {});
}

/// Returns the rows of one token: the view without the first dimension.
static Value rowsOf(OpBuilder &builder, Location loc, Value memref,
                    Value token) {
  ArrayRef<int64_t> shape = cast<MemRefType>(memref.getType()).getShape();
  SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0));
  offsets.front() = token;
  SmallVector<OpFoldResult> sizes = {builder.getIndexAttr(1)};
  for (int64_t size : shape.drop_front())
    sizes.push_back(builder.getIndexAttr(size));
  return viewOf(builder, loc, memref, offsets, sizes, shape.drop_front());
}

static void decompose(MergeOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value tokens = memref::DimOp::create(builder, loc, op.getFirstOut(), 0);
  scf::ForallOp::create(
      builder, loc, ArrayRef<OpFoldResult>{tokens}, ValueRange(), std::nullopt,
      [&](OpBuilder &body, Location loc, ValueRange arguments) {
        SmallVector<Value> rows;
        for (Value operand : op.getOperands())
          rows.push_back(rowsOf(body, loc, operand, arguments.front()));
        TileMergeOp::create(body, loc, TypeRange(), rows);
        scf::InParallelOp::create(body, loc);
      });
  op.erase();
}

namespace {
struct DecomposeMergePass
    : public fp8attn::impl::DecomposeMergeBase<DecomposeMergePass> {
  using DecomposeMergeBase::DecomposeMergeBase;

  void runOnOperation() override {
    SmallVector<MergeOp> ops;
    getOperation().walk([&](MergeOp op) { ops.push_back(op); });
    for (MergeOp op : ops) {
      if (runtimeChecks)
        emitChecks(op);
      decompose(op);
    }
  }
};
} // namespace
