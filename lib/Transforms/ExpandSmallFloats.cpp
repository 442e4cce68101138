//===- ExpandSmallFloats.cpp - conversions of small floats ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces arith.extf and arith.truncf between f32 and bf16 or f16, scalar or
// vector, and arith.extf from FP8, by operations on their bits. Code generators
// call a library for them where the CPU has no instruction, and the instruction
// for bf16 (vcvtneps2bf16) takes subnormal numbers for zero. The one for f16
// does not, so bodies of ISAs that have it use it.
//
//===----------------------------------------------------------------------===//

#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_EXPANDSMALLFLOATS
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Fields of an f32, and of a word of its upper half, which is a bf16.
static constexpr int32_t kMagnitude = INT32_MAX, kInf = 0x7f800000;
static constexpr int32_t kHalfBits = 16, kBf16Quiet = 0x40;

/// Fields of an f16: words from its infinity on, its sign, and the bit that
/// makes a NaN quiet.
static constexpr int32_t kF16Inf = 0x7c00, kF16Sign = 0x8000, kF16Quiet = 0x200;
/// Distance of the mantissas, and of the biases of the exponents, of f32 and
/// f16.
static constexpr int32_t kShift = 23 - 10, kRebias = (127 - 15) << 23;

namespace {
/// A format whose exponent is biased by `bias` and whose words from `special`
/// on, but for the sign, are NaN, or infinity and NaN.
struct Format {
  int32_t bits, mantissaBits, bias, special;
};
} // namespace
static constexpr Format kF16 = {16, 10, 15, kF16Inf};
static constexpr Format kE4M3 = {8, 3, 7, 0x7f};
static constexpr Format kE5M2 = {8, 2, 15, 0x7c};
/// No magnitude is special.
static constexpr Format kE4M3Fnuz = {8, 3, 8, 0x80};

namespace {
/// Operations on 32-bit words of the shape, scalar or vector, of a conversion.
class Words {
public:
  Words(OpBuilder &builder, Location loc, Type shape)
      : builder(loc, builder), shape(shape) {}

  Value number(int32_t value) {
    return constantLike(builder, builder.getLoc(), like(builder.getI32Type()),
                        builder.getI32IntegerAttr(value));
  }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, a, b); }
  Value add(Value a, int32_t b) { return add(a, number(b)); }
  Value sub(Value a, int32_t b) {
    return arith::SubIOp::create(builder, a, number(b));
  }
  Value andBits(Value a, int32_t b) {
    return arith::AndIOp::create(builder, a, number(b));
  }
  Value orBits(Value a, Value b) { return arith::OrIOp::create(builder, a, b); }
  Value orBits(Value a, int32_t b) { return orBits(a, number(b)); }
  Value shiftLeft(Value a, int32_t bits) {
    return arith::ShLIOp::create(builder, a, number(bits));
  }
  Value shiftRight(Value a, int32_t bits) {
    return arith::ShRUIOp::create(builder, a, number(bits));
  }
  /// a < limit ? x : y, as integers.
  Value ifLess(Value a, int32_t limit, Value x, Value y) {
    Value less = arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, a,
                                       number(limit));
    return arith::SelectOp::create(builder, less, x, y);
  }
  /// a == b ? x : y
  Value ifEqual(Value a, int32_t b, Value x, Value y) {
    Value equal =
        arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, a, number(b));
    return arith::SelectOp::create(builder, equal, x, y);
  }
  /// Returns the sum, or the product, of two words as f32.
  Value addAsFloats(Value a, Value b) {
    return fromFloat(arith::AddFOp::create(builder, toFloat(a), toFloat(b)));
  }
  Value multiplyInteger(Value a, Value b) {
    Value number =
        arith::SIToFPOp::create(builder, like(builder.getF32Type()), a);
    return fromFloat(arith::MulFOp::create(builder, number, toFloat(b)));
  }
  Value fromFloat(Value value) {
    return arith::BitcastOp::create(builder, like(builder.getI32Type()), value);
  }
  Value toFloat(Value word) {
    return arith::BitcastOp::create(builder, like(builder.getF32Type()), word);
  }
  Value fromSmall(Value value) {
    Type type = value.getType();
    Value bits = arith::BitcastOp::create(
        builder,
        like(builder.getIntegerType(
            getElementTypeOrSelf(type).getIntOrFloatBitWidth())),
        value);
    return arith::ExtUIOp::create(builder, like(builder.getI32Type()), bits);
  }
  /// Returns the low half of a word as a bf16 or f16.
  Value toSmall(Value word, Type type) {
    Value bits = arith::TruncIOp::create(
        builder, like(builder.getIntegerType(kHalfBits)), word);
    return arith::BitcastOp::create(builder, like(type), bits);
  }

private:
  Type like(Type element) {
    if (auto vector = dyn_cast<VectorType>(shape))
      return vector.clone(element);
    return element;
  }

  ImplicitLocOpBuilder builder;
  Type shape;
};
} // namespace

/// A bf16 is the upper half of an f32.
static Value extendBf16(Words &words, Value word) {
  return words.shiftLeft(word, kHalfBits);
}

