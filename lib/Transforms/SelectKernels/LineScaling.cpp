//===- LineScaling.cpp - a line of codes times factors --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. Whatever is known of the factors, products are the same.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/LineScaling.h"
#include "Support/Codes.h"
#include "Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <limits>

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kLanes = LineScaling::kLanes;

Value mlir::fp8attn::areOrdinary(OpBuilder &builder, Location loc,
                                 Value factors) {
  constexpr int32_t kBias = 127, kMantissaBits = 23, kLargestExponent = 100;
  constexpr int32_t kSmallest = (kBias - kLargestExponent) << kMantissaBits;
  constexpr int32_t kTooLarge = (kBias + kLargestExponent) << kMantissaBits;
  ImplicitLocOpBuilder b(loc, builder);
  auto type = VectorType::get({kLanes}, b.getI32Type());
  auto number = [&](int32_t value) {
    return constantLike(b, loc, type, b.getI32IntegerAttr(value));
  };
  Value magnitude = arith::AndIOp::create(
      b, arith::BitcastOp::create(b, type, factors), number(INT32_MAX));
  Value isBetween = arith::CmpIOp::create(
      b, arith::CmpIPredicate::ult,
      arith::SubIOp::create(b, magnitude, number(kSmallest)),
      number(kTooLarge - kSmallest));
  Value isZero =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, magnitude, number(0));
  return vector::ReductionOp::create(
      b, vector::CombiningKind::AND,
      arith::OrIOp::create(b, isBetween, isZero));
}

Value LineScaling::prepare(OpBuilder &builder, Location loc, Value factors,
                           FactorKind kind) const {
  ImplicitLocOpBuilder b(loc, builder);
  auto number = [&](float value) {
    return constantLike(b, loc, factors.getType(), b.getF32FloatAttr(value));
  };
  if (kind == FactorKind::Ordinary)
    return arith::MulFOp::create(b, factors, number(getTopCodeUnit(element)));
  // A NaN that rounding takes.
  Value isNan =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, factors, factors);
  return arith::SelectOp::create(
      b, isNan, number(std::numeric_limits<float>::quiet_NaN()), factors);
}

RowFactors mlir::fp8attn::interleave(OpBuilder &builder, Location loc,
                                     Value even, Value odd) {
  auto half = [&](int64_t from) -> Value {
    SmallVector<int64_t> lanes;
    for (int64_t lane = from; lane < from + kLanes / 2; ++lane)
      lanes.append({lane, kLanes + lane});
    return vector::ShuffleOp::create(builder, loc, even, odd, lanes);
  };
  return {half(0), half(kLanes / 2)};
}

std::array<Value, 2> LineScaling::splitLine(OpBuilder &builder, Location loc,
                                            Value line) const {
  ImplicitLocOpBuilder b(loc, builder);
  auto words = VectorType::get({2 * kLanes}, b.getI16Type());
  auto shiftLeft = [&](Value value, int64_t bits) -> Value {
    Type type = getElementTypeOrSelf(value.getType());
    return arith::ShLIOp::create(
        b, value,
        constantLike(b, loc, value.getType(), b.getIntegerAttr(type, bits)));
  };
  if (element.getIntOrFloatBitWidth() == 8) {
    // Even bytes are the first row.
    line = vector::BitCastOp::create(b, words, line);
    return {shiftLeft(line, 8), line};
  }
  // Even nibbles are.
  line = vector::BitCastOp::create(b, VectorType::get({kLanes}, b.getI16Type()),
                                   line);
  auto lanes = VectorType::get({kLanes}, b.getI32Type());
  line = arith::ExtUIOp::create(b, lanes, line);
  auto andBits = [&](Value value, int64_t bits) -> Value {
    return arith::AndIOp::create(
        b, value, constantLike(b, loc, lanes, b.getI32IntegerAttr(bits)));
  };
  std::array<Value, 2> rows;
  for (int64_t row : {0, 1}) {
    Value even = andBits(shiftLeft(line, 12 - 4 * row), 0xffff);
    Value odd = andBits(shiftLeft(line, 20 - 4 * row), -0x10000);
    rows[row] =
        vector::BitCastOp::create(b, words, arith::OrIOp::create(b, even, odd));
  }
  return rows;
}

/// Rounds products that are neither subnormal nor infinite by an instruction,
/// which would take subnormal ones for zero.
static Value convertToBf16(OpBuilder &builder, Location loc, Value first,
                           Value second) {
  auto words = VectorType::get({2 * kLanes}, builder.getBF16Type());
  // The second source becomes the low half.
  auto call = LLVM::CallIntrinsicOp::create(
      builder, loc, words,
      builder.getStringAttr("llvm.x86.avx512bf16.cvtne2ps2bf16.512"),
      ValueRange{second, first});
  return call.getResult(0);
}

Value LineScaling::scale(OpBuilder &builder, Location loc, Value row,
                         const RowNumbers &numbers, FactorKind kind) const {
  ImplicitLocOpBuilder b(loc, builder);
  SmallVector<Value> products = numbersOfTopCodes(b, loc, row, element, kLanes);
  for (auto [half, product] : llvm::enumerate(products)) {
    // Without a unit, numbers are values.
    if (numbers.zeroPoints)
      product = arith::SubFOp::create(b, product, (*numbers.zeroPoints)[half]);
    if (!numbers.factors)
      continue;
    // The factor times the unit may be more than f32 has.
    if (kind == FactorKind::Any)
      product = arith::MulFOp::create(
          b, product,
          constantLike(b, loc, product.getType(),
                       b.getF32FloatAttr(getTopCodeUnit(element))));
    product = arith::MulFOp::create(b, product, (*numbers.factors)[half]);
  }
  const bool converts = kind == FactorKind::Ordinary && isa >= Isa::Avx512Bf16;
  Value words = converts ? convertToBf16(b, loc, products[0], products[1])
                         : roundToBf16(b, loc, products[0], products[1]);
  return vector::BitCastOp::create(
      b, VectorType::get({kLineBytes}, b.getI8Type()), words);
}
