//===- IndexTensors.cpp - tensors of computed integers --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A generic operation without operands, which bufferizes in place.
//
//===----------------------------------------------------------------------===//

#include "IndexTensors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::fp8attn;

Value mlir::fp8attn::buildTensor(
    OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes,
    Type element, function_ref<Value(OpBuilder &, ValueRange indices)> body) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, element);
  const auto rank = static_cast<unsigned>(sizes.size());
  AffineMap map = builder.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), ValueRange{}, empty, map, iterators,
             [&](OpBuilder &inner, Location, ValueRange) {
               SmallVector<Value> indices;
               for (unsigned dimension = 0; dimension < rank; ++dimension)
                 indices.push_back(
                     linalg::IndexOp::create(inner, loc, dimension));
               linalg::YieldOp::create(inner, loc, body(inner, indices));
             })
      ->getResult(0);
}

Value mlir::fp8attn::buildKeyLens(
    OpBuilder &builder, Location loc, OpFoldResult entries,
    function_ref<Value(OpBuilder &, Value entry)> count) {
  Type i32 = builder.getI32Type();
  return buildTensor(builder, loc, entries, i32,
                     [&](OpBuilder &inner, ValueRange indices) -> Value {
                       Value number = arith::IndexCastOp::create(
                           inner, loc, inner.getI64Type(),
                           count(inner, indices.front()));
                       return convertInteger(inner, loc, number, i32);
                     });
}

Value mlir::fp8attn::convertInteger(OpBuilder &builder, Location loc,
                                    Value integer, Type type) {
  Type from = integer.getType();
  const unsigned width = type.getIntOrFloatBitWidth();
  if (from == type)
    return integer;
  if (from.getIntOrFloatBitWidth() < width)
    return arith::ExtSIOp::create(builder, loc, type, integer);
  auto getNumber = [&](const APInt &number) {
    return arith::ConstantOp::create(
        builder, loc, builder.getIntegerAttr(from, number.getSExtValue()));
  };
  integer = arith::MaxSIOp::create(builder, loc, integer,
                                   getNumber(APInt::getSignedMinValue(width)));
  integer = arith::MinSIOp::create(builder, loc, integer,
                                   getNumber(APInt::getSignedMaxValue(width)));
  return arith::TruncIOp::create(builder, loc, type, integer);
}
