//===- KernelCalls.cpp - emitting kernel calls ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/KernelCalls.h"
#include "SelectKernels/ScaledStore.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/Scratch.h"
#include "Support/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

Value mlir::fp8attn::orOne(OpBuilder &builder, Location loc, Value factor) {
  return factor ? factor : constantF32(builder, loc, 1.0f);
}

void mlir::fp8attn::emitKernelCall(OpBuilder &builder, Location loc,
                                   const KernelRow &row, ValueRange operands) {
  UkernelCallOp::create(builder, loc, row.name, operands);
}

void mlir::fp8attn::appendStrided(OpBuilder &builder, Location loc,
                                  Value memref, unsigned numStrides,
                                  SmallVectorImpl<Value> &operands) {
  operands.push_back(memref);
  auto metadata =
      memref::ExtractStridedMetadataOp::create(builder, loc, memref);
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
  for (unsigned dim = 0; dim < numStrides; ++dim)
    operands.push_back(
        getValueOrCreateConstantIndexOp(builder, loc, strides[dim]));
}

void mlir::fp8attn::emitStoreCall(OpBuilder &builder, Location loc,
                                  const KernelRow &row, CacheType cache,
                                  const StoreOperands &operands) {
  SmallVector<Value> values;
  appendStrided(builder, loc, operands.source, 1, values);
  values.append(
      {operands.tokens, constantIndex(builder, loc, cache.getHeadDim()),
       operands.slots, orOne(builder, loc, operands.scale), operands.pages,
       operands.pageBytes, constantIndex(builder, loc, cache.getPageTokens())});
  emitKernelCall(builder, loc, row, values);
}

/// Emits the call that stores `tokens` rows of `source` to their slots.
static void emitStore(OpBuilder &builder, StoreOp op, const KernelRow &row,
                      Value source, Value tokens, Value slots, Value scale) {
  Location loc = op.getLoc();
  Value pages = CachePartOp::create(builder, loc, op.getCache(), op.getHead(),
                                    op.getContentAttr());
  emitStoreCall(builder, loc, row, op.getCache().getType(),
                {source, tokens, slots, scale, pages,
                 CachePageBytesOp::create(builder, loc, builder.getIndexType(),
                                          op.getCache())});
}

/// Returns the bytes of the scratch that a memref is part of, or 0.
static int64_t getScratchBytes(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  auto scratch = memref.getDefiningOp<WorkerScratchOp>();
  return scratch ? scratch.getScratch().getType().getDimSize(0) : 0;
}

/// Emits a loop that divides some tokens by their scales and stores them.
static void emitScaledStore(OpBuilder &builder, StoreOp op, Value tokens,
                            const KernelRow &row) {
  Location loc = op.getLoc();
  ScratchBuilder buffers;
  Value quotients;
  // The tokens may be there, too.
  buffers.reserve(getScratchBytes(op.getSource()));
  buffers.add(
      MemRefType::get({kScaledTokens, op.getCache().getType().getHeadDim()},
                      builder.getF32Type()),
      quotients);
  buffers.build(builder, loc);
  Value most = constantIndex(builder, loc, kScaledTokens);
  forEach(
      builder, loc, tokens, kScaledTokens, [&](OpBuilder &body, Value first) {
        Value count = blockSize(body, loc, first, tokens, most);
        emitQuotients(body, op, first, count, quotients);
        Value slots = viewOf(body, loc, op.getSlots(), {first}, {count},
                             {ShapedType::kDynamic});
        emitStore(body, op, row, quotients, count, slots, /*scale=*/Value());
      });
}

void mlir::fp8attn::emitStoreCall(StoreOp op, const KernelRow &row) {
  OpBuilder builder(op);
  Value tokens = memref::DimOp::create(builder, op.getLoc(), op.getSource(), 0);
  if (op.getScales())
    emitScaledStore(builder, op, tokens, row);
  else
    emitStore(builder, op, row, op.getSource(), tokens, op.getSlots(),
              op.getScale());
  op.erase();
}

void mlir::fp8attn::emitMergeCall(TileMergeOp op, const KernelRow &row) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<Value> operands = {
      memref::DimOp::create(builder, loc, op.getFirstOut(), 0),
      memref::DimOp::create(builder, loc, op.getFirstOut(), 1)};
  appendStrided(builder, loc, op.getFirstOut(), 1, operands);
  operands.push_back(op.getFirstLse());
  appendStrided(builder, loc, op.getSecondOut(), 1, operands);
  operands.push_back(op.getSecondLse());
  appendStrided(builder, loc, op.getOut(), 1, operands);
  operands.push_back(op.getLse());
  emitKernelCall(builder, loc, row, operands);
  op.erase();
}

void mlir::fp8attn::emitConvertCall(Operation *op, const KernelRow &row) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Value source = op->getOperand(0), scale = op->getOperand(1),
        destination = op->getOperand(2);
  Value count = memref::DimOp::create(builder, loc, source, 0);
  emitKernelCall(builder, loc, row, {source, count, scale, destination});
  op->erase();
}
