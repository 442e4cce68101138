//===- ScaleLoads.cpp - loading scales through their maps ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Support/ScaleLoads.h"
#include "Support/Constants.h"
#include "Support/Loops.h"

#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns 2^(code - 127), or NaN for code 255. The smallest power, 2^-127, is
/// no normal float.
static Value decodePower(OpBuilder &builder, Location loc, Value power) {
  constexpr int32_t kMantissaBits = 23, kNanCode = 255;
  constexpr int32_t kSmallest = 1 << (kMantissaBits - 1), kNan = 0x7fc00000;
  Type i32 = builder.getI32Type();
  auto constant = [&](int32_t value) {
    return arith::ConstantIntOp::create(builder, loc, i32, value);
  };
  auto selectIf = [&](Value code, int32_t equal, int32_t bits, Value other) {
    Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                     code, constant(equal));
    return arith::SelectOp::create(builder, loc, is, constant(bits), other)
        .getResult();
  };
  Value code =
      arith::BitcastOp::create(builder, loc, builder.getI8Type(), power);
  code = arith::ExtUIOp::create(builder, loc, i32, code);
  Value bits =
      arith::ShLIOp::create(builder, loc, code, constant(kMantissaBits));
  bits = selectIf(code, 0, kSmallest, bits);
  bits = selectIf(code, kNanCode, kNan, bits);
  return arith::BitcastOp::create(builder, loc, builder.getF32Type(), bits);
}

SmallVector<Value> mlir::fp8attn::getScaleIndices(OpBuilder &builder,
                                                  Location loc, AffineMap map,
                                                  ArrayRef<Value> dims) {
  // Dimensions that the map does not use may be absent.
  SmallVector<Value> operands(dims);
  for (Value &operand : operands)
    if (!operand)
      operand = constantIndex(builder, loc, 0);
  SmallVector<Value> indices;
  for (AffineExpr result : map.getResults())
    indices.push_back(
        affine::expandAffineExpr(builder, loc, result, operands, {}));
  return indices;
}

Value mlir::fp8attn::loadScale(OpBuilder &builder, Location loc, Value scale,
                               AffineMap map, ArrayRef<Value> dims) {
  Value value = memref::LoadOp::create(
      builder, loc, scale, getScaleIndices(builder, loc, map, dims));
  if (isa<Float8E8M0FNUType>(value.getType()))
    return decodePower(builder, loc, value);
  if (value.getType().isInteger())
    return arith::SIToFPOp::create(builder, loc, builder.getF32Type(), value);
  return value.getType().isF32()
             ? value
             : arith::ExtFOp::create(builder, loc, builder.getF32Type(), value)
                   .getResult();
}

Value mlir::fp8attn::loadOuterScale(OpBuilder &builder, Location loc,
                                    Value outer, Value head) {
  if (!outer)
    return {};
  SmallVector<Value> indices(cast<MemRefType>(outer.getType()).getRank(), head);
  return memref::LoadOp::create(builder, loc, outer, indices);
}

TypedValue<CacheType> mlir::fp8attn::getCache(LoadScaleOp load,
                                              CacheContent content) {
  auto run = load.getRun().getDefiningOp<KeyRunOp>();
  return content == CacheContent::Key ? run.getKeyCache() : run.getValueCache();
}

void mlir::fp8attn::emitChannelScales(OpBuilder &builder, LoadScaleOp load,
                                      Value buffer) {
  Location loc = load.getLoc();
  forEach(
      builder, loc, load.getChannels(), 1, [&](OpBuilder &body, Value channel) {
        Value value = loadScale(body, loc, load.getScale(), load.getMap(),
                                {Value(), load.getHead(), Value(), channel});
        memref::StoreOp::create(body, loc, value, buffer, channel);
      });
}

void mlir::fp8attn::emitKeyScales(OpBuilder &builder, LoadScaleOp load,
                                  Value firstKey, Value numKeys, Value buffer) {
  Location loc = load.getLoc();
  Value pageTokens = constantIndex(builder, loc, load.getPage());
  forEach(builder, loc, numKeys, 1, [&](OpBuilder &body, Value j) {
    Value key = arith::AddIOp::create(body, loc, firstKey, j);
    Value index = arith::DivUIOp::create(body, loc, key, pageTokens);
    Value page =
        RunPageOp::create(body, loc, body.getIndexType(), load.getRun(), index);
    Value token = arith::RemUIOp::create(body, loc, key, pageTokens);
    Value value = loadScale(body, loc, load.getScale(), load.getMap(),
                            {page, load.getHead(), token, Value()});
    memref::StoreOp::create(body, loc, value, buffer, j);
  });
}

void mlir::fp8attn::forEachRowScale(
    OpBuilder &builder, Location loc, LoadRowScaleOp load, Value rows,
    function_ref<void(OpBuilder &, Value, Value)> use) {
  Value item = load.getItem();
  Value sequence = SequenceOp::create(builder, loc, item);
  Value begin = QueryBeginOp::create(builder, loc, item);
  Value first = FirstRowOp::create(builder, loc, item);
  Value group = GroupOp::create(builder, loc, item);
  Value firstHead = arith::MulIOp::create(
      builder, loc, KvHeadOp::create(builder, loc, item), group);
  forEach(builder, loc, rows, 1, [&](OpBuilder &body, Value row) {
    Value rowOfSequence = arith::AddIOp::create(body, loc, first, row);
    Value token = arith::AddIOp::create(
        body, loc, begin,
        arith::DivUIOp::create(body, loc, rowOfSequence, group));
    Value head = arith::AddIOp::create(
        body, loc, firstHead,
        arith::RemUIOp::create(body, loc, rowOfSequence, group));
    use(body, row,
        loadScale(body, loc, load.getScale(), load.getMap(),
                  {sequence, token, head}));
  });
}
