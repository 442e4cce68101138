//===- Codes.cpp - numbers of the codes of caches -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Codes.h"
#include "Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

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
