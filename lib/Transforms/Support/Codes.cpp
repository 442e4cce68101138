//===- Codes.cpp - numbers of the codes of caches -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Codes.h"
#include "Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <cmath>

using namespace mlir;
using namespace mlir::fp8attn;

float mlir::fp8attn::largestCode(Type element) {
  if (auto format = dyn_cast<FloatType>(element))
    return llvm::APFloat::getLargest(format.getFloatSemantics())
        .convertToFloat();
  // Of -128 and -8 there is no negative.
  return static_cast<float>((1 << (element.getIntOrFloatBitWidth() - 1)) - 1);
}

/// Returns the values, f32, of codes of f4E2M1FN, a vector or scalar of i32, by
/// arithmetic that no target lacks: twice the value is an integer.
static Value valuesOfE2M1(OpBuilder &builder, Location loc, Value codes,
                          Type f32) {
  ImplicitLocOpBuilder b(loc, builder);
  auto number = [&](int32_t value) {
    return constantLike(b, loc, codes.getType(), b.getI32IntegerAttr(value));
  };
  auto andBits = [&](int32_t bits) -> Value {
    return arith::AndIOp::create(b, codes, number(bits));
  };
  Value magnitude = andBits(7), mantissa = andBits(1);
  Value exponent = arith::ShRUIOp::create(b, magnitude, number(1));
  // 2 + mantissa times 2^(exponent - 1), or of exponent 0 the mantissa.
  Value isNormal =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, magnitude, number(1));
  Value shift = arith::SubIOp::create(b, exponent, number(1));
  shift = arith::SelectOp::create(b, isNormal, shift, number(0));
  Value hidden = arith::SelectOp::create(b, isNormal, number(2), number(0));
  Value twice = arith::ShLIOp::create(
      b, arith::OrIOp::create(b, mantissa, hidden), shift);
  Value value = arith::SIToFPOp::create(b, f32, twice);
  // Half of it, and the sign, which zero has, too.
  Value isNegative =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ne, andBits(8), number(0));
  Value factor = arith::SelectOp::create(
      b, isNegative, constantLike(b, loc, f32, b.getF32FloatAttr(-0.5f)),
      constantLike(b, loc, f32, b.getF32FloatAttr(0.5f)));
  return arith::MulFOp::create(b, value, factor);
}

Value mlir::fp8attn::clampFloat(OpBuilder &builder, Location loc, Value value,
                                float least, float largest) {
  ImplicitLocOpBuilder b(loc, builder);
  auto number = [&](float bound) {
    return constantLike(b, loc, value.getType(), b.getF32FloatAttr(bound));
  };
  value = arith::MaximumFOp::create(b, value, number(least));
  return arith::MinimumFOp::create(b, value, number(largest));
}

Value mlir::fp8attn::roundToInteger(OpBuilder &builder, Location loc,
                                    Value value) {
  // The last place of this number is 1: it grows by what is added, rounded.
  constexpr float kShifter = 0x1.8p23f;
  ImplicitLocOpBuilder b(loc, builder);
  Value shifter =
      constantLike(b, loc, value.getType(), b.getF32FloatAttr(kShifter));
  auto bitsOf = [&](Value number) {
    return arith::BitcastOp::create(b, b.getI32Type(), number);
  };
  return arith::SubIOp::create(
      b, bitsOf(arith::AddFOp::create(b, value, shifter)), bitsOf(shifter));
}

Value mlir::fp8attn::valuesOfCodes(OpBuilder &builder, Location loc,
                                   Value codes, Type element) {
  auto like = [&](Type type) -> Type {
    auto vector = dyn_cast<VectorType>(codes.getType());
    return vector ? vector.clone(type) : type;
  };
  Type f32 = like(builder.getF32Type());
  if (isa<Float4E2M1FNType>(element)) {
    codes =
        arith::ExtUIOp::create(builder, loc, like(builder.getI32Type()), codes);
    return valuesOfE2M1(builder, loc, codes, f32);
  }
  if (element.isInteger(4))
    codes = arith::TruncIOp::create(builder, loc, like(element), codes);
  if (element.isInteger())
    return arith::SIToFPOp::create(builder, loc, f32, codes);
  codes = arith::BitcastOp::create(builder, loc, like(element), codes);
  return arith::ExtFOp::create(builder, loc, f32, codes);
}

Value mlir::fp8attn::roundToFp8(OpBuilder &builder, Location loc, Value numbers,
                                Type element) {
  constexpr int32_t kMantissaBits = 23, kInf = 0x7f800000;
  constexpr int32_t kQuarter = 1 << (kMantissaBits - 1);
  ImplicitLocOpBuilder b(loc, builder);
  Type words = numbers.getType();
  auto vector = dyn_cast<VectorType>(words);
  Type floats = vector ? vector.clone(b.getF32Type()) : Type(b.getF32Type());
  auto number = [&](int32_t value) {
    return constantLike(b, loc, words, b.getI32IntegerAttr(value));
  };
  auto asFloats = [&](Value value) {
    return arith::BitcastOp::create(b, floats, value);
  };
  const llvm::fltSemantics &format =
      cast<FloatType>(element).getFloatSemantics();
  const int32_t lost =
      kMantissaBits + 1 -
      static_cast<int32_t>(llvm::APFloat::semanticsPrecision(format));
  // Exponent of the smallest normal number, in place.
  const int32_t least = (127 + llvm::APFloat::semanticsMinExponent(format))
                        << kMantissaBits;
  Value exponent = arith::MaxSIOp::create(
      b, arith::AndIOp::create(b, numbers, number(kInf)), number(least));
  // A number whose last place is that of the code: the sum is rounded to it, to
  // nearest even, and the difference counts its steps.
  Value magic = arith::AddIOp::create(
      b, exponent, number((lost << kMantissaBits) + kQuarter));
  Value sum = arith::AddFOp::create(b, asFloats(numbers), asFloats(magic));
  Value steps =
      arith::SubIOp::create(b, arith::BitcastOp::create(b, words, sum), magic);
  return arith::AddIOp::create(
      b, steps,
      arith::ShRUIOp::create(
          b, arith::SubIOp::create(b, exponent, number(least)), number(lost)));
}

