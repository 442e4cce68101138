//===- ScaledStore.cpp - cache writes whose scale differs ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A division in f32 and a quantisation with scale 1 are the definition of
// quantisation with a scale: nothing is rounded twice. Loops run over channels
// innermost, for LLVM to vectorise.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ScaledStore.h"
#include "Support/Codes.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>

using namespace mlir;
using namespace mlir::fp8attn;

/// The smallest scale that is computed: far below any that matters, and far
/// from where a product of scales would underflow.
static constexpr float kSmallestScale = 0x1p-40f;
/// Of the exponents of f32 and f8E8M0FNU.
static constexpr int32_t kExponentBias = 127;

namespace {
/// Emits the code for a group of channels of one token that share a scale.
class GroupEmitter {
public:
  GroupEmitter(StoreOp op, Value token, Value row, ArrayRef<Value> place,
               int64_t channels, Value quotients)
      : op(op), loc(op.getLoc()), token(token), row(row), place(place),
        channels(channels), quotients(quotients) {}

  void emit(OpBuilder &builder) {
    if (op.getComputed())
      storeScale(builder);
    Value scale =
        loadScale(builder, loc, op.getScales(), *op.getScaleMap(), place);
    if (Value outer = op.getScale())
      scale = arith::MulFOp::create(builder, loc, scale, outer);
    forChannels(builder, [&](OpBuilder &body, Value channel, Value element) {
      Value quotient = arith::DivFOp::create(body, loc, element, scale);
      memref::StoreOp::create(body, loc, quotient, quotients,
                              ValueRange{row, channel});
    });
  }

private:
  Value loadElement(OpBuilder &builder, Value channel) {
    Value element = memref::LoadOp::create(builder, loc, op.getSource(),
                                           ValueRange{token, channel});
    return element.getType().isF32()
               ? element
               : arith::ExtFOp::create(builder, loc, builder.getF32Type(),
                                       element)
                     .getResult();
  }

  Value channelAt(OpBuilder &builder, Value offset) {
    return arith::AddIOp::create(builder, loc, place[kChannel], offset);
  }

  void forChannels(OpBuilder &builder,
                   function_ref<void(OpBuilder &, Value, Value)> use) {
    forEach(builder, loc, channels, 1, [&](OpBuilder &body, Value offset) {
      Value channel = channelAt(body, offset);
      use(body, channel, loadElement(body, channel));
    });
  }

  /// Returns the largest finite magnitude of the group, 0 if there is none:
  /// that with the largest bits, as the order of floats is no reduction that
  /// LLVM would vectorise.
  Value findLargest(OpBuilder &builder) {
    constexpr int32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
    Type i32 = builder.getI32Type();
    auto constant = [&](int32_t value) {
      return arith::ConstantIntOp::create(builder, loc, i32, value);
    };
    Value zero = constant(0), magnitudeMask = constant(kMagnitude),
          infinity = constant(kInfinity);
    auto loop = scf::ForOp::create(
        builder, loc, constantIndex(builder, loc, 0),
        constantIndex(builder, loc, channels), constantIndex(builder, loc, 1),
        ValueRange(zero),
        [&](OpBuilder &body, Location loc, Value offset, ValueRange largest) {
          Value element = loadElement(body, channelAt(body, offset));
          Value magnitude = arith::AndIOp::create(
              body, loc, arith::BitcastOp::create(body, loc, i32, element),
              magnitudeMask);
          Value isFinite = arith::CmpIOp::create(
              body, loc, arith::CmpIPredicate::ult, magnitude, infinity);
          magnitude =
              arith::SelectOp::create(body, loc, isFinite, magnitude, zero);
          Value larger =
              arith::MaxUIOp::create(body, loc, magnitude, largest.front());
          scf::YieldOp::create(body, loc, larger);
        });
    return arith::BitcastOp::create(builder, loc, builder.getF32Type(),
                                    loop.getResult(0));
  }

  /// Stores the scale that the largest magnitude is given.
  void storeScale(OpBuilder &builder) {
    Value largest = findLargest(builder);
    memref::StoreOp::create(
        builder, loc,
        op.getMicroscaling() ? shareExponent(builder, largest)
                             : fitLargest(builder, largest),
        op.getScales(),
        getScaleIndices(builder, loc, *op.getScaleMap(), place));
  }

