//===- ScoreModifiers.cpp - softcap, ALiBi and masks as a score region ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/ScoreModifiers.h"
#include "Support/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Builds the body of a score region, one modification after the other.
class ScoreRegionBuilder {
public:
  ScoreRegionBuilder(OpBuilder &builder, Location loc, AttentionInterface op,
                     Value diagonal, Block &block)
      : builder(builder), loc(loc), op(op), diagonal(diagonal),
        score(block.getArgument(0)), sequence(block.getArgument(1)),
        head(block.getArgument(2)), queryPosition(block.getArgument(3)),
        keyPosition(block.getArgument(4)) {}

  /// Returns whether scores of keys before the drafts stay as they are.
  bool build() {
    const Value before = score;
    if (op.getSoftcapAttr())
      capScore();
    if (op.getAlibi())
      addAlibi();
    if (!op.getScore().empty())
      inlineRegion();
    if (op.getMask())
      score = masked(op.getMask(), getMaskPlace());
    const bool isSame = score == before;
    if (op.getDraftMask())
      applyDraftMask();
    YieldOp::create(builder, loc, score);
    return isSame;
  }

private:
  /// Returns a float as f32, exactly.
  Value toF32(Value element) {
    FloatType f32 = builder.getF32Type();
    return element.getType() == f32
               ? element
               : arith::ExtFOp::create(builder, loc, f32, element);
  }

  /// score = cap * tanh(score / cap)
  void capScore() {
    Value cap = arith::ConstantOp::create(builder, loc, op.getSoftcapAttr());
    Value ratio = arith::DivFOp::create(builder, loc, score, cap);
    Value tanh = math::TanhOp::create(builder, loc, ratio);
    score = arith::MulFOp::create(builder, loc, tanh, cap);
  }

  /// score = score + slopes[head] * (key - query)
  void addAlibi() {
    Value slope = toF32(
        memref::LoadOp::create(builder, loc, op.getAlibi(), head).getResult());
    Value distance =
        arith::SubIOp::create(builder, loc, keyPosition, queryPosition);
    distance = arith::IndexCastOp::create(builder, loc, builder.getI32Type(),
                                          distance);
    distance =
        arith::SIToFPOp::create(builder, loc, builder.getF32Type(), distance);
    Value bias = arith::MulFOp::create(builder, loc, slope, distance);
    score = arith::AddFOp::create(builder, loc, score, bias);
  }

  void inlineRegion() {
    Block &block = op.getScore().front();
    IRMapping mapping;
    mapping.map(block.getArguments(),
                ValueRange{score, sequence, head, queryPosition, keyPosition});
    for (Operation &inner : block.without_terminator())
      builder.clone(inner, mapping);
    score = mapping.lookupOrDefault(
        cast<YieldOp>(block.getTerminator()).getScore());
  }

  Value loadIndex(Value memref, Value index) {
    Value value = memref::LoadOp::create(builder, loc, memref, index);
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      value);
  }

  /// Returns the query's token in the call: the first query of a sequence has
  /// the position of its first key, or the last query that of the last key.
  Value getQueryToken(PagedAttentionOp paged) {
    if (paged.getAlignment() == Alignment::TopLeft)
      return arith::AddIOp::create(builder, loc,
                                   loadIndex(paged.getQueryStart(), sequence),
                                   queryPosition);
    Value one = constantIndex(builder, loc, 1);
    Value next = arith::AddIOp::create(builder, loc, sequence, one);
    Value end = loadIndex(paged.getQueryStart(), next);
    Value numKeys = loadIndex(paged.getSeqLens(), sequence);
    Value toEnd = arith::SubIOp::create(builder, loc, numKeys, queryPosition);
    return arith::SubIOp::create(builder, loc, end, toEnd);
  }

  /// Returns the indices of the mask.
  SmallVector<Value> getMaskPlace() {
    ArrayRef<int64_t> shape = op.getMask().getType().getShape();
    if (auto paged = dyn_cast<PagedAttentionOp>(op.getOperation()))
      return {shape[0] == 1 ? constantIndex(builder, loc, 0)
                            : getQueryToken(paged),
              keyPosition};
    Value zero = constantIndex(builder, loc, 0);
    Value query = zero;
    if (shape[2] != 1)
      query = arith::SubIOp::create(builder, loc, queryPosition, diagonal);
    return {shape[0] == 1 ? zero : sequence, shape[1] == 1 ? zero : head, query,
            keyPosition};
  }

  /// The key is that of one of the sequence's queries if it is not before the
  /// first; the load is in bounds for all keys.
  void applyDraftMask() {
    Value zero = constantIndex(builder, loc, 0);
    Value draft = arith::SubIOp::create(builder, loc, keyPosition, diagonal);
    Value column = arith::MaxSIOp::create(builder, loc, draft, zero);
    Value row = getQueryToken(cast<PagedAttentionOp>(op.getOperation()));
    Value isDraft = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::sge, draft, zero);
    score = arith::SelectOp::create(
        builder, loc, isDraft, masked(op.getDraftMask(), {row, column}), score);
  }

  /// Returns mask[place] ? score : -inf, or score + mask[place].
  Value masked(Value mask, ValueRange place) {
    Value element = memref::LoadOp::create(builder, loc, mask, place);
    if (isa<FloatType>(element.getType()))
      return arith::AddFOp::create(builder, loc, score, toF32(element));
    FloatType f32 = builder.getF32Type();
    Value keep = element;
    if (!element.getType().isInteger(1)) {
      Value zero = arith::ConstantOp::create(
          builder, loc, builder.getZeroAttr(element.getType()));
      keep = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                   element, zero);
    }
    Value none = arith::ConstantOp::create(
        builder, loc,
        FloatAttr::get(f32, APFloat::getInf(f32.getFloatSemantics(),
                                            /*Negative=*/true)));
    return arith::SelectOp::create(builder, loc, keep, score, none);
  }

  OpBuilder &builder;
  Location loc;
  AttentionInterface op;
  Value diagonal;
  Value score, sequence, head, queryPosition, keyPosition;
};
} // namespace

Value mlir::fp8attn::createModify(OpBuilder &builder, Location loc,
                                  AttentionInterface op, Value scores,
                                  Value item, Value diagonal, Value firstKey) {
  auto modify =
      ModifyOp::create(builder, loc, scores.getType(), scores, item, firstKey,
                       /*factor=*/Value(), /*from=*/Value());
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(5, builder.getIndexType());
  types.front() = builder.getF32Type();
  Block *block = builder.createBlock(&modify.getBody(), {}, types,
                                     SmallVector<Location>(5, loc));
  const bool isSame =
      ScoreRegionBuilder(builder, loc, op, diagonal, *block).build();
  // Keys before the drafts are most, and often have scores that nothing
  // changes.
  if (op.getDraftMask() && isSame)
    modify.getFromMutable().assign(diagonal);
  return modify.getResult();
}