/// Returns the word that has the fields of `words`, codes that are the most
/// significant bits, where an f16 has its: what the code stands for, times
/// 2^(bias - 15).
static Value halvesOfTopCodes(OpBuilder &builder, Location loc, Value words,
                              FloatType element) {
  ImplicitLocOpBuilder b(loc, builder);
  auto number = [&](int64_t value) {
    return constantLike(b, loc, words.getType(), b.getI16IntegerAttr(value));
  };
  constexpr int64_t kHalfMantissa = 10, kHalfExponent = 5;
  constexpr int64_t kSign = -0x8000, kQuietNan = 0x7e00;
  const int64_t bits = element.getWidth();
  const int64_t mantissaBits = element.getFPMantissaWidth() - 1;
  const int64_t exponentBits = bits - 1 - mantissaBits;
  const int64_t magnitude = llvm::maskTrailingOnes<uint64_t>(bits - 1)
                            << (kHalfMantissa - mantissaBits);
  // The sign fills the places between it and the exponent.
  Value halves = arith::AndIOp::create(
      b, arith::ShRSIOp::create(b, words, number(kHalfExponent - exponentBits)),
      number(kSign | magnitude));
  Value isNan;
  if (isa<Float8E4M3FNType>(element))
    isNan = arith::CmpIOp::create(
        b, arith::CmpIPredicate::eq,
        arith::AndIOp::create(b, halves, number(magnitude)), number(magnitude));
  else if (isa<Float8E4M3FNUZType>(element))
    isNan = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, halves,
                                  number(kSign));
  return isNan ? arith::SelectOp::create(b, isNan, number(kQuietNan), halves)
               : halves;
}

SmallVector<Value> mlir::fp8attn::numbersOfTopCodes(OpBuilder &builder,
                                                    Location loc, Value words,
                                                    Type element,
                                                    int64_t size) {
  ImplicitLocOpBuilder b(loc, builder);
  auto type = cast<VectorType>(words.getType());
  const int64_t bits = element.getIntOrFloatBitWidth();
  auto format = dyn_cast<FloatType>(element);
  if (format)
    words = halvesOfTopCodes(b, loc, words, format);
  else
    words = arith::ShRSIOp::create(
        b, words, constantLike(b, loc, type, b.getI16IntegerAttr(16 - bits)));
  auto f32 = VectorType::get({size}, b.getF32Type());
  SmallVector<Value> numbers;
  for (int64_t first = 0; first < type.getDimSize(0); first += size) {
    SmallVector<int64_t> lanes =
        llvm::to_vector(llvm::seq(first, first + size));
    Value part = vector::ShuffleOp::create(b, words, words, lanes);
    if (!format) {
      numbers.push_back(arith::SIToFPOp::create(b, f32, part));
      continue;
    }
    part = arith::BitcastOp::create(b, f32.clone(b.getF16Type()), part);
    numbers.push_back(arith::ExtFOp::create(b, f32, part));
  }
  return numbers;
}

float mlir::fp8attn::getTopCodeUnit(Type element) {
  auto format = dyn_cast<FloatType>(element);
  if (!format)
    return 1;
  constexpr int kHalfBias = 15;
  const int bias =
      1 - llvm::APFloat::semanticsMinExponent(format.getFloatSemantics());
  return std::ldexp(1.0f, kHalfBias - bias);
}

FloatHalves mlir::fp8attn::splitFloats(OpBuilder &builder, Location loc,
                                       Value first, Value second) {
  const int64_t size = cast<VectorType>(first.getType()).getDimSize(0);
  auto words = VectorType::get({2 * size}, builder.getI16Type());
  first = vector::BitCastOp::create(builder, loc, words, first);
  second = vector::BitCastOp::create(builder, loc, words, second);
  auto everySecond = [&](int64_t from) -> Value {
    SmallVector<int64_t> places;
    for (int64_t i = from; i < 4 * size; i += 2)
      places.push_back(i);
    return vector::ShuffleOp::create(builder, loc, first, second, places);
  };
  return {everySecond(0), everySecond(1)};
}

Value mlir::fp8attn::roundHalves(OpBuilder &builder, Location loc,
                                 const FloatHalves &floats, Value halfwayUp) {
  Type words = floats.high.getType();
  Value half =
      constantLike(builder, loc, words, builder.getI16IntegerAttr(INT16_MIN));
  Value up = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ugt,
      arith::OrIOp::create(builder, loc, floats.low, halfwayUp), half);
  return arith::AddIOp::create(builder, loc, floats.high,
                               arith::ExtUIOp::create(builder, loc, words, up));
}

Value mlir::fp8attn::roundToBf16(OpBuilder &builder, Location loc, Value first,
                                 Value second) {
  const FloatHalves floats = splitFloats(builder, loc, first, second);
  // The last place that is kept is odd.
  Value one = constantLike(builder, loc, floats.high.getType(),
                           builder.getI16IntegerAttr(1));
  return roundHalves(builder, loc, floats,
                     arith::AndIOp::create(builder, loc, floats.high, one));
}
