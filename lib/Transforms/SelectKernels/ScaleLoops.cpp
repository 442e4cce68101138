//===- ScaleLoops.cpp - vector code that applies scales ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ScaleLoops.h"
#include "Support/Constants.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the largest power of two that is not greater than `value` > 0, but
/// at least the smallest normal number.
static Value powerBelow(OpBuilder &builder, Location loc, Value value) {
  constexpr int64_t kExponentField = 0x7f800000;
  constexpr float kSmallestNormal = 0x1p-126f;
  Type i32 = builder.getI32Type();
  Value bits = arith::BitcastOp::create(builder, loc, i32, value);
  Value mask = arith::ConstantIntOp::create(builder, loc, i32, kExponentField);
  bits = arith::AndIOp::create(builder, loc, bits, mask);
  Value power =
      arith::BitcastOp::create(builder, loc, builder.getF32Type(), bits);
  return arith::MaximumFOp::create(builder, loc, power,
                                   constantF32(builder, loc, kSmallestNormal));
}

Value mlir::fp8attn::normalizeFactors(OpBuilder &builder, Location loc,
                                      Value factors, int64_t count) {
  Value zero = constantIndex(builder, loc, 0),
        one = constantIndex(builder, loc, 1);
  Value end = constantIndex(builder, loc, count);
  auto largest = scf::ForOp::create(
      builder, loc, zero, end, one, ValueRange(constantF32(builder, loc, 0)),
      [&](OpBuilder &body, Location loc, Value i, ValueRange carried) {
        Value factor = memref::LoadOp::create(body, loc, factors, i);
        Value larger =
            arith::MaximumFOp::create(body, loc, carried.front(), factor);
        scf::YieldOp::create(body, loc, larger);
      });
  Value below = powerBelow(builder, loc, largest.getResult(0));
  // Half of its reciprocal is exact, also where the power itself would
  // overflow.
  Value inverse = arith::DivFOp::create(builder, loc,
                                        constantF32(builder, loc, 0.5f), below);
  scf::ForOp::create(builder, loc, zero, end, one, ValueRange(),
                     [&](OpBuilder &body, Location loc, Value i, ValueRange) {
                       Value factor =
                           memref::LoadOp::create(body, loc, factors, i);
                       factor =
                           arith::MulFOp::create(body, loc, factor, inverse);
                       memref::StoreOp::create(body, loc, factor, factors, i);
                       scf::YieldOp::create(body, loc);
                     });
  const int64_t size = cast<MemRefType>(factors.getType()).getDimSize(0);
  for (int64_t i = count; i < size; ++i)
    memref::StoreOp::create(builder, loc, constantF32(builder, loc, 0), factors,
                            constantIndex(builder, loc, i));
  return below;
}

/// Emits a loop over rows and, within each, over the vectors of a tile row.
static void forVectors(
    OpBuilder &builder, Location loc, Value tiles, Value rows, Value columns,
    function_ref<Value(OpBuilder &, Location, Value vector, Value column)>
        map) {
  auto type = cast<MemRefType>(tiles.getType());
  const int64_t lanes = type.getShape().back();
  auto vectorType = VectorType::get({lanes}, type.getElementType());
  Value zero = constantIndex(builder, loc, 0),
        one = constantIndex(builder, loc, 1);
  Value step = constantIndex(builder, loc, lanes);
  Value tileRows = constantIndex(builder, loc, FP8ATTN_TILE_ROWS);
  auto outer = scf::ForOp::create(builder, loc, zero, rows, one);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(outer.getBody());
  Value row = outer.getInductionVar();
  Value rowTile = arith::DivUIOp::create(builder, loc, row, tileRows);
  Value tileRow = arith::RemUIOp::create(builder, loc, row, tileRows);
  auto inner = scf::ForOp::create(builder, loc, zero, columns, step);
  builder.setInsertionPointToStart(inner.getBody());
  Value column = inner.getInductionVar();
  Value columnTile = arith::DivUIOp::create(builder, loc, column, step);
  SmallVector<Value> place = {rowTile, columnTile, tileRow, zero};
  Value vector = vector::LoadOp::create(builder, loc, vectorType, tiles, place);
  vector::StoreOp::create(builder, loc, map(builder, loc, vector, column),
                          tiles, place);
}

static Value loadFactors(OpBuilder &builder, Location loc, Value factors,
                         Value column, int64_t lanes) {
  return vector::LoadOp::create(builder, loc,
                                VectorType::get({lanes}, builder.getF32Type()),
                                factors, column);
}

void mlir::fp8attn::emitScaleColumns(OpBuilder &builder, Location loc,
                                     Value tiles, Value rows, Value columns,
                                     Value factors) {
  forVectors(builder, loc, tiles, rows, columns,
             [&](OpBuilder &body, Location loc, Value vector, Value column) {
               const int64_t lanes =
                   cast<VectorType>(vector.getType()).getDimSize(0);
               return arith::MulFOp::create(
                          body, loc, vector,
                          loadFactors(body, loc, factors, column, lanes))
                   .getResult();
             });
}

void mlir::fp8attn::emitScaleProducts(OpBuilder &builder, Location loc,
                                      Value tiles, Value rows, Value columns,
                                      Value factors) {
  forVectors(
      builder, loc, tiles, rows, columns,
      [&](OpBuilder &body, Location loc, Value vector, Value column) -> Value {
        auto type = cast<VectorType>(vector.getType());
        auto floats = type.clone(body.getF32Type());
        const bool isF32 = type == floats;
        Value value = vector;
        if (!isF32)
          value = arith::ExtFOp::create(body, loc, floats, vector);
        Value zero =
            arith::ConstantOp::create(body, loc, body.getZeroAttr(floats));
        Value isZero = arith::CmpFOp::create(
            body, loc, arith::CmpFPredicate::OEQ, value, zero);
        Value product = arith::MulFOp::create(
            body, loc, value,
            loadFactors(body, loc, factors, column, type.getDimSize(0)));
        product = arith::SelectOp::create(body, loc, isZero, zero, product);
        if (isF32)
          return product;
        return arith::TruncFOp::create(body, loc, type, product);
      });
}
