//===- ExpandMath.cpp - functions of f32 as arithmetic ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces tanh, exp, exp2, log and log2 of f32, scalar or vector, by
// polynomials, so that objects call no mathematical library and a lane of a
// vector gives the same bits as a scalar. Argument reductions and coefficients
// are those of the Cephes library (Moshier, "Methods and Programs for
// Mathematical Functions", 1989; tanhf, expf, logf).
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_EXPANDMATH
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;

static constexpr float kLn2 = 0.693147180559945309f;
static constexpr float kLog2E = 1.44269504088896341f;
/// ln(2) in two parts, the first with few enough bits that n * kLn2High is
/// exact.
static constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
/// 1.5 * 2^23: adding it rounds to an integer, found in the low bits.
static constexpr float kRounder = 12582912.0f;
static constexpr int32_t kMantissaBits = 23, kExponentBias = 127;

namespace {
/// Arithmetic on values of the shape of one operand.
class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc, Type type)
      : builder(builder), loc(loc), type(type), integer(builder.getI32Type()) {
    if (auto vector = dyn_cast<VectorType>(type))
      integer = vector.clone(integer);
  }

  Value number(float value) {
    return fp8attn::constantLike(builder, loc, type,
                                 builder.getF32FloatAttr(value));
  }
  Value number(int32_t value) {
    return fp8attn::constantLike(builder, loc, integer,
                                 builder.getI32IntegerAttr(value));
  }
  Value add(Value a, Value b) { return make<arith::AddFOp>(a, b); }
  Value sub(Value a, Value b) { return make<arith::SubFOp>(a, b); }
  Value mul(Value a, Value b) { return make<arith::MulFOp>(a, b); }
  Value div(Value a, Value b) { return make<arith::DivFOp>(a, b); }
  Value addi(Value a, Value b) { return make<arith::AddIOp>(a, b); }
  Value subi(Value a, Value b) { return make<arith::SubIOp>(a, b); }
  Value andi(Value a, Value b) { return make<arith::AndIOp>(a, b); }
  Value ori(Value a, Value b) { return make<arith::OrIOp>(a, b); }
  Value shiftLeft(Value a, int32_t bits) {
    return make<arith::ShLIOp>(a, number(bits));
  }
  Value shiftRight(Value a, int32_t bits) {
    return make<arith::ShRSIOp>(a, number(bits));
  }
  Value toBits(Value a) {
    return arith::BitcastOp::create(builder, loc, integer, a);
  }
  Value fromBits(Value a) {
    return arith::BitcastOp::create(builder, loc, type, a);
  }
  Value toFloat(Value a) {
    return arith::SIToFPOp::create(builder, loc, type, a);
  }
  /// a < b ? x : y; y if either is NaN.
  Value ifLess(Value a, Value b, Value x, Value y) {
    return select(arith::CmpFPredicate::OLT, a, b, x, y);
  }
  Value ifEqual(Value a, Value b, Value x, Value y) {
    return select(arith::CmpFPredicate::OEQ, a, b, x, y);
  }
  /// Returns x limited to [least, most], or NaN.
  Value clamp(Value x, float least, float most) {
    Value low = number(least), high = number(most);
    return ifLess(high, x, high, ifLess(x, low, low, x));
  }
  /// Returns the polynomial in x with coefficients from the highest power on.
  Value polynomial(Value x, ArrayRef<float> coefficients) {
    Value sum = number(coefficients.front());
    for (float coefficient : coefficients.drop_front())
      sum = add(mul(sum, x), number(coefficient));
    return sum;
  }

private:
  template <typename Op> Value make(Value a, Value b) {
    return Op::create(builder, loc, a, b);
  }
  Value select(arith::CmpFPredicate predicate, Value a, Value b, Value x,
               Value y) {
    Value condition = arith::CmpFOp::create(builder, loc, predicate, a, b);
    return arith::SelectOp::create(builder, loc, condition, x, y);
  }

  OpBuilder &builder;
  Location loc;
  Type type, integer;
};
} // namespace

/// Returns 2^n for the integer in the low bits of `rounded` (n + kRounder), in
/// two factors, because one cannot be as small as a subnormal result.
static std::pair<Value, Value> powerOfTwo(Emitter &emit, Value rounded) {
  Value n = emit.subi(emit.toBits(rounded), emit.toBits(emit.number(kRounder)));
  Value half = emit.shiftRight(n, 1);
  Value rest = emit.subi(n, half);
  auto power = [&](Value exponent) {
    return emit.fromBits(emit.shiftLeft(
        emit.addi(exponent, emit.number(kExponentBias)), kMantissaBits));
  };
  return {power(half), power(rest)};
}

/// Returns exp(r) for |r| <= ln(2) / 2.
static Value emitSmallExp(Emitter &emit, Value r) {
  Value tail = emit.polynomial(r, {1.9875691500e-4f, 1.3981999507e-3f,
                                   8.3334519073e-3f, 4.1665795894e-2f,
                                   1.6666665459e-1f, 5.0000001201e-1f});
  Value square = emit.mul(r, r);
  return emit.add(emit.add(emit.mul(tail, square), r), emit.number(1.0f));
}

