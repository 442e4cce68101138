//===- AttentionBody.cpp - the body of a work item of attention ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/AttentionBody.h"
#include "DecomposeAttention/ScoreModifiers.h"
#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Scores are turned to base 2: exp(x) = exp2(x * log2(e)).
static constexpr float kLog2E = 1.4426950408889634f;

/// Returns the type of queries and probabilities.
static Type getProductType(Builder &builder, AttentionInterface op) {
  if (op.getPrecision() == Precision::F32)
    return builder.getF32Type();
  return builder.getBF16Type();
}

/// Loads a step's tile of keys or values.
template <typename LoadRunOp>
static Value loadTile(OpBuilder &builder, Location loc,
                      const ItemContext &context, Value dense, Type element,
                      int64_t channels, Value firstKey) {
  auto type = RankedTensorType::get({FP8ATTN_BLOCK_KEYS, channels}, element);
  if (dense)
    return LoadDenseOp::create(builder, loc, type, dense, firstKey);
  return LoadRunOp::create(builder, loc, type, context.run, firstKey);
}

/// Returns the scales of the rows of a tile, null where there is no map.
static Value loadRowScale(OpBuilder &builder, Location loc,
                          const ItemContext &context, Value scale,
                          AffineMap map, int64_t rows) {
  if (!map)
    return {};
  return LoadRowScaleOp::create(
      builder, loc, RankedTensorType::get({rows}, builder.getF32Type()),
      context.item, scale, map);
}

/// One step of the loop over keys: returns the new (max, sum, acc).
static SmallVector<Value> buildStep(OpBuilder &builder, Location loc,
                                    const ItemContext &context, Value query,
                                    Value queryScale, Value firstKey,
                                    ValueRange state) {
  AttentionInterface op = context.op;
  int64_t rows = cast<RankedTensorType>(query.getType()).getDimSize(0);
  auto tile = [](int64_t first, int64_t second, Type element) {
    return RankedTensorType::get({first, second}, element);
  };
  Type f32 = builder.getF32Type(), product = getProductType(builder, op);
  constexpr int64_t kKeys = FP8ATTN_BLOCK_KEYS;

  Value keyFactor =
      makeStepFactor(builder, loc, context.keyScale, context.run, firstKey);
  Value valueFactor =
      makeStepFactor(builder, loc, context.valueScale, context.run, firstKey);
  const int64_t ropeDim =
      context.rope ? context.rope.getType().getHeadDim() : 0;
  Value key =
      loadTile<LoadKeyOp>(builder, loc, context, context.denseKeys,
                          context.keyType, op.getKeyDim() - ropeDim, firstKey);
  Value keyZeroPoints =
      makeStepFactor(builder, loc, context.keyZeroPoint, context.run, firstKey);
  key = decodeAndScale(builder, loc, key, keyZeroPoints, keyFactor,
                       context.keyScale.outer);
  if (ropeDim > 0)
    key = AppendRopeOp::create(
        builder, loc, tile(kKeys, op.getKeyDim(), builder.getBF16Type()), key,
        context.run, firstKey, context.rope);
  Value scores = QkOp::create(builder, loc, tile(rows, kKeys, f32), query, key,
                              /*factor=*/Value(), /*rowFactor=*/Value(),
                              /*keyFactor=*/Value());
  // That of a row is a factor of all of its scores.
  if (queryScale)
    scores = ScaleOp::create(builder, loc, scores, queryScale,
                             builder.getI64IntegerAttr(0));
  Value softmaxScale = op.getSoftmaxScaleValue();
  if (std::optional<float> known = op.getEffectiveSoftmaxScale())
    softmaxScale = constantF32(builder, loc, *known);
  scores = ScaleOp::create(builder, loc, scores, softmaxScale, IntegerAttr());
  if (op.modifiesScores())
    scores = createModify(builder, loc, op, scores, context.item,
                          context.diagonal, firstKey);
  scores = ScaleOp::create(builder, loc, scores,
                           constantF32(builder, loc, kLog2E), IntegerAttr());
  scores = MaskOp::create(builder, loc, scores, context.item, firstKey);
  auto softmax = SoftmaxOp::create(builder, loc, tile(rows, kKeys, product),
                                   state[0].getType(), state[1].getType(),
                                   state[2].getType(), scores, state[0],
                                   state[1], state[2], /*probFactor=*/Value());
  Value value =
      loadTile<LoadValueOp>(builder, loc, context, context.denseValues,
                            context.valueType, op.getValueDim(), firstKey);
  Value valueZeroPoints = makeStepFactor(builder, loc, context.valueZeroPoint,
                                         context.run, firstKey);
  value = decodeAndScale(builder, loc, value, valueZeroPoints, valueFactor,
                         context.valueScale.outer);
  Value acc = PvOp::create(builder, loc, softmax.getProbs(), value,
                           softmax.getNewAcc());
  return {softmax.getNewMax(), softmax.getNewSum(), acc};
}

