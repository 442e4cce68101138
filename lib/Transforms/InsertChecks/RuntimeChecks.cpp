//===- RuntimeChecks.cpp - building run-time checks -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/RuntimeChecks.h"
#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isCheck(Operation *op) {
  return isa<CheckTensorOp, CheckSizeOp, CheckDraftColumnsOp, CheckIntegersOp,
             CheckScaleOp, CheckScalePagesOp, CheckBatchOp, CheckPrefixOp,
             CheckSelectionOp, CheckSlotsOp, CheckPagesOp, CheckPageMovesOp,
             CheckOverlapOp, CheckLaterReadsOp, CheckViewOp>(op);
}

SmallVector<NamedOperand> mlir::fp8attn::getReadMemory(Operation *check) {
  return llvm::TypeSwitch<Operation *, SmallVector<NamedOperand>>(check)
      .Case<CheckBatchOp>([](CheckBatchOp op) -> SmallVector<NamedOperand> {
        return {{"query_start", op.getQueryStart()},
                {"seq_lens", op.getSeqLens()},
                {"block_table", op.getBlockTable()}};
      })
      .Case<CheckPrefixOp>([](CheckPrefixOp op) -> SmallVector<NamedOperand> {
        return {{"group_start", op.getGroupStart()},
                {"prefix_lens", op.getPrefixLens()},
                {"prefix_table", op.getPrefixTable()},
                {"query_start", op.getQueryStart()}};
      })
      .Case<CheckSelectionOp>(
          [](CheckSelectionOp op) -> SmallVector<NamedOperand> {
            return {{op.getName(), op.getSelected()},
                    {"query_start", op.getQueryStart()},
                    {"seq_lens", op.getSeqLens()},
                    {"block_table", op.getBlockTable()}};
          })
      .Case<CheckDraftColumnsOp>(
          [](CheckDraftColumnsOp op) -> SmallVector<NamedOperand> {
            return {{"query_start", op.getQueryStart()}};
          })
      .Case<CheckIntegersOp>(
          [](CheckIntegersOp op) -> SmallVector<NamedOperand> {
            return {{op.getName(), op.getIntegers()}};
          })
      .Case<CheckScaleOp>([](CheckScaleOp op) -> SmallVector<NamedOperand> {
        if (!isa<MemRefType>(op.getScale().getType()))
          return {};
        return {{op.getName(), op.getScale()}};
      })
      .Case<CheckSlotsOp>([](CheckSlotsOp op) -> SmallVector<NamedOperand> {
        return {{"slots", op.getSlots()}};
      })
      .Case<CheckPagesOp, CheckPageMovesOp>(
          [](auto op) -> SmallVector<NamedOperand> {
            return {{"pages", op.getPages()}};
          })
      .Default([](Operation *) { return SmallVector<NamedOperand>(); });
}

/// Returns the memrefs from outside that regions of `op` use.
static SmallVector<Value> getCapturedMemRefs(Operation *op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::filter_to_vector(
      captured, [](Value value) { return isa<MemRefType>(value.getType()); });
}

void mlir::fp8attn::emitScaleCheck(OpBuilder &builder, Location loc,
                                   StringRef name, Value scale) {
  if (scale)
    CheckScaleOp::create(builder, loc, builder.getStringAttr(name), scale);
}

void mlir::fp8attn::emitScaleSizeCheck(OpBuilder &builder, Location loc,
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
}

void mlir::fp8attn::emitCacheScaleCheck(OpBuilder &builder, Location loc,
                                        StringRef name, Value scale,
                                        std::optional<AffineMap> map,
                                        Value cache) {
  emitScaleSizeCheck(builder, loc, name, scale, map, cache);
  // Scales of tokens that nobody wrote may be anything.
  if (scale && !getGranularity(*map).byToken)
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
  emitMostCheck(builder, loc, name, value, dim, "the most there may be",
                constantIndex(builder, loc, INT32_MAX));
}

void mlir::fp8attn::emitMostCheck(OpBuilder &builder, Location loc,
                                  StringRef name, Value value, unsigned dim,
                                  StringRef mostName, Value most) {
  Value size = memref::DimOp::create(builder, loc, value, dim);
  Value counted = arith::MinSIOp::create(builder, loc, size, most);
  CheckSizeOp::create(builder, loc, builder.getStringAttr(name), size,
                      builder.getStringAttr(mostName), counted);
}

BlockArgument mlir::fp8attn::getFunctionArgument(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getOwner()->isEntryBlock() &&
                 isa<func::FuncOp>(argument.getOwner()->getParentOp())
             ? argument
             : BlockArgument();
}

StringAttr mlir::fp8attn::getArgumentName(Value value) {
  BlockArgument argument = getFunctionArgument(value);
  if (!argument)
    return {};
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                               Fp8AttnDialect::kNameAttrName);
}

/// Returns the name of an argument, or what a score region loads from.
static StringRef getCapturedName(Value memref) {
  StringAttr name = getArgumentName(memref);
  return name ? name.getValue() : "a memref of the score region";
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
      add(lists[2], NamedOperand(getCapturedName(memref), memref));
  }
  OpBuilder builder(op);
  CheckOverlapOp::create(builder, op->getLoc(), builder.getStrArrayAttr(names),
                         lists[0], lists[1], lists[2]);
}
