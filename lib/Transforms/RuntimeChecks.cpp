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
#include "Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isCheck(Operation *op) {
  return isa<CheckSizeOp, CheckColumnsOp, CheckScaleOp, CheckScalePagesOp,
             CheckBatchOp, CheckSlotsOp, CheckPagesOp, CheckOverlapOp>(op);
}

/// Returns the memrefs from outside that regions of `op` use.
static SmallVector<Value> getCapturedMemRefs(Operation *op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::filter_to_vector(
      captured, [](Value value) { return isa<MemRefType>(value.getType()); });
}

OpBuilder mlir::fp8attn::getCheckBuilder(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  Block &entry = function.getBody().front();
  auto isArgument = [&](Value operand) {
    auto argument = dyn_cast<BlockArgument>(operand);
    return argument && argument.getOwner() == &entry;
  };
  bool allArguments = llvm::all_of(op->getOperands(), isArgument) &&
                      llvm::all_of(getCapturedMemRefs(op), isArgument);
  if (!allArguments)
    return OpBuilder(op);
  Operation *last = nullptr;
  for (Operation &candidate : entry)
    if (isCheck(&candidate))
      last = &candidate;
  OpBuilder builder(op->getContext());
  // What stands in another block comes after all of this one.
  Operation *ancestor = entry.findAncestorOpInBlock(*op);
  if (last && (!ancestor || last->isBeforeInBlock(ancestor)))
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

void mlir::fp8attn::emitCacheScaleCheck(OpBuilder &builder, Location loc,
                                        StringRef name, Value scale,
                                        std::optional<AffineMap> map,
                                        Value cache) {
  if (!scale)
    return;
  auto type = cast<CacheType>(cache.getType());
  for (auto [dim, result] : llvm::enumerate(map->getResults())) {
    std::optional<IndexRange> range = getIndexRange(result, type);
    if (!range || range->perPage == 0)
      continue;
    Value size = memref::DimOp::create(builder, loc, scale, dim);
    CheckScalePagesOp::create(builder, loc, builder.getStringAttr(name),
                              builder.getI64IntegerAttr(dim), size,
                              builder.getI64IntegerAttr(range->most),
                              builder.getI64IntegerAttr(range->perPage), cache);
  }
  // Scales of tokens that nobody wrote may be anything.
  if (!getGranularity(*map).byToken)
    emitScaleCheck(builder, loc, name, scale);
}

void mlir::fp8attn::emitSameTokensCheck(OpBuilder &builder, Location loc,
                                        StringRef name, Value value,
                                        StringRef otherName, Value other) {
  emitSameSizeCheck(builder, loc, name, value, 0, otherName, other, 0);
}

void mlir::fp8attn::emitSameSizeCheck(OpBuilder &builder, Location loc,
                                      StringRef name, Value value, unsigned dim,
                                      StringRef otherName, Value other,
                                      unsigned otherDim) {
  Value size = memref::DimOp::create(builder, loc, value, dim);
  Value otherSize = memref::DimOp::create(builder, loc, other, otherDim);
  CheckSizeOp::create(builder, loc, builder.getStringAttr(name), size,
                      builder.getStringAttr(otherName), otherSize);
}

void mlir::fp8attn::emitCountCheck(OpBuilder &builder, Location loc,
                                   StringRef name, Value value, unsigned dim) {
  Value size = memref::DimOp::create(builder, loc, value, dim);
  Value most = constantIndex(builder, loc, INT32_MAX);
  Value counted = arith::MinSIOp::create(builder, loc, size, most);
  CheckSizeOp::create(builder, loc, builder.getStringAttr(name), size,
                      builder.getStringAttr("the most there may be"), counted);
}

/// Returns the name of an argument of the function around `op`, or what a
/// score region loads from.
static StringRef getCapturedName(Operation *op, Value memref) {
  auto argument = dyn_cast<BlockArgument>(memref);
  if (argument && argument.getOwner()->isEntryBlock())
    if (auto name =
            op->getParentOfType<func::FuncOp>().getArgAttrOfType<StringAttr>(
                argument.getArgNumber(), Fp8AttnDialect::kNameAttrName))
      return name;
  return "a memref of the score region";
}

void mlir::fp8attn::emitOverlapCheck(Operation *op,
                                     ArrayRef<NamedOperand> written,
                                     ArrayRef<NamedOperand> inPlace,
                                     ArrayRef<NamedOperand> read) {
  SmallVector<StringRef> names;
  SmallVector<Value> lists[3];
  auto add = [&](SmallVector<Value> &list, ArrayRef<NamedOperand> operands) {
    for (auto [name, value] : operands)
      if (value) {
        names.push_back(name);
        list.push_back(value);
      }
  };
  add(lists[0], written);
  add(lists[1], inPlace);
  add(lists[2], read);
  for (Value memref : getCapturedMemRefs(op)) {
    // Memory of a rank that no entry point takes is none of the caller's.
    if (cast<MemRefType>(memref.getType()).getRank() <= FP8ATTN_MAX_RANK &&
        !llvm::is_contained(lists[2], memref))
      add(lists[2], NamedOperand(getCapturedName(op, memref), memref));
  }
  OpBuilder builder = getCheckBuilder(op);
  CheckOverlapOp::create(builder, op->getLoc(), builder.getStrArrayAttr(names),
                         lists[0], lists[1], lists[2]);
}
