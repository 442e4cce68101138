//===- ScoreEvaluator.cpp - what modifies scores, in double ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Interprets the operations that the verifier allows in a score region, one
// score at a time.
//
//===----------------------------------------------------------------------===//

#include "ScoreEvaluator.h"

#include "fp8attn/Reference/Fp8.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the mask's element for a score: of [tokens, columns], or of [batch,
/// heads, queries, columns] where dimensions of size 1, but for the columns,
/// are used for all.
static double loadMask(const Argument &mask, const reference::ScorePlace &place,
                       int64_t column) {
  const fp8attn_tensor &tensor = mask.tensor;
  const auto type = fp8attn_type(tensor.type);
  const int64_t indices[] = {place.sequence, place.head, place.token, column};
  int64_t offset = 0;
  for (int32_t dim = 0; dim < tensor.rank; ++dim)
    if (tensor.sizes[dim] > 1)
      offset += indices[4 - tensor.rank + dim] * tensor.strides[dim];
  const uint8_t *element = static_cast<const uint8_t *>(tensor.data) +
                           offset * reference::elementBytes(type);
  return reference::elementBytes(type) == 1
             ? *element
             : reference::decodeElement(element, type);
}

/// Returns a score as a column of the mask changes it; keys without one are
/// masked.
static double applyMask(double score, TypedValue<ShapedType> mask,
                        const Arguments &inputs,
                        const reference::ScorePlace &place, int64_t column) {
  const fp8attn_tensor &tensor = inputs[mask].tensor;
  if (column >= tensor.sizes[tensor.rank - 1])
    return -std::numeric_limits<double>::infinity();
  const double element = loadMask(inputs[mask], place, column);
  if (isa<FloatType>(mask.getType().getElementType()))
    return score + element;
  return element == 0 ? -std::numeric_limits<double>::infinity() : score;
}

/// Rounds to nearest even to what bf16 or f16 has; other types are held in
/// double.
static double roundTo(Type type, double value) {
  const auto number = static_cast<float>(value);
  if (type.isBF16())
    return reference::decodeBf16(reference::encodeBf16(number));
  return type.isF16() ? reference::decodeF16(reference::encodeF16(number))
                      : value;
}

namespace {
/// The value of an operation: one of the members, by its type. Integers are
/// sign-extended.
struct Number {
  double real = 0;
  int64_t integer = 0;
};

class RegionEvaluator {
public:
  RegionEvaluator(Block &block, const Arguments &inputs)
      : block(block), inputs(inputs) {
    // Numbers that the entry point takes do not change.
    visitUsedValuesDefinedAbove(*block.getParent(), [&](OpOperand *operand) {
      Value value = operand->get();
      if (auto constant = value.getDefiningOp<arith::ConstantOp>())
        values[value] = compute(*constant);
      else if (value.getType().isF32())
        values[value] = {inputs[value].number.real, 0};
      else if (value.getType().isIntOrIndex())
        values[value] = {0, inputs[value].number.integer};
    });
  }

  double evaluate(double score, const reference::ScorePlace &place) {
    values[block.getArgument(0)] = {score, 0};
    const int64_t numbers[] = {place.sequence, place.head, place.query,
                               place.key};
    for (auto [argument, number] :
         llvm::zip(block.getArguments().drop_front(), numbers))
      values[argument] = {0, number};
    for (Operation &op : block.without_terminator())
      values[op.getResult(0)] = compute(op);
    return real(block.getTerminator()->getOperand(0));
  }

private:
  double real(Value value) { return values.lookup(value).real; }
  int64_t integer(Value value) { return values.lookup(value).integer; }
  uint64_t bits(Value value) {
    return integer(value) & llvm::maskTrailingOnes<uint64_t>(width(value));
  }
  static unsigned width(Value value) {
    return value.getType().isIndex() ? 64
                                     : value.getType().getIntOrFloatBitWidth();
  }

