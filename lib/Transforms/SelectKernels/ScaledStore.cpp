//===- ScaledStore.cpp - cache writes whose scale differs ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of scales by channel, a division in f32 and a quantisation with scale 1 are
// the definition of quantisation with a scale: nothing is rounded twice. Loops
// run over channels innermost, for LLVM to vectorise.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/ScaledStore.h"
#include "Support/Codes.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/Prefetch.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>
#include <utility>

using namespace mlir;
using namespace mlir::fp8attn;

/// Of the exponents of f32 and f8E8M0FNU.
static constexpr int32_t kExponentBias = 127;

static Value number(OpBuilder &builder, Location loc, int32_t value) {
  return arith::ConstantIntOp::create(builder, loc, builder.getI32Type(),
                                      value);
}

/// Returns the exponent of an f32 that is not negative, biased.
static Value getExponent(OpBuilder &builder, Location loc, Value bits) {
  constexpr int32_t kMantissaBits = 23;
  return arith::ShRUIOp::create(builder, loc, bits,
                                number(builder, loc, kMantissaBits));
}

/// Returns the code of a scale, an i32, as the type of the scales.
static Value asCode(OpBuilder &builder, StoreOp op, Value code) {
  code =
      arith::TruncIOp::create(builder, op.getLoc(), builder.getI8Type(), code);
  return arith::BitcastOp::create(
      builder, op.getLoc(), op.getScales().getType().getElementType(), code);
}

/// Returns the least power of two, an f8E8M0FNU, that is not below `scale`, a
/// normal number.
static Value encodePower(OpBuilder &builder, StoreOp op, Value scale) {
  constexpr int32_t kMantissa = 0x7fffff;
  Location loc = op.getLoc();
  Value bits =
      arith::BitcastOp::create(builder, loc, builder.getI32Type(), scale);
  bits = arith::AddIOp::create(builder, loc, bits,
                               number(builder, loc, kMantissa));
  return asCode(builder, op, getExponent(builder, loc, bits));
}

/// Returns the number of f8E4M3FN that is nearest to `scale`, of two the even
/// one, the least one above 0 and the largest one being the ends.
static Value encodeE4M3(OpBuilder &builder, StoreOp op, Value scale) {
  constexpr float kLeast = 0x1p-9f;
  Location loc = op.getLoc();
  Type type = op.getScales().getType().getElementType();
  scale = clampFloat(builder, loc, scale, kLeast, largestCode(type));
  Value bits =
      arith::BitcastOp::create(builder, loc, builder.getI32Type(), scale);
  return asCode(builder, op, roundToFp8(builder, loc, bits, type));
}

/// Stores a computed scale to its place.
static void storeCode(OpBuilder &builder, StoreOp op, Value code,
                      ArrayRef<Value> place) {
  memref::StoreOp::create(
      builder, op.getLoc(), code, op.getScales(),
      getScaleIndices(builder, op.getLoc(), *op.getScaleMap(), place));
}

/// The same of an f32.
static void storeScale(OpBuilder &builder, StoreOp op, Value scale,
                       ArrayRef<Value> place) {
  Type element = op.getScales().getType().getElementType();
  if (isa<Float8E8M0FNUType>(element))
    scale = encodePower(builder, op, scale);
  else if (isa<Float8E4M3FNType>(element))
    scale = encodeE4M3(builder, op, scale);
  storeCode(builder, op, scale, place);
}

/// Returns the scale of a token, or of a group of its channels.
static Value loadProduct(OpBuilder &builder, StoreOp op,
                         ArrayRef<Value> place) {
  Value scale =
      loadScale(builder, op.getLoc(), op.getScales(), *op.getScaleMap(), place);
  Value outer = op.getScale();
  return outer ? arith::MulFOp::create(builder, op.getLoc(), scale, outer)
                     .getResult()
               : scale;
}

namespace {
/// Emits the code for a group of channels of one token that share a scale.
class GroupEmitter {
public:
  GroupEmitter(StoreOp op, Value token, Value row, ArrayRef<Value> place,
               int64_t channels, Value quotients)
      : op(op), loc(op.getLoc()), token(token), row(row), place(place),
        channels(channels), quotients(quotients) {}