/// The body of a work item of at most `rows` rows.
static void buildItem(OpBuilder &builder, Location loc,
                      const ItemContext &context, int64_t rows) {
  AttentionInterface op = context.op;
  auto rowType = RankedTensorType::get({rows}, builder.getF32Type());
  auto tileType = [&](int64_t columns, Type element) {
    return RankedTensorType::get({rows, columns}, element);
  };
  Value query = LoadQueryOp::create(
      builder, loc, tileType(op.getKeyDim(), getProductType(builder, op)),
      context.item, context.query, /*channelFactor=*/Value());
  Value queryScale = loadRowScale(builder, loc, context, op.getQueryScale(),
                                  context.queryScaleMap, rows);
  auto init = InitOp::create(builder, loc, rowType, rowType,
                             tileType(op.getValueDim(), builder.getF32Type()));
  Value firstKey = FirstKeyOp::create(builder, loc, context.item);
  Value numKeys = NumKeysOp::create(builder, loc, context.item);
  auto loop = scf::ForOp::create(
      builder, loc, firstKey, numKeys,
      constantIndex(builder, loc, FP8ATTN_BLOCK_KEYS), init.getResults(),
      [&](OpBuilder &body, Location loc, Value firstKey, ValueRange state) {
        scf::YieldOp::create(
            body, loc,
            buildStep(body, loc, context, query, queryScale, firstKey, state));
      });
  Value outScale = loadRowScale(builder, loc, context, op.getOutScale(),
                                context.outScaleMap, rows);
  FinishOp::create(builder, loc, context.item, loop.getResult(0),
                   loop.getResult(1), loop.getResult(2), op.getSink(),
                   context.out, context.lse, /*factor=*/Value(),
                   /*channelFactor=*/Value(), outScale);
}

Value mlir::fp8attn::shareHead(OpBuilder &builder, Location loc,
                               AttentionInterface op, Value head,
                               int64_t numHeads) {
  const int64_t groups = op.getNumKvHeads() / numHeads;
  return groups == 1
             ? head
             : arith::DivUIOp::create(builder, loc, head,
                                      constantIndex(builder, loc, groups))
                   .getResult();
}

void mlir::fp8attn::makeScales(OpBuilder &builder, Location loc, Value keyHead,
                               Value valueHead, int64_t pageTokens,
                               ItemContext &context) {
  AttentionInterface op = context.op;
  // Only caches have them.
  auto paged = dyn_cast<PagedAttentionOp>(op.getOperation());
  Value keyOuter = paged ? paged.getKeyOuterScale() : Value();
  Value valueOuter = paged ? paged.getEffectiveValueOuterScale() : Value();
  const bool byElement = static_cast<bool>(context.rope);
  const int64_t ropeDim = byElement ? context.rope.getType().getHeadDim() : 0;
  context.keyScale = makeItemScale(
      builder, loc, op.getKeyScale(), op.getKeyScaleMap(), keyOuter,
      op.getKeyDim() - ropeDim, pageTokens, keyHead, byElement);
  context.valueScale = makeItemScale(
      builder, loc, op.getEffectiveValueScale(), op.getEffectiveValueScaleMap(),
      valueOuter, op.getValueDim(), pageTokens, valueHead, byElement);
  if (!paged)
    return;
  context.keyZeroPoint = makeItemScale(
      builder, loc, paged.getKeyZeroPoint(), paged.getKeyZeroPointMap(),
      /*outer=*/Value(), paged.getKeyDim(), pageTokens, keyHead,
      /*byElement=*/true);
  context.valueZeroPoint =
      makeItemScale(builder, loc, paged.getEffectiveValueZeroPoint(),
                    paged.getEffectiveValueZeroPointMap(), /*outer=*/Value(),
                    paged.getValueDim(), pageTokens, valueHead,
                    /*byElement=*/true);
}

void mlir::fp8attn::makeRowScaleMaps(ArrayRef<unsigned> dims,
                                     ItemContext &context) {
  AttentionInterface op = context.op;
  SmallVector<AffineExpr> results;
  for (unsigned dim : dims)
    results.push_back(getAffineDimExpr(dim, op->getContext()));
  // No result is the channel.
  results.push_back(getAffineConstantExpr(0, op->getContext()));
  const AffineMap toQuery =
      AffineMap::get(kNumRowScaleDims, 0, results, op->getContext());
  if (std::optional<AffineMap> map = op.getQueryScaleMap())
    context.queryScaleMap = map->compose(toQuery);
  if (std::optional<AffineMap> map = op.getOutScaleMap())
    context.outScaleMap = map->compose(toQuery);
}

void mlir::fp8attn::buildBodies(OpBuilder &builder, Location loc,
                                const ItemContext &context, Value numRows,
                                int64_t mostRows) {
  Value isDecode =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule, numRows,
                            constantIndex(builder, loc, FP8ATTN_DECODE_ROWS));
  scf::IfOp::create(
      builder, loc, isDecode,
      [&](OpBuilder &body, Location loc) {
        buildItem(body, loc, context, FP8ATTN_DECODE_ROWS);
        scf::YieldOp::create(body, loc);
      },
      [&](OpBuilder &body, Location loc) {
        buildItem(body, loc, context, mostRows);
        scf::YieldOp::create(body, loc);
      });
}

IntegerAttr mlir::fp8attn::windowSide(Builder &builder,
                                      std::optional<int64_t> keys) {
  return keys ? builder.getI64IntegerAttr(*keys) : IntegerAttr();
}
