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
#include "SelectKernels/ZeroPointStore.h"
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
  Value scales = operands.scales;
  if (!scales)
    scales = UkernelNullOp::create(
        builder, loc,
        MemRefType::get({ShapedType::kDynamic}, builder.getF32Type()));
  values.append(
      {operands.tokens, constantIndex(builder, loc, cache.getHeadDim()),
       operands.slots, orOne(builder, loc, operands.scale), scales,
       constantIndex(builder, loc, operands.scalesFrom), operands.pages,
       operands.pageBytes, constantIndex(builder, loc, cache.getPageTokens())});
  emitKernelCall(builder, loc, row, values);
}

/// Returns what a call that stores `tokens` rows of `source` to `slots` is
/// told.
static StoreOperands getOperands(OpBuilder &builder, StoreOp op, Value source,
                                 Value tokens, Value slots) {
  Location loc = op.getLoc();
  Value pages = CachePartOp::create(builder, loc, op.getCache(), op.getHead(),
                                    op.getContentAttr());
  return {source,
          tokens,
          slots,
          /*scale=*/Value(),
          pages,
          CachePageBytesOp::create(builder, loc, builder.getIndexType(),
                                   op.getCache())};
}

/// Returns the bytes of the scratch that a memref is part of, or 0.
static int64_t getScratchBytes(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  auto scratch = memref.getDefiningOp<WorkerScratchOp>();
  return scratch ? scratch.getScratch().getType().getDimSize(0) : 0;
}

/// Emits a loop over blocks of `size` tokens with an f32 buffer of `shape` in
/// scratch; `build` emits its body for the first token, and the number and
/// slots of those that there are.
static void
forEachBlock(OpBuilder &builder, StoreOp op, int64_t size,
             ArrayRef<int64_t> shape,
             function_ref<void(OpBuilder &, Value first, Value count,
                               Value slots, Value buffer)>
                 build) {
  Location loc = op.getLoc();
  ScratchBuilder buffers;
  Value buffer;
  // The tokens may be there, too.
  buffers.reserve(getScratchBytes(op.getSource()));
  buffers.add(MemRefType::get(shape, builder.getF32Type()), buffer);
  buffers.build(builder, loc);
  Value tokens = memref::DimOp::create(builder, loc, op.getSource(), 0);
  Value most = constantIndex(builder, loc, size);
  forEach(builder, loc, tokens, size, [&](OpBuilder &body, Value first) {
    Value count = blockSize(body, loc, first, tokens, most);
    build(body, first, count,
          viewOf(body, loc, op.getSlots(), {first}, {count},
                 {ShapedType::kDynamic}),
          buffer);
  });
}

/// Emits a loop over blocks of tokens that are divided by their scales;
/// `store` emits what is done with the quotients of a block.
static void forEachQuotients(
    OpBuilder &builder, StoreOp op,
    function_ref<void(OpBuilder &, Value count, Value slots, Value quotients)>
        store) {
  forEachBlock(builder, op, kScaledTokens,
               {kScaledTokens, op.getCache().getType().getHeadDim()},
               [&](OpBuilder &body, Value first, Value count, Value slots,
                   Value quotients) {
                 emitQuotients(body, op, first, slots, count, quotients);
                 store(body, count, slots, quotients);
               });
}

/// Stores tokens that have been divided by their scales.
static void emitQuotientStore(OpBuilder &builder, StoreOp op,
                              const KernelRow &row) {
  forEachQuotients(
      builder, op,
      [&](OpBuilder &body, Value count, Value slots, Value quotients) {
        emitStoreCall(body, op.getLoc(), row, op.getCache().getType(),
                      getOperands(body, op, quotients, count, slots));
      });
}

void mlir::fp8attn::emitZeroPointStore(StoreOp op) {
  OpBuilder builder(op);
  forEachQuotients(
      builder, op,
      [&](OpBuilder &body, Value count, Value slots, Value quotients) {
        emitZeroPointCodes(body, op, slots, count, quotients);
      });
  op.erase();
}

/// Stores tokens that have a scale each, and scales that the kernel computes.
static void emitTokenScaleStore(OpBuilder &builder, StoreOp op,
                                const KernelRow &row) {
  // As many as kv_write stores at a time.
  constexpr int64_t kTokens = 64;
  Location loc = op.getLoc();
  CacheType cache = op.getCache().getType();
  const bool isPower = !op.getScales().getType().getElementType().isF32();
  forEachBlock(
      builder, op, kTokens, {kTokens},
      [&](OpBuilder &body, Value first, Value count, Value slots,
          Value scales) {
        if (!op.getComputed())
          emitTokenScales(body, op, slots, count, scales);
        Value source =
            viewOf(body, loc, op.getSource(), {first, body.getIndexAttr(0)},
                   {count, body.getIndexAttr(cache.getHeadDim())},
                   {ShapedType::kDynamic, cache.getHeadDim()});
        StoreOperands operands = getOperands(body, op, source, count, slots);
        operands.scales = scales;
        if (op.getComputed())
          operands.scalesFrom =
              isPower ? FP8ATTN_SCALES_POWERS : FP8ATTN_SCALES_COMPUTED;
        emitStoreCall(body, loc, row, cache, operands);
        if (op.getComputed())
          emitComputedScales(body, op, slots, count, scales);
      });
}

void mlir::fp8attn::emitStoreCall(StoreOp op, const KernelRow &row) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  if (!op.getScales()) {
    StoreOperands operands = getOperands(
        builder, op, op.getSource(),
        memref::DimOp::create(builder, loc, op.getSource(), 0), op.getSlots());
    operands.scale = op.getScale();
    emitStoreCall(builder, loc, row, op.getCache().getType(), operands);
  } else if (needsQuotients(op)) {
    emitQuotientStore(builder, op, row);
  } else {
    emitTokenScaleStore(builder, op, row);
  }
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
