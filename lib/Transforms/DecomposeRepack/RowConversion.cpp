//===- RowConversion.cpp - elements of one type to another ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector arithmetic on the bits of floats, exact on every ISA: quantise as
// kv_write does, the exact product rounded once, and between f8E4M3FNUZ and
// f8E4M3FN, whose codes are the same but for NaN, 0 and the largest.
//
//===----------------------------------------------------------------------===//

#include "DecomposeRepack/RowConversion.h"
#include "DecomposeRepack/RowProducts.h"
#include "Support/Codes.h"
#include "Support/Constants.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::fp8attn;

/// Fields of an f32.
static constexpr int32_t kMagnitude = INT32_MAX, kInf = 0x7f800000;

namespace {
/// Operations on rows, vectors of kRowChannels.
class Rows {
public:
  Rows(OpBuilder &builder, Location loc) : b(loc, builder) {}

  VectorType like(Type element) {
    return VectorType::get({kRowChannels}, element);
  }
  Value number(Type integer, int64_t value) {
    return constantLike(b, b.getLoc(), like(integer),
                        b.getIntegerAttr(integer, value));
  }
  Value number(int32_t value) { return number(b.getI32Type(), value); }
  Value add(Value a, Value c) { return arith::AddIOp::create(b, a, c); }
  Value sub(Value a, Value c) { return arith::SubIOp::create(b, a, c); }
  Value andBits(Value a, int32_t c) {
    return arith::AndIOp::create(b, a, number(c));
  }
  Value orBits(Value a, Value c) { return arith::OrIOp::create(b, a, c); }
  Value shiftRight(Value a, int32_t bits) {
    return arith::ShRUIOp::create(b, a, number(bits));
  }
  Value min(Value a, int32_t c) {
    return arith::MinSIOp::create(b, a, number(c));
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value c) {
    return arith::CmpIOp::create(b, predicate, a, c);
  }
  Value compare(arith::CmpFPredicate predicate, Value a, Value c) {
    return arith::CmpFOp::create(b, predicate, a, c);
  }
  Value isMore(Value a, int32_t c) {
    return compare(arith::CmpIPredicate::sgt, a, number(c));
  }
  Value isEqual(Value a, int32_t c) {
    return compare(arith::CmpIPredicate::eq, a, number(c));
  }
  Value select(Value condition, Value a, Value c) {
    return arith::SelectOp::create(b, condition, a, c);
  }
  Value as(Value value, Type element) {
    return arith::BitcastOp::create(b, like(element), value);
  }
  Value asWords(Value value) { return as(value, b.getI32Type()); }
  Value asFloats(Value words) { return as(words, b.getF32Type()); }
  Value narrow(Value words, int64_t bits) {
    return arith::TruncIOp::create(b, like(b.getIntegerType(bits)), words);
  }

  ImplicitLocOpBuilder b;
};

} // namespace

/// Returns words, whose low bytes are the codes in i8 of numbers of the given
/// signs, which are at most the largest.
static Value roundToI8(Rows &rows, Value finite, Value sign) {
  // Its low byte is 0, and the last place of sums with it is 1.
  constexpr float kRounder = 0x1.8p23f;
  Value rounder = rows.number(llvm::bit_cast<int32_t>(kRounder));
  return rows.asWords(
      arith::AddFOp::create(rows.b, rows.asFloats(rows.orBits(finite, sign)),
                            rows.asFloats(rounder)));
}

/// Returns words, whose low bytes are the codes of the elements of f32 over
/// their scales.
static Value quantize(Rows &rows, Value elements, Value scales, Type type) {
  Value quotient =
      rows.asWords(arith::DivFOp::create(rows.b, elements, scales));
  Value magnitude = rows.andBits(quotient, kMagnitude);
  Value finite =
      rows.min(magnitude, llvm::bit_cast<int32_t>(largestCode(type)));
  Value sign = rows.sub(quotient, magnitude);
  constexpr int32_t kSignShift = 24;
  Value code =
      type.isInteger()
          ? roundToI8(rows, finite, sign)
          : rows.orBits(roundToFp8(rows.b, rows.b.getLoc(), finite, type),
                        rows.shiftRight(sign, kSignShift));
  const int32_t nan = type.isInteger() ? 0 : 0x7f;
  return rows.select(rows.isMore(magnitude, kInf), rows.number(nan), code);
}