/// exp(x) = 2^n * exp(x - n ln 2)
static Value emitExp(Emitter &emit, Value x) {
  // Beyond, the result is 0 or infinity.
  x = emit.clamp(x, -105.0f, 89.0f);
  Value rounder = emit.number(kRounder);
  Value rounded = emit.add(emit.mul(x, emit.number(kLog2E)), rounder);
  Value n = emit.sub(rounded, rounder);
  Value r = emit.sub(x, emit.mul(n, emit.number(kLn2High)));
  r = emit.sub(r, emit.mul(n, emit.number(kLn2Low)));
  auto [first, second] = powerOfTwo(emit, rounded);
  return emit.mul(emit.mul(emitSmallExp(emit, r), first), second);
}

/// exp2(x) = 2^n * exp((x - n) ln 2); x - n is exact.
static Value emitExp2(Emitter &emit, Value x) {
  x = emit.clamp(x, -151.0f, 129.0f);
  Value rounder = emit.number(kRounder);
  Value rounded = emit.add(x, rounder);
  Value r =
      emit.mul(emit.sub(x, emit.sub(rounded, rounder)), emit.number(kLn2));
  auto [first, second] = powerOfTwo(emit, rounded);
  return emit.mul(emit.mul(emitSmallExp(emit, r), first), second);
}

/// Near 0 an odd polynomial, else 1 - 2 / (exp(2|x|) + 1) with the sign of x.
static Value emitTanh(Emitter &emit, Value x) {
  Value sign = emit.andi(emit.toBits(x), emit.number(INT32_MIN));
  Value magnitude =
      emit.fromBits(emit.andi(emit.toBits(x), emit.number(INT32_MAX)));
  Value power = emitExp(emit, emit.add(magnitude, magnitude));
  Value one = emit.number(1.0f);
  Value large =
      emit.sub(one, emit.div(emit.number(2.0f), emit.add(power, one)));
  large = emit.fromBits(emit.ori(emit.toBits(large), sign));
  Value square = emit.mul(x, x);
  Value tail = emit.polynomial(square, {-5.70498872745e-3f, 2.06390887954e-2f,
                                        -5.37397155531e-2f, 1.33314422036e-1f,
                                        -3.33332819422e-1f});
  Value small = emit.add(emit.mul(emit.mul(tail, square), x), x);
  return emit.ifLess(magnitude, emit.number(0.625f), small, large);
}

/// log(x) = e ln 2 + log(m) with m in [sqrt(1/2), sqrt(2)).
static Value emitLog(Emitter &emit, Value x) {
  constexpr float kSmallestNormal = 0x1p-126f, kNormalizer = 0x1p24f;
  Value zero = emit.number(0.0f), smallest = emit.number(kSmallestNormal);
  Value normal =
      emit.ifLess(x, smallest, emit.mul(x, emit.number(kNormalizer)), x);
  Value correction = emit.ifLess(x, smallest, emit.number(-24.0f), zero);
  // Subtracting the bits of sqrt(1/2) makes the exponent that of m's interval.
  Value sqrtHalf = emit.toBits(emit.number(0.707106781186547524f));
  Value bits = emit.toBits(normal);
  Value exponent = emit.shiftRight(emit.subi(bits, sqrtHalf), kMantissaBits);
  Value m =
      emit.fromBits(emit.subi(bits, emit.shiftLeft(exponent, kMantissaBits)));
  Value e = emit.add(emit.toFloat(exponent), correction);
  Value f = emit.sub(m, emit.number(1.0f));
  Value tail = emit.polynomial(
      f, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
          -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
          2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f});
  Value square = emit.mul(f, f);
  Value y = emit.mul(emit.mul(tail, f), square);
  y = emit.add(y, emit.mul(e, emit.number(kLn2Low)));
  y = emit.sub(y, emit.mul(square, emit.number(0.5f)));
  y = emit.add(emit.add(f, y), emit.mul(e, emit.number(kLn2High)));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Value infinity = emit.number(kInfinity);
  y = emit.ifEqual(x, infinity, infinity, y);
  y = emit.ifEqual(x, zero, emit.number(-kInfinity), y);
  // NaN stays, and negative numbers give NaN.
  Value nan = emit.number(std::numeric_limits<float>::quiet_NaN());
  y = emit.ifLess(x, zero, nan, y);
  return emit.ifEqual(x, x, y, x);
}

static Value emitLog2(Emitter &emit, Value x) {
  return emit.mul(emitLog(emit, x), emit.number(kLog2E));
}

namespace {
/// Replaces a function of f32 by what `kEmit` makes of its operand.
template <typename Op, Value (*kEmit)(Emitter &, Value)>
struct ExpandFunction : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not a function of f32");
    Emitter emit(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, kEmit(emit, op.getOperand()));
    return success();
  }
};

struct ExpandMathPass
    : public mlir::fp8attn::impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandFunction<math::TanhOp, emitTanh>,
                 ExpandFunction<math::ExpOp, emitExp>,
                 ExpandFunction<math::Exp2Op, emitExp2>,
                 ExpandFunction<math::LogOp, emitLog>,
                 ExpandFunction<math::Log2Op, emitLog2>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