  /// Returns the scale that takes `largest` to the largest code.
  Value fitLargest(OpBuilder &builder, Value largest) {
    Type element = op.getCache().getType().getElementType();
    Value scale = arith::DivFOp::create(
        builder, loc, largest, constantF32(builder, loc, largestCode(element)));
    scale = arith::MaximumFOp::create(
        builder, loc, scale, constantF32(builder, loc, kSmallestScale));
    return op.getScales().getType().getElementType().isF32()
               ? scale
               : encodePower(builder, scale);
  }

  /// Returns the scale that takes the power of two of `largest` to that of the
  /// largest code. Exponents are biased as those of f8E8M0FNU are; a subnormal
  /// number has the least one.
  Value shareExponent(OpBuilder &builder, Value largest) {
    Type element = op.getCache().getType().getElementType();
    Value exponent = shiftMantissaOut(
        builder,
        arith::BitcastOp::create(builder, loc, builder.getI32Type(), largest));
    Value code = arith::SubIOp::create(
        builder, loc, exponent,
        number(builder, std::ilogb(largestCode(element))));
    code = arith::MaxSIOp::create(
        builder, loc, code,
        number(builder, kExponentBias + std::ilogb(kSmallestScale)));
    return asPower(builder, code);
  }

  /// Returns the least power of two, an f8E8M0FNU, that is not below `scale`, a
  /// normal number.
  Value encodePower(OpBuilder &builder, Value scale) {
    constexpr int32_t kMantissa = 0x7fffff;
    Value bits =
        arith::BitcastOp::create(builder, loc, builder.getI32Type(), scale);
    bits =
        arith::AddIOp::create(builder, loc, bits, number(builder, kMantissa));
    return asPower(builder, shiftMantissaOut(builder, bits));
  }

  Value number(OpBuilder &builder, int32_t value) {
    return arith::ConstantIntOp::create(builder, loc, builder.getI32Type(),
                                        value);
  }
  /// Returns the bits of an f32 that is not negative without its mantissa.
  Value shiftMantissaOut(OpBuilder &builder, Value bits) {
    constexpr int32_t kMantissaBits = 23;
    return arith::ShRUIOp::create(builder, loc, bits,
                                  number(builder, kMantissaBits));
  }
  /// Returns a code of f8E8M0FNU, an i32, as the scales' type.
  Value asPower(OpBuilder &builder, Value code) {
    code = arith::TruncIOp::create(builder, loc, builder.getI8Type(), code);
    return arith::BitcastOp::create(
        builder, loc, op.getScales().getType().getElementType(), code);
  }

  StoreOp op;
  Location loc;
  /// Of the source, and of the quotients.
  Value token, row;
  /// (page, head, token, first channel)
  ArrayRef<Value> place;
  int64_t channels;
  Value quotients;
};
} // namespace

/// Divides one token, whose slot is not negative.
static void emitToken(OpBuilder &builder, StoreOp op, Value token, Value row,
                      Value slot, Value quotients) {
  Location loc = op.getLoc();
  CacheType cache = op.getCache().getType();
  const int64_t channels = cache.getHeadDim();
  const int64_t shared = getChannelsPerScale(*op.getScaleMap(), channels);
  Value pageTokens = constantIndex(builder, loc, cache.getPageTokens());
  slot = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), slot);
  Value page = arith::DivUIOp::create(builder, loc, slot, pageTokens);
  Value tokenOfPage = arith::RemUIOp::create(builder, loc, slot, pageTokens);
  forEach(builder, loc, channels, shared, [&](OpBuilder &body, Value channel) {
    Value place[] = {page, op.getHead(), tokenOfPage, channel};
    GroupEmitter(op, token, row, place, shared, quotients).emit(body);
  });
}

void mlir::fp8attn::emitQuotients(OpBuilder &builder, StoreOp op, Value first,
                                  Value count, Value quotients) {
  Location loc = op.getLoc();
  forEach(builder, loc, count, 1, [&](OpBuilder &body, Value row) {
    Value token = arith::AddIOp::create(body, loc, first, row);
    Value slot = memref::LoadOp::create(body, loc, op.getSlots(), token);
    Value zero = arith::ConstantIntOp::create(body, loc, body.getI64Type(), 0);
    Value isKept =
        arith::CmpIOp::create(body, loc, arith::CmpIPredicate::sge, slot, zero);
    scf::IfOp::create(body, loc, isKept, [&](OpBuilder &then, Location loc) {
      emitToken(then, op, token, row, slot, quotients);
      scf::YieldOp::create(then, loc);
    });
  });
}
