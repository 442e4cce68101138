//===- RuntimeChecks.cpp - placing run-time checks ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isCheck(Operation *op) {
  return isa<CheckSizeOp, CheckColumnsOp, CheckScaleOp, CheckBatchOp,
             CheckSlotsOp>(op);
}

OpBuilder mlir::fp8attn::getCheckBuilder(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  Block &entry = function.getBody().front();
  bool allArguments = llvm::all_of(op->getOperands(), [&](Value operand) {
    auto argument = dyn_cast<BlockArgument>(operand);
    return argument && argument.getOwner() == &entry;
  });
  if (!allArguments)
    return OpBuilder(op);
  Operation *last = nullptr;
  for (Operation &candidate : entry)
    if (isCheck(&candidate))
      last = &candidate;
  OpBuilder builder(op->getContext());
  if (last && last->isBeforeInBlock(entry.findAncestorOpInBlock(*op)))
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(&entry);
  return builder;
}

void mlir::fp8attn::emitScaleCheck(OpBuilder &builder, Location loc,
                                   StringRef name, Value scale) {
  if (scale)
    CheckScaleOp::create(builder, loc, builder.getStringAttr(name), scale);
}

void mlir::fp8attn::emitSameTokensCheck(OpBuilder &builder, Location loc,
                                        StringRef name, Value value,
                                        StringRef otherName, Value other) {
  Value size = memref::DimOp::create(builder, loc, value, 0);
  Value otherSize = memref::DimOp::create(builder, loc, other, 0);
  CheckSizeOp::create(builder, loc, builder.getStringAttr(name), size,
                      builder.getStringAttr(otherName), otherSize);
}