static Value extend(Words &words, Value word, const Format &format) {
  const int32_t sign = 1 << (format.bits - 1);
  const int32_t shift = 23 - format.mantissaBits;
  // The smallest number, as f32.
  const int32_t ulp = (127 + 1 - format.bias - format.mantissaBits) << 23;
  Value magnitude = words.andBits(word, sign - 1);
  Value shifted = words.shiftLeft(magnitude, shift);
  Value subnormal = words.multiplyInteger(magnitude, words.number(ulp));
  // What is infinite or NaN has an exponent of ones.
  Value finite = words.ifLess(magnitude, 1 << format.mantissaBits, subnormal,
                              words.add(shifted, (127 - format.bias) << 23));
  Value result = words.ifLess(magnitude, format.special, finite,
                              words.orBits(shifted, kInf));
  return words.orBits(
      result, words.shiftLeft(words.andBits(word, sign), 32 - format.bits));
}

/// What would be -0 is the only NaN.
static Value extendFnuz(Words &words, Value word) {
  constexpr int32_t kNan = 0x80, kQuiet = 1 << 22;
  return words.ifEqual(word, kNan, words.number(kInf | kQuiet),
                       extend(words, word, kE4M3Fnuz));
}

/// Adds half of the last place that is kept, less one unless that is odd, and
/// shifts the rest out.
static Value roundBits(Words &words, Value word, int32_t bits) {
  Value odd = words.andBits(words.shiftRight(word, bits), 1);
  Value half = words.add(odd, (1 << (bits - 1)) - 1);
  return words.shiftRight(words.add(word, half), bits);
}

static Value truncateToBf16(Words &words, Value word) {
  Value magnitude = words.andBits(word, kMagnitude);
  Value nan = words.orBits(words.shiftRight(word, kHalfBits), kBf16Quiet);
  return words.ifLess(magnitude, kInf + 1, roundBits(words, word, kHalfBits),
                      nan);
}

static Value truncateToF16(Words &words, Value word) {
  // The last place of 1/2 is the smallest f16.
  constexpr int32_t kHalf = (127 - 1) << 23;
  // Smallest normal f16, and 2^16, which has no exponent field, as f32.
  constexpr int32_t kSmallest = (127 - 14) << 23, kTooLarge = (127 + 16) << 23;
  Value magnitude = words.andBits(word, kMagnitude);
  Value sum = words.addAsFloats(magnitude, words.number(kHalf));
  Value subnormal = words.sub(sum, kHalf);
  Value normal = roundBits(words, words.sub(magnitude, kRebias), kShift);
  Value finite = words.ifLess(magnitude, kSmallest, subnormal, normal);
  Value number =
      words.ifLess(magnitude, kTooLarge, finite, words.number(kF16Inf));
  Value result = words.ifLess(magnitude, kInf + 1, number,
                              words.number(kF16Inf | kF16Quiet));
  Value sign = words.andBits(words.shiftRight(word, kHalfBits), kF16Sign);
  return words.orBits(result, sign);
}

namespace {
struct ExpandExtension : OpRewritePattern<arith::ExtFOp> {
  ExpandExtension(MLIRContext *context, bool expandsF16)
      : OpRewritePattern(context), expandsF16(expandsF16) {}

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Type from = getElementTypeOrSelf(op.getIn().getType());
    if (!getElementTypeOrSelf(op.getType()).isF32() ||
        !(isa<BFloat16Type, Float8E4M3FNType, Float8E4M3FNUZType,
              Float8E5M2Type>(from) ||
          (from.isF16() && expandsF16)))
      return rewriter.notifyMatchFailure(op, "the ISA has an instruction");
    Words words(rewriter, op.getLoc(), op.getType());
    Value word = words.fromSmall(op.getIn());
    word = from.isBF16()                   ? extendBf16(words, word)
           : from.isF16()                  ? extend(words, word, kF16)
           : isa<Float8E4M3FNType>(from)   ? extend(words, word, kE4M3)
           : isa<Float8E4M3FNUZType>(from) ? extendFnuz(words, word)
                                           : extend(words, word, kE5M2);
    rewriter.replaceOp(op, words.toFloat(word));
    return success();
  }

  bool expandsF16;
};

struct ExpandTruncation : OpRewritePattern<arith::TruncFOp> {
  ExpandTruncation(MLIRContext *context, bool expandsF16)
      : OpRewritePattern(context), expandsF16(expandsF16) {}

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Type to = getElementTypeOrSelf(op.getType());
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32() ||
        !(to.isBF16() || (to.isF16() && expandsF16)))
      return rewriter.notifyMatchFailure(op, "the ISA has an instruction");
    if (op.getRoundingmode())
      return rewriter.notifyMatchFailure(op, "rounds in a way of its own");
    Words words(rewriter, op.getLoc(), op.getType());
    Value word = words.fromFloat(op.getIn());
    word =
        to.isBF16() ? truncateToBf16(words, word) : truncateToF16(words, word);
    rewriter.replaceOp(op, words.toSmall(word, to));
    return success();
  }

  bool expandsF16;
};

struct ExpandSmallFloatsPass
    : public mlir::fp8attn::impl::ExpandSmallFloatsBase<ExpandSmallFloatsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandExtension, ExpandTruncation>(
        &getContext(), /*expandsF16=*/!convertsF16());
    // What one conversion makes of bits, the next one takes apart.
    arith::BitcastOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

private:
  /// Whether the function's ISA has instructions for f16.
  bool convertsF16() {
    auto isa =
        getOperation()->getAttrOfType<IsaAttr>(Fp8AttnDialect::kIsaAttrName);
    return isa && isa.getValue() != Isa::Generic;
  }
};
} // namespace
