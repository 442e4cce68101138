//===- BatchEntries.cpp - parts of tensors by batch entry -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is taken and what is written are the same part, so that bufferization
// writes it in place.
//
//===----------------------------------------------------------------------===//

#include "BatchEntries.h"

#include "AttentionImport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Which dimension of [batch, heads, tokens, channels] has the entries.
static constexpr int64_t kBatch = 0;

/// Returns where a part of a tensor is.
static SmallVector<Range> getPart(OpBuilder &builder, Location loc,
                                  Value tensor, Value entry, int64_t dimension,
                                  OpFoldResult from, OpFoldResult count) {
  SmallVector<Range> part = getWhole(builder, loc, tensor);
  part[kBatch].offset = getAsOpFoldResult(entry);
  part[kBatch].size = builder.getIndexAttr(1);
  part[dimension].offset = from;
  part[dimension].size = count;
  return part;
}

Value mlir::fp8attn::takeOfEntry(OpBuilder &builder, Location loc, Value tensor,
                                 Value entry, int64_t dimension,
                                 OpFoldResult from, OpFoldResult count) {
  return tensor::ExtractSliceOp::create(
      builder, loc, tensor,
      getPart(builder, loc, tensor, entry, dimension, from, count));
}

Value mlir::fp8attn::writeOfEntry(OpBuilder &builder, Location loc, Value part,
                                  Value tensor, Value entry, int64_t dimension,
                                  OpFoldResult from, OpFoldResult count) {
  return tensor::InsertSliceOp::create(
      builder, loc, part, tensor,
      getPart(builder, loc, tensor, entry, dimension, from, count));
}

FailureOr<Value> mlir::fp8attn::buildForEntries(
    OpBuilder &builder, Location loc, OpFoldResult numEntries, Value first,
    llvm::function_ref<FailureOr<Value>(Value, Value)> build) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  if (getConstantIntValue(numEntries) == 1)
    return build(zero, first);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value count = getValueOrCreateConstantIndexOp(builder, loc, numEntries);
  auto loop =
      scf::ForOp::create(builder, loc, zero, count, one, ValueRange{first});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  FailureOr<Value> next =
      build(loop.getInductionVar(), loop.getRegionIterArg(0));
  if (failed(next))
    return failure();
  scf::YieldOp::create(builder, loc, *next);
  return loop.getResult(0);
}