  Number compute(Operation &op) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
        return {number.getValueAsDouble(), 0};
      return {0, cast<IntegerAttr>(constant.getValue()).getInt()};
    }
    if (auto load = dyn_cast<memref::LoadOp>(op))
      return evaluateLoad(load);
    if (auto select = dyn_cast<arith::SelectOp>(op))
      return values.lookup(integer(select.getCondition())
                               ? select.getTrueValue()
                               : select.getFalseValue());
    if (auto compare = dyn_cast<arith::CmpFOp>(op))
      return {0, arith::applyCmpPredicate(compare.getPredicate(),
                                          APFloat(real(compare.getLhs())),
                                          APFloat(real(compare.getRhs())))};
    if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
      auto number = [&](Value value) {
        return APInt(64, bits(value)).trunc(width(value));
      };
      return {0, arith::applyCmpPredicate(compare.getPredicate(),
                                          number(compare.getLhs()),
                                          number(compare.getRhs()))};
    }
    if (isa<FloatType>(op.getResult(0).getType()))
      return {roundTo(op.getResult(0).getType(), computeReal(op)), 0};
    // Wraps around as the type does.
    const unsigned resultWidth = width(op.getResult(0));
    const int64_t result = computeInteger(op);
    return {0, resultWidth == 1 ? result & 1
                                : llvm::SignExtend64(result, resultWidth)};
  }

  double computeReal(Operation &op) {
    Value first = op.getOperand(0);
    const double a = real(first);
    const double b = op.getNumOperands() > 1 ? real(op.getOperand(1)) : 0;
    const bool nan = std::isnan(a) || std::isnan(b);
    return llvm::TypeSwitch<Operation *, double>(&op)
        .Case([&](arith::AddFOp) { return a + b; })
        .Case([&](arith::SubFOp) { return a - b; })
        .Case([&](arith::MulFOp) { return a * b; })
        .Case([&](arith::DivFOp) { return a / b; })
        .Case([&](arith::NegFOp) { return -a; })
        .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return a; })
        .Case([&](arith::MaximumFOp) { return nan ? NAN : std::fmax(a, b); })
        .Case([&](arith::MinimumFOp) { return nan ? NAN : std::fmin(a, b); })
        .Case([&](arith::MaxNumFOp) { return std::fmax(a, b); })
        .Case([&](arith::MinNumFOp) { return std::fmin(a, b); })
        .Case([&](arith::SIToFPOp) {
          return static_cast<double>(
              llvm::SignExtend64(integer(first), width(first)));
        })
        .Case([&](arith::UIToFPOp) { return static_cast<double>(bits(first)); })
        .Case([&](math::TanhOp) { return std::tanh(a); })
        .Case([&](math::ExpOp) { return std::exp(a); })
        .Case([&](math::Exp2Op) { return std::exp2(a); })
        .Case([&](math::LogOp) { return std::log(a); })
        .Case([&](math::Log2Op) { return std::log2(a); })
        .Case([&](math::SqrtOp) { return std::sqrt(a); })
        .Case([&](math::RsqrtOp) { return 1 / std::sqrt(a); })
        .Case([&](math::AbsFOp) { return std::fabs(a); });
  }

  int64_t computeInteger(Operation &op) {
    Value first = op.getOperand(0);
    Value second = op.getNumOperands() > 1 ? op.getOperand(1) : first;
    const int64_t a = integer(first), b = integer(second);
    const uint64_t x = bits(first), y = bits(second);
    return llvm::TypeSwitch<Operation *, int64_t>(&op)
        .Case([&](arith::AddIOp) { return x + y; })
        .Case([&](arith::SubIOp) { return x - y; })
        .Case([&](arith::MulIOp) { return x * y; })
        .Case([&](arith::AndIOp) { return x & y; })
        .Case([&](arith::OrIOp) { return x | y; })
        .Case([&](arith::XOrIOp) { return x ^ y; })
        // The verifier has seen that the right operand is one that these are
        // defined for.
        .Case([&](arith::DivSIOp) { return a / b; })
        .Case([&](arith::RemSIOp) { return a % b; })
        .Case([&](arith::DivUIOp) { return x / y; })
        .Case([&](arith::RemUIOp) { return x % y; })
        .Case([&](arith::ShLIOp) { return x << y; })
        .Case([&](arith::ShRSIOp) { return a >> y; })
        .Case([&](arith::ShRUIOp) { return x >> y; })
        .Case([&](arith::MaxSIOp) { return std::max(a, b); })
        .Case([&](arith::MinSIOp) { return std::min(a, b); })
        .Case([&](arith::MaxUIOp) { return std::max(x, y); })
        .Case([&](arith::MinUIOp) { return std::min(x, y); })
        .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto) { return x; })
        .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
            [&](auto) { return llvm::SignExtend64(a, width(first)); });
  }

  Number evaluateLoad(memref::LoadOp load) {
    const Argument &source = inputs[load.getMemRef()];
    const auto type = fp8attn_type(source.tensor.type);
    int64_t place = 0;
    for (auto [dim, index] : llvm::enumerate(load.getIndices()))
      place += integer(index) * source.tensor.strides[dim];
    const uint8_t *element = static_cast<const uint8_t *>(source.tensor.data) +
                             place * reference::elementBytes(type);
    if (type == FP8ATTN_TYPE_I8)
      return {0, static_cast<int8_t>(*element)};
    if (type == FP8ATTN_TYPE_I32)
      return {0, *reinterpret_cast<const int32_t *>(element)};
    if (type == FP8ATTN_TYPE_I64)
      return {0, *reinterpret_cast<const int64_t *>(element)};
    if (type == FP8ATTN_TYPE_BOOL)
      return {0, *element != 0};
    return {reference::decodeElement(element, type), 0};
  }

  Block &block;
  const Arguments &inputs;
  llvm::DenseMap<Value, Number> values;
};
} // namespace

std::function<double(double, const reference::ScorePlace &)>
mlir::fp8attn::makeScoreFunction(AttentionInterface op,
                                 const Arguments &inputs) {
  if (!op.modifiesScores())
    return nullptr;
  return [=, &inputs](double score,
                      const reference::ScorePlace &place) mutable {
    if (FloatAttr softcap = op.getSoftcapAttr()) {
      const double cap = softcap.getValueAsDouble();
      score = cap * std::tanh(score / cap);
    }
    if (Value slopes = op.getAlibi())
      score +=
          reference::decodeElement(inputs[slopes].getElement(place.head),
                                   fp8attn_type(inputs[slopes].tensor.type)) *
          static_cast<double>(place.key - place.query);
    if (!op.getScore().empty())
      score =
          RegionEvaluator(op.getScore().front(), inputs).evaluate(score, place);
    // Masks have no columns for a prefix.
    if (op.getMask() && place.key >= 0)
      score = applyMask(score, op.getMask(), inputs, place, place.key);
    if (auto paged = dyn_cast<PagedAttentionOp>(op.getOperation());
        paged && op.getDraftMask()) {
      const int64_t query =
          place.token -
          inputs[paged.getQueryStart()].at<int32_t>(place.sequence);
      const int64_t column = place.key - (place.query - query);
      if (column >= 0 && place.key >= 0)
        score = applyMask(score, op.getDraftMask(), inputs, place, column);
    }
    return score;
  };
}
