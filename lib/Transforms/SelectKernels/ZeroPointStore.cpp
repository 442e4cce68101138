//===- ZeroPointStore.cpp - codes that have zero points -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ZeroPointStore.h"
#include "SelectKernels/ScaledStore.h"
#include "Support/Codes.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the code, i8, of a quotient, NaN being 0, with a zero point of i32.
static Value encodeWithZeroPoint(OpBuilder &builder, Location loc,
                                 Value quotient, Value zeroPoint) {
  // Whatever the zero point is, what is beyond saturates.
  constexpr float kMost = 256;
  auto bound = [&](float value) -> Value {
    return arith::ConstantIntOp::create(builder, loc, builder.getI32Type(),
                                        static_cast<int32_t>(value));
  };
  Value isNan = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO,
                                      quotient, quotient);
  quotient = arith::SelectOp::create(builder, loc, isNan,
                                     constantF32(builder, loc, 0), quotient);
  Value code = arith::AddIOp::create(
      builder, loc,
      roundToInteger(builder, loc,
                     clampFloat(builder, loc, quotient, -kMost, kMost)),
      zeroPoint);
  code = arith::MaxSIOp::create(builder, loc, code, bound(kLeastI8));
  code = arith::MinSIOp::create(builder, loc, code, bound(kLargestI8));
  return arith::TruncIOp::create(builder, loc, builder.getI8Type(), code);
}

void mlir::fp8attn::emitZeroPointCodes(OpBuilder &builder, StoreOp op,
                                       Value slots, Value count,
                                       Value quotients) {
  Location loc = op.getLoc();
  const CacheType cache = op.getCache().getType();
  const CacheContent content = op.getContent();
  const AffineExpr byteOf = cache.getMap(content).getResult(0);
  const int64_t channels = cache.getHeadDim();
  const int64_t padded = cache.getLayout().getChannels(content, channels);
  Value bytes = CachePartOp::create(builder, loc, op.getCache(), op.getHead(),
                                    op.getContentAttr());
  Value pageBytes = CachePageBytesOp::create(
      builder, loc, builder.getIndexType(), op.getCache());
  forEachSlot(
      builder, op, slots, count,
      [&](OpBuilder &body, Value row, ArrayRef<Value> place) {
        Value page = arith::MulIOp::create(body, loc, place[kPage], pageBytes);
        auto store = [&](OpBuilder &inner, Value channel, Value code) {
          Value byte = affine::expandAffineExpr(inner, loc, byteOf,
                                                {place[kToken], channel}, {});
          memref::StoreOp::create(
              inner, loc, code, bytes,
              arith::AddIOp::create(inner, loc, page, byte).getResult());
        };
        forEach(body, loc, channels, 1, [&](OpBuilder &inner, Value channel) {
          Value zeroPoint = memref::LoadOp::create(
              inner, loc, op.getZeroPoints(),
              getScaleIndices(
                  inner, loc, *op.getZeroPointMap(),
                  {place[kPage], place[kHead], place[kToken], channel}));
          zeroPoint =
              arith::ExtSIOp::create(inner, loc, inner.getI32Type(), zeroPoint);
          Value quotient = memref::LoadOp::create(inner, loc, quotients,
                                                  ValueRange{row, channel});
          store(inner, channel,
                encodeWithZeroPoint(inner, loc, quotient, zeroPoint));
        });
        // The padding is 0.
        forEach(body, loc, padded - channels, 1,
                [&](OpBuilder &inner, Value offset) {
                  Value channel = arith::AddIOp::create(
                      inner, loc, offset, constantIndex(inner, loc, channels));
                  store(inner, channel,
                        arith::ConstantIntOp::create(inner, loc,
                                                     inner.getI8Type(), 0));
                });
      });
}
