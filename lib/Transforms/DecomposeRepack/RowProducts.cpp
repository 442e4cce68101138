//===- RowProducts.cpp - rows of codes times scales -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The product of a code and a scale has more bits than f32. Rounded to it, and
// then to bf16, it would be rounded twice: that is wrong where the f32 is
// halfway between two bf16 and the product is not. Which side the product is on
// says the error of the f32, which no FMA is needed for. A code has 8 bits of
// mantissa at most. So its products with the upper 12 bits of a scale's
// mantissa and with the lower 12 are f32, and so is their sum less the f32: all
// of it is exact.
//
// Small scales are multiplied by a power of two before that, as the error of a
// small product has bits that f32 lacks. It may be infinite, or NaN, only where
// the product is, too, which is not halfway.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/RowProducts.h"
#include "DecomposeRepack/RepackSide.h"
#include "Support/Codes.h"
#include "Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Emits the products of two rows.
class ProductEmitter {
public:
  ProductEmitter(OpBuilder &builder, Location loc) : b(loc, builder) {}

  std::array<Value, 2> emit(std::array<Value, 2> rows, Type element,
                            std::array<Value, 2> scales) {
    constexpr int64_t kByteBits = 8, kNan = 0x7fc0, kInf = 0x7f80;
    Value codes =
        arith::ExtUIOp::create(b, words, concatenate(rows[0], rows[1]));
    codes = arith::ShLIOp::create(b, codes, word(kByteBits));
    SmallVector<Value> numbers =
        numbersOfTopCodes(b, b.getLoc(), codes, element, kRowChannels);
    Value values[2], products[2];
    for (int i : {0, 1}) {
      values[i] = multiply(numbers[i], number(getTopCodeUnit(element)));
      products[i] = multiply(values[i], scales[i]);
    }
    const FloatHalves floats =
        splitFloats(b, b.getLoc(), products[0], products[1]);
    // Whether one that is halfway goes up: its last place that is kept is odd,
    // or the exact product is on that side. Few are halfway.
    Value isHalfway =
        compare(arith::CmpIPredicate::eq, floats.low, word(INT16_MIN));
    Value any =
        vector::ReductionOp::create(b, vector::CombiningKind::OR, isHalfway);
    auto found = scf::IfOp::create(
        b, any,
        [&](OpBuilder &then, Location loc) {
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(then.getInsertionBlock());
          scf::YieldOp::create(
              b, emitUpward(values, scales, products, floats.high));
        },
        [&](OpBuilder &otherwise, Location loc) {
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(otherwise.getInsertionBlock());
          scf::YieldOp::create(b, andBits(floats.high, 1));
        });
    Value rounded = roundHalves(b, b.getLoc(), floats, found.getResult(0));
    Value isNan = compare(arith::CmpIPredicate::sgt,
                          andBits(floats.high, INT16_MAX), word(kInf));
    rounded = arith::SelectOp::create(b, isNan, word(kNan), rounded);
    return {part(rounded, 0), part(rounded, kRowChannels)};
  }

private:
  /// Returns 1 where a product that is halfway goes up, else 0: by the sign of
  /// the error, or without one if the last place is odd.
  Value emitUpward(const Value (&values)[2], std::array<Value, 2> scales,
                   const Value (&products)[2], Value high) {
    Value errors[2];
    for (int i : {0, 1})
      errors[i] = emitError(values[i], scales[i], products[i]);
    Value error = splitFloats(b, b.getLoc(), errors[0], errors[1]).high;
    Value isExact =
        compare(arith::CmpIPredicate::eq, andBits(error, INT16_MAX), word(0));
    Value isInward = arith::ShRUIOp::create(
        b, arith::XOrIOp::create(b, error, high), word(15));
    Value isOutward = arith::XOrIOp::create(b, isInward, word(1));
    return arith::SelectOp::create(b, isExact, andBits(high, 1), isOutward);
  }

  /// Returns what a product is more than the f32 that it was rounded to, times
  /// a positive number.
  Value emitError(Value value, Value scale, Value product) {
    constexpr int32_t kOne = 0x3f800000, kUpper = -0x1000;
    auto ints = VectorType::get({kRowChannels}, b.getI32Type());
    auto bits = [&](int32_t value) {
      return constantLike(b, b.getLoc(), ints, b.getI32IntegerAttr(value));
    };
    auto masked = [&](Value floats, int32_t mask) -> Value {
      return arith::AndIOp::create(b, arith::BitcastOp::create(b, ints, floats),
                                   bits(mask));
    };
    Value isSmall = compare(arith::CmpIPredicate::slt, masked(scale, INT32_MAX),
                            bits(kOne));
    Value power =
        arith::SelectOp::create(b, isSmall, number(0x1p80f), number(1));
    scale = multiply(scale, power);
    Value upper =
        arith::BitcastOp::create(b, scale.getType(), masked(scale, kUpper));
    Value lower = arith::SubFOp::create(b, scale, upper);
    Value rest = arith::SubFOp::create(b, multiply(value, upper),
                                       multiply(product, power));
    return arith::AddFOp::create(b, rest, multiply(value, lower));
  }

  Value concatenate(Value first, Value second) {
    return vector::ShuffleOp::create(
        b, first, second,
        llvm::to_vector(llvm::seq<int64_t>(0, 2 * kRowChannels)));
  }
  Value part(Value value, int64_t from) {
    return vector::ShuffleOp::create(
        b, value, value,
        llvm::to_vector(llvm::seq<int64_t>(from, from + kRowChannels)));
  }

  Value word(int64_t value) {
    return constantLike(b, b.getLoc(), words, b.getI16IntegerAttr(value));
  }
  Value number(float value) {
    return constantLike(b, b.getLoc(),
                        VectorType::get({kRowChannels}, b.getF32Type()),
                        b.getF32FloatAttr(value));
  }
  Value andBits(Value value, int64_t bits) {
    return arith::AndIOp::create(b, value, word(bits));
  }
  Value multiply(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, predicate, x, y);
  }

  ImplicitLocOpBuilder b;
  VectorType words = VectorType::get({2 * kRowChannels}, b.getI16Type());
};
} // namespace

std::array<Value, 2> mlir::fp8attn::multiplyRows(OpBuilder &builder,
                                                 Location loc,
                                                 std::array<Value, 2> rows,
                                                 Type element,
                                                 std::array<Value, 2> scales) {
  return ProductEmitter(builder, loc).emit(rows, element, scales);
}