  void emit(OpBuilder &builder) {
    if (op.getComputed() && op.getZeroPoints())
      computeZeroPoint(builder);
    else if (op.getComputed())
      computeScale(builder, findLargest(builder));
    Value scale = loadProduct(builder, op, place);
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

  /// Returns the least and the largest of 0 and the finite elements of the
  /// group.
  std::pair<Value, Value> findRange(OpBuilder &builder) {
    Value zero = constantF32(builder, loc, 0);
    auto loop = scf::ForOp::create(
        builder, loc, constantIndex(builder, loc, 0),
        constantIndex(builder, loc, channels), constantIndex(builder, loc, 1),
        ValueRange{zero, zero},
        [&](OpBuilder &body, Location loc, Value offset, ValueRange range) {
          Value element = loadElement(body, channelAt(body, offset));
          // Of a number that is not finite, the difference is a NaN.
          Value difference = arith::SubFOp::create(body, loc, element, element);
          Value isFinite = arith::CmpFOp::create(
              body, loc, arith::CmpFPredicate::OEQ, difference, zero);
          element = arith::SelectOp::create(body, loc, isFinite, element, zero);
          Value least = arith::MinimumFOp::create(body, loc, range[0], element);
          Value largest =
              arith::MaximumFOp::create(body, loc, range[1], element);
          scf::YieldOp::create(body, loc, ValueRange{least, largest});
        });
    return {loop.getResult(0), loop.getResult(1)};
  }

  /// Stores the scale that takes the range of the elements to that of the
  /// codes, and the zero point that takes the least of them to the least code.
  void computeZeroPoint(OpBuilder &builder) {
    auto [least, largest] = findRange(builder);
    Value codes = constantF32(builder, loc, kLargestI8 - kLeastI8);
    // The difference of the elements may be more than f32 has.
    Value scale = arith::SubFOp::create(
        builder, loc, arith::DivFOp::create(builder, loc, largest, codes),
        arith::DivFOp::create(builder, loc, least, codes));
    storeScale(builder, op, boundScale(builder, scale), place);
    Value zeroPoint = arith::SubFOp::create(
        builder, loc, constantF32(builder, loc, kLeastI8),
        arith::DivFOp::create(builder, loc, least,
                              loadProduct(builder, op, place)));
    Value code = roundToInteger(
        builder, loc,
        clampFloat(builder, loc, zeroPoint, kLeastI8, kLargestI8));
    memref::StoreOp::create(
        builder, loc,
        arith::TruncIOp::create(builder, loc, builder.getI8Type(), code),
        op.getZeroPoints(),
        getScaleIndices(builder, loc, *op.getZeroPointMap(), place));
  }

  /// Stores the scale that the largest magnitude is given.
  void computeScale(OpBuilder &builder, Value largest) {
    if (op.getMicroscaling())
      storeCode(builder, op, shareExponent(builder, largest), place);
    else
      storeScale(builder, op, fitLargest(builder, largest), place);
  }

  /// Returns the scale that takes `largest` to the largest code, with the outer
  /// scale if there is one.
  Value fitLargest(OpBuilder &builder, Value largest) {
    Type element = op.getCache().getType().getElementType();
    Value scale = arith::DivFOp::create(
        builder, loc, largest, constantF32(builder, loc, largestCode(element)));
    return boundScale(builder, scale);
  }

  /// Returns a scale over the outer one, if there is one, and at least as large
  /// as computed ones are.
  Value boundScale(OpBuilder &builder, Value scale) {
    if (Value outer = op.getScale())
      scale = arith::DivFOp::create(builder, loc, scale, outer);
    return arith::MaximumFOp::create(
        builder, loc, scale, constantF32(builder, loc, FP8ATTN_SMALLEST_SCALE));
  }

  /// Returns the scale that takes the power of two of `largest` to that of the
  /// largest code. Exponents are biased as those of f8E8M0FNU are; a subnormal
  /// number has the least one.
  Value shareExponent(OpBuilder &builder, Value largest) {
    Type element = op.getCache().getType().getElementType();
    Value exponent = getExponent(
        builder, loc,
        arith::BitcastOp::create(builder, loc, builder.getI32Type(), largest));
    Value code = arith::SubIOp::create(
        builder, loc, exponent,
        number(builder, loc, std::ilogb(largestCode(element))));
    code = arith::MaxSIOp::create(
        builder, loc, code,
        number(builder, loc,
               kExponentBias + std::ilogb(FP8ATTN_SMALLEST_SCALE)));
    return asCode(builder, op, code);
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

bool mlir::fp8attn::needsQuotients(StoreOp op) {
  const int64_t channels = op.getCache().getType().getHeadDim();
  // Store kernels compute f32, and powers of two of it.
  const bool isE4M3 =
      isa<Float8E4M3FNType>(op.getScales().getType().getElementType());
  return op.getMicroscaling() || (op.getComputed() && isE4M3) ||
         getChannelsPerScale(*op.getScaleMap(), channels) < channels;
}

void mlir::fp8attn::forEachSlot(
    OpBuilder &builder, StoreOp op, Value slots, Value count,
    function_ref<void(OpBuilder &, Value, ArrayRef<Value>)> build) {
  Location loc = op.getLoc();
  forEach(builder, loc, count, 1, [&](OpBuilder &body, Value token) {
    Value slot = memref::LoadOp::create(body, loc, slots, token);
    Value zero = arith::ConstantIntOp::create(body, loc, body.getI64Type(), 0);
    Value isKept =
        arith::CmpIOp::create(body, loc, arith::CmpIPredicate::sge, slot, zero);
    scf::IfOp::create(body, loc, isKept, [&](OpBuilder &then, Location loc) {
      Value pageTokens =
          constantIndex(then, loc, op.getCache().getType().getPageTokens());
      Value index =
          arith::IndexCastOp::create(then, loc, then.getIndexType(), slot);
      Value page = arith::DivUIOp::create(then, loc, index, pageTokens);
      Value tokenOfPage = arith::RemUIOp::create(then, loc, index, pageTokens);
      build(then, token, {page, op.getHead(), tokenOfPage, Value()});
      scf::YieldOp::create(then, loc);
    });
  });
}

/// Fetches the scale of the same token of the next head, whose turn is next: a
/// token's scales of two heads seldom share a line, and a few tokens' are too
/// few to wait for at the same time.
static void prefetchNextHead(OpBuilder &builder, StoreOp op,
                             ArrayRef<Value> place, bool isWrite) {
  AffineMap map = *op.getScaleMap();
  if (!map.isFunctionOfDim(kHead) ||
      !(map.isFunctionOfDim(kPage) || map.isFunctionOfDim(kToken)) ||
      !op.getScales().getType().getElementType().isF32())
    return;
  Location loc = op.getLoc();
  const int64_t heads = op.getCache().getType().getNumHeads();
  Value next = arith::MinUIOp::create(
      builder, loc,
      arith::AddIOp::create(builder, loc, place[kHead],
                            constantIndex(builder, loc, 1)),
      constantIndex(builder, loc, heads - 1));
  prefetchLine(builder, loc, op.getScales(),
               getScaleIndices(builder, loc, map,
                               {place[kPage], next, place[kToken], Value()}),
               CacheLevel::First, isWrite);
}

void mlir::fp8attn::emitTokenScales(OpBuilder &builder, StoreOp op, Value slots,
                                    Value count, Value scales) {
  forEachSlot(builder, op, slots, count,
              [&](OpBuilder &body, Value token, ArrayRef<Value> place) {
                memref::StoreOp::create(body, op.getLoc(),
                                        loadProduct(body, op, place), scales,
                                        token);
                prefetchNextHead(body, op, place, /*isWrite=*/false);
              });
}

void mlir::fp8attn::emitComputedScales(OpBuilder &builder, StoreOp op,
                                       Value slots, Value count, Value scales) {
  forEachSlot(builder, op, slots, count,
              [&](OpBuilder &body, Value token, ArrayRef<Value> place) {
                Value scale =
                    memref::LoadOp::create(body, op.getLoc(), scales, token);
                storeScale(body, op, scale, place);
                prefetchNextHead(body, op, place, /*isWrite=*/true);
              });
}

void mlir::fp8attn::emitQuotients(OpBuilder &builder, StoreOp op, Value first,
                                  Value slots, Value count, Value quotients) {
  Location loc = op.getLoc();
  const int64_t channels = op.getCache().getType().getHeadDim();
  const int64_t shared = getChannelsPerScale(*op.getScaleMap(), channels);
  forEachSlot(builder, op, slots, count,
              [&](OpBuilder &body, Value row, ArrayRef<Value> token) {
                Value source = arith::AddIOp::create(body, loc, first, row);
                forEach(body, loc, channels, shared,
                        [&](OpBuilder &inner, Value channel) {
                          Value place[] = {token[kPage], token[kHead],
                                           token[kToken], channel};
                          GroupEmitter(op, source, row, place, shared,
                                       quotients)
                              .emit(inner);
                        });
              });
}