/// Returns codes of one of f8E4M3FNUZ and f8E4M3FN as such of the other.
static Value recode(Rows &rows, Value codes, bool fromFnuz) {
  Type byte = rows.b.getI8Type();
  auto number = [&](int64_t value) { return rows.number(byte, value); };
  auto isEqual = [&](Value value, int64_t other) {
    return rows.compare(arith::CmpIPredicate::eq, value, number(other));
  };
  constexpr int64_t kSign = -128, kLast = 0x7f;
  Value magnitude = arith::AndIOp::create(rows.b, codes, number(kLast));
  Value isLast = isEqual(magnitude, kLast),
        isNegativeZero = isEqual(codes, kSign);
  Value result = codes;
  if (fromFnuz) {
    // The largest saturate.
    Value less = rows.sub(codes, number(1));
    result = rows.select(isLast, less, result);
    return rows.select(isNegativeZero, number(kLast), result);
  }
  result = rows.select(isNegativeZero, number(0), result);
  return rows.select(isLast, number(kSign), result);
}

RowConversion::RowConversion(OpBuilder &builder, RepackOp op, Value head,
                             CacheContent content)
    : from(op.getSource().getType().getElementType()),
      to(op.getDestination().getType().getElementType()), head(head),
      headDim(op.getSource().getType().getHeadDim()),
      isOfSource(op.getScaledCache() == op.getSource()) {
  const bool isKey = content == CacheContent::Key;
  scale = isKey ? op.getKeyScale() : op.getValueScale();
  if (!scale)
    return;
  map = isKey ? *op.getKeyScaleMap() : *op.getValueScaleMap();
  if (getGranularity(map).isUniform())
    uniform = loadScale(builder, op.getLoc(), scale, map,
                        {Value(), head, Value(), Value()});
}

Value RowConversion::loadScales(OpBuilder &builder, Location loc,
                                const TokenPlace &place, Value channel,
                                int64_t width) const {
  auto type = VectorType::get({kRowChannels}, builder.getF32Type());
  auto load = [&](Value at) {
    return loadScale(builder, loc, scale, map,
                     {place.page, head, place.token, at});
  };
  if (uniform)
    return vector::BroadcastOp::create(builder, loc, type, uniform);
  const int64_t shared = getChannelsPerScale(map, headDim);
  Value row = vector::BroadcastOp::create(builder, loc, type, load(channel));
  if (shared % kRowChannels == 0 || !getGranularity(map).byChannel)
    return row;
  // Nothing beyond the head size has a scale.
  for (int64_t i = 1; i < width; ++i) {
    Value at = arith::AddIOp::create(builder, loc, channel,
                                     constantIndex(builder, loc, i));
    row = vector::InsertOp::create(builder, loc, load(at), row, i);
  }
  return row;
}

void RowConversion::convert(OpBuilder &builder, Location loc,
                            ArrayRef<TokenPlace> source,
                            ArrayRef<TokenPlace> destination, Value channel,
                            int64_t width, MutableArrayRef<Value> rows) const {
  if (isCopy())
    return;
  Rows math(builder, loc);
  auto scalesOf = [&](size_t row) {
    return loadScales(builder, loc, (isOfSource ? source : destination)[row],
                      channel, width);
  };
  if (scale && isOfSource) {
    // A last one without another is multiplied twice.
    for (size_t first = 0; first < rows.size(); first += 2) {
      const size_t second = std::min(first + 1, rows.size() - 1);
      const auto products =
          multiplyRows(builder, loc, {rows[first], rows[second]}, from,
                       {scalesOf(first), scalesOf(second)});
      rows[first] = products[0];
      rows[second] = products[second - first];
    }
    return;
  }
  for (auto [index, row] : llvm::enumerate(rows)) {
    if (!scale) {
      row = recode(math, row, isa<Float8E4M3FNUZType>(from));
      continue;
    }
    Value scales = scalesOf(index);
    constexpr int64_t kCodeBits = 8;
    Value elements =
        arith::ExtFOp::create(math.b, math.like(builder.getF32Type()),
                              math.as(row, builder.getBF16Type()));
    row = math.narrow(quantize(math, elements, scales, to), kCodeBits);
  }
}
