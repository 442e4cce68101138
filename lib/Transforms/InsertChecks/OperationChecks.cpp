//===- OperationChecks.cpp - the checks of each operation -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What each operation of the model level demands of its operands that is not
// known before it is called. docs/Spec.md names the check of each constraint.
//
//===----------------------------------------------------------------------===//

#include "InsertChecks/OperationChecks.h"
#include "DecomposeAttention/AttentionBody.h"
#include "InsertChecks/RuntimeChecks.h"
#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the operands that are memory, and are written or not.
static SmallVector<NamedOperand> getOperands(ModelOpInterface op,
                                             bool areWritten) {
  SmallVector<NamedOperand> operands;
  for (const OperandRole &role : op.getOperandRoles())
    if (role.isWritten() == areWritten && !role.get().getType().isF32())
      operands.emplace_back(role.name, role.get());
  return operands;
}

/// Returns what is written, caches first: messages name what is found first.
static SmallVector<NamedOperand> getWritten(ModelOpInterface op) {
  SmallVector<NamedOperand> caches, others;
  for (const NamedOperand &operand : getOperands(op, /*areWritten=*/true))
    (isa<CacheType>(operand.second.getType()) ? caches : others)
        .push_back(operand);
  llvm::append_range(caches, others);
  return caches;
}

static SmallVector<NamedOperand> getRead(ModelOpInterface op) {
  return getOperands(op, /*areWritten=*/false);
}

/// Emits checks of the lists that say which keys there are.
static void emitBatchChecks(OpBuilder &builder, Location loc,
                            PagedAttentionOp op) {
  Value tokens = memref::DimOp::create(builder, loc, op.getQuery(), 0);
  IntegerAttr right = windowSide(builder, op.getEffectiveWindowRight());
  if (Value selected = op.getSelected()) {
    emitSameTokensCheck(builder, loc,
                        ("tokens of " + op.getSelectedName()).str(), selected,
                        "tokens of query", op.getQuery());
    for (Value cache : op.getCaches())
      CheckSelectionOp::create(
          builder, loc, builder.getStringAttr(op.getSelectedName()),
          builder.getI64IntegerAttr(op.getSelectedUnit()), selected,
          op.getQueryStart(), op.getSeqLens(), op.getBlockTable(), tokens,
          cache, right, op.getAlignmentAttr());
    return;
  }
  for (Value cache : op.getCaches())
    CheckBatchOp::create(builder, loc, op.getQueryStart(), op.getSeqLens(),
                         op.getBlockTable(), tokens, cache,
                         windowSide(builder, op.getWindowLeft()), right,
                         op.getAlignmentAttr());
}

/// Emits checks of a scale whose map takes dimensions of a tensor.
static void emitTensorScaleCheck(OpBuilder &builder, Location loc,
                                 StringRef name, TypedValue<ShapedType> scale,
                                 AffineMap map, StringRef tensorName,
                                 TypedValue<ShapedType> tensor) {
  auto nameOf = [](StringRef of, unsigned dim) {
    return (of + " dimension " + Twine(dim)).str();
  };
  for (auto [dim, result] : llvm::enumerate(map.getResults())) {
    const unsigned of = cast<AffineDimExpr>(result).getPosition();
    if (scale.getType().isDynamicDim(dim) || tensor.getType().isDynamicDim(of))
      emitSameSizeCheck(builder, loc, nameOf(name, dim), scale, dim,
                        nameOf(tensorName, of), tensor, of);
  }
  emitScaleCheck(builder, loc, name, scale);
}

/// Emits checks of the scales of the query and of the result.
static void emitRowScaleChecks(OpBuilder &builder, Location loc,
                               AttentionInterface op) {
  if (op.getQueryScale())
    emitTensorScaleCheck(builder, loc, "query_scale", op.getQueryScale(),
                         *op.getQueryScaleMap(), "query", op.getQuery());
  if (op.getOutScale())
    emitTensorScaleCheck(builder, loc, "out_scale", op.getOutScale(),
                         *op.getOutScaleMap(), "out", op.getOut());
}

/// Emits checks of the sizes of zero points; any of them means something.
template <typename Op>
static void emitZeroPointChecks(OpBuilder &builder, Location loc, Op op) {
  emitScaleSizeCheck(builder, loc, "key_zero_point", op.getKeyZeroPoint(),
                     op.getKeyZeroPointMap(), op.getKeyCache());
  emitScaleSizeCheck(builder, loc, "value_zero_point", op.getValueZeroPoint(),
                     op.getValueZeroPointMap(), op.getValueCache());
}

static void emitChecks(PagedAttentionOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  emitSameTokensCheck(builder, loc, "tokens of out", op.getOut(),
                      "tokens of query", op.getQuery());
  if (op.getLse())
    emitSameTokensCheck(builder, loc, "tokens of lse", op.getLse(),
                        "tokens of query", op.getQuery());
  emitCacheScaleCheck(builder, loc, "key_scale", op.getKeyScale(),
                      op.getKeyScaleMap(), op.getKeyCache());
  emitCacheScaleCheck(builder, loc, "value_scale", op.getValueScale(),
                      op.getValueScaleMap(), op.getValueCache());
  emitZeroPointChecks(builder, loc, op);
  emitScaleCheck(builder, loc, "key_outer_scale", op.getKeyOuterScale());
  emitScaleCheck(builder, loc, "value_outer_scale", op.getValueOuterScale());
  emitScaleCheck(builder, loc, "softmax_scale", op.getSoftmaxScaleValue());
  emitRowScaleChecks(builder, loc, op);
  emitBatchChecks(builder, loc, op);
  // They take the batch to be right.
  if (op.hasPrefix())
    for (Value cache : op.getCaches())
      CheckPrefixOp::create(builder, loc, op.getGroupStart(),
                            op.getPrefixLens(), op.getPrefixTable(),
                            op.getQueryStart(), cache);
  // A work item has read its rows of the query when it writes those of the
  // output, and no other item reads them.
  SmallVector<NamedOperand> read = getRead(op);
  llvm::erase_if(read, [&](const NamedOperand &operand) {
    return operand.first == "query";
  });
  emitOverlapCheck(op, getWritten(op), {{"query", op.getQuery()}}, read);
  if (op.getMask() && op.getMask().getType().getDimSize(0) != 1)
    emitSameTokensCheck(builder, loc, "tokens of mask", op.getMask(),
                        "tokens of query", op.getQuery());
  if (Value mask = op.getDraftMask()) {
    emitSameTokensCheck(builder, loc, "tokens of draft_mask", mask,
                        "tokens of query", op.getQuery());
    CheckDraftColumnsOp::create(
        builder, loc, builder.getStringAttr("draft_mask"),
        memref::DimOp::create(builder, loc, mask, 1), op.getQueryStart());
  }
}

/// Emits checks of the keys that batch entries have, and of the positions of
/// queries among them, which have 31 bits as distances do.
static void emitEntryChecks(OpBuilder &builder, Location loc, AttentionOp op) {
  constexpr unsigned kTokens = 2;
  if (Value lens = op.getKeyLens())
    CheckIntegersOp::create(
        builder, loc, builder.getStringAttr("key_lens"), lens,
        memref::DimOp::create(builder, loc, op.getKey(), kTokens));
  if (Value offsets = op.getQueryOffsets()) {
    Value queries = memref::DimOp::create(builder, loc, op.getQuery(), kTokens);
    Value most = arith::SubIOp::create(
        builder, loc, constantIndex(builder, loc, INT32_MAX), queries);
    CheckIntegersOp::create(
        builder, loc, builder.getStringAttr("query_offsets"), offsets, most);
  }
}

static void emitChecks(AttentionOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  constexpr unsigned kBatch = 0, kTokens = 2, kMaskKeys = 3;
  auto same = [&](StringRef what, StringRef name, Value operand, unsigned dim,
                  StringRef otherName, Value other, unsigned otherDim) {
    if (operand)
      emitSameSizeCheck(builder, loc, (what + " of " + name).str(), operand,
                        dim, (what + " of " + otherName).str(), other,
                        otherDim);
  };
  Value query = op.getQuery(), key = op.getKey(), mask = op.getMask();
  for (auto [name, operand] : {std::pair("key", key),
                               {"value", op.getValue()},
                               {"out", op.getOut()},
                               {"lse", op.getLse()}})
    same("batch", name, operand, kBatch, "query", query, kBatch);
  for (auto [name, operand] :
       {std::pair<StringRef, Value>("out", op.getOut()), {"lse", op.getLse()}})
    same("queries", name, operand, kTokens, "query", query, kTokens);
  same("keys", "value", op.getValue(), kTokens, "key", key, kTokens);
  for (auto [what, dim] : {std::pair("batch", kBatch), {"queries", kTokens}})
    if (mask && op.getMask().getType().getDimSize(dim) != 1)
      same(what, "mask", mask, dim, "query", query, dim);
  if (mask)
    emitMostCheck(builder, loc, "keys of mask", mask, kMaskKeys,
                  "keys of key, the most there may be",
                  memref::DimOp::create(builder, loc, key, kTokens));
  emitCountCheck(builder, loc, "queries of query", query, kTokens);
  emitCountCheck(builder, loc, "keys of key", key, kTokens);
  for (auto [name, operand] :
       {std::pair<StringRef, Value>("key_lens", op.getKeyLens()),
        {"query_offsets", op.getQueryOffsets()}})
    same("batch", name, operand, kBatch, "query", query, kBatch);
  emitEntryChecks(builder, loc, op);
  emitScaleCheck(builder, loc, "key_scale", op.getKeyScale());
  emitScaleCheck(builder, loc, "value_scale", op.getValueScale());
  emitScaleCheck(builder, loc, "softmax_scale", op.getSoftmaxScaleValue());
  emitRowScaleChecks(builder, loc, op);
  emitOverlapCheck(op, getWritten(op), {}, getRead(op));
}

static void emitChecks(MergeOp op) {
  OpBuilder builder(op);
  NamedOperand operands[] = {{"first_lse", op.getFirstLse()},
                             {"second_out", op.getSecondOut()},
                             {"second_lse", op.getSecondLse()},
                             {"out", op.getOut()},
                             {"lse", op.getLse()}};
  for (auto [name, operand] : operands)
    for (auto [dim, what] : op.getRowDims()) {
      auto nameOf = [what = what](StringRef of) {
        return (what + " of " + of).str();
      };
      emitSameSizeCheck(builder, op.getLoc(), nameOf(name), operand, dim,
                        nameOf("first_out"), op.getFirstOut(), dim);
    }
  // A row of the parts is read before that row of the result is written.
  emitOverlapCheck(op, getWritten(op), getRead(op), {});
}

/// Emits checks of the sizes of what kv_write does to keys and queries, and of
/// positions.
static void emitRotationChecks(OpBuilder &builder, Location loc, KvWriteOp op) {
  const NamedOperand operands[] = {{"tokens of query", op.getQuery()},
                                   {"tokens of query_out", op.getQueryOut()},
                                   {"positions", op.getPositions()}};
  for (auto [name, operand] : operands)
    if (operand)
      emitSameTokensCheck(builder, loc, name, operand, "tokens of key",
                          op.getKey());
  if (!op.getPositions())
    return;
  emitSameSizeCheck(builder, loc, "rows of sin", op.getSin(), 0, "rows of cos",
                    op.getCos(), 0);
  Value rows = memref::DimOp::create(builder, loc, op.getCos(), 0);
  Value last =
      arith::SubIOp::create(builder, loc, rows, constantIndex(builder, loc, 1));
  CheckIntegersOp::create(builder, loc, builder.getStringAttr("positions"),
                          op.getPositions(), last);
}

static void emitChecks(KvWriteOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  if (op.getValue())
    emitSameTokensCheck(builder, loc, "tokens of value", op.getValue(),
                        "tokens of key", op.getKey());
  emitSameTokensCheck(builder, loc, "slots", op.getSlots(), "tokens of key",
                      op.getKey());
  // Dynamic scales differ by token and so are not looked at.
  emitCacheScaleCheck(builder, loc, "key_scale", op.getKeyScale(),
                      op.getKeyScaleMap(), op.getKeyCache());
  emitCacheScaleCheck(builder, loc, "value_scale", op.getValueScale(),
                      op.getValueScaleMap(), op.getValueCache());
  emitZeroPointChecks(builder, loc, op);
  emitScaleCheck(builder, loc, "key_outer_scale", op.getKeyOuterScale());
  emitScaleCheck(builder, loc, "value_outer_scale", op.getValueOuterScale());
  for (Value cache : op.getCaches())
    CheckSlotsOp::create(builder, loc, op.getSlots(), cache);
  emitRotationChecks(builder, loc, op);
  if (!op.getQuery())
    return emitOverlapCheck(op, getWritten(op), {}, getRead(op));
  // A row of the query is read before that row of the output is written. What
  // else is written may not be in its place.
  auto isQueryOut = [](const NamedOperand &operand) {
    return operand.first == "query_out";
  };
  SmallVector<NamedOperand> written = getWritten(op), read = getRead(op);
  llvm::erase_if(written, isQueryOut);
  read.emplace_back("query_out", op.getQueryOut());
  emitOverlapCheck(op, written, {}, read);
  llvm::erase_if(read, [&](const NamedOperand &operand) {
    return operand.first == "query" || isQueryOut(operand);
  });
  emitOverlapCheck(op, {{"query_out", op.getQueryOut()}},
                   {{"query", op.getQuery()}}, read);
}

/// Checks that source and destination agree in every dynamic dimension.
template <typename ConvertOp> static void emitChecks(ConvertOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto source = op.getSource().getType();
  auto destination = op.getDestination().getType();
  for (int64_t dim = 0; dim < source.getRank(); ++dim) {
    if (!source.isDynamicDim(dim) && !destination.isDynamicDim(dim))
      continue;
    std::string suffix = " dimension " + std::to_string(dim);
    emitSameSizeCheck(builder, loc, "destination" + suffix, op.getDestination(),
                      dim, "source" + suffix, op.getSource(), dim);
  }
  emitTensorScaleCheck(builder, loc, "scale", op.getScale(), op.getScaleMap(),
                       "source", op.getSource());
  // Not in place: codes are smaller than elements, so that a row's codes lie on
  // elements of rows that other workers still have to read.
  emitOverlapCheck(op, getWritten(op), {}, getRead(op));
}

static void emitChecks(RepackOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  emitCacheScaleCheck(builder, loc, "key_scale", op.getKeyScale(),
                      op.getKeyScaleMap(), op.getScaledCache());
  emitCacheScaleCheck(builder, loc, "value_scale", op.getValueScale(),
                      op.getValueScaleMap(), op.getScaledCache());
  if (op.getPages()) {
    CheckPagesOp::create(builder, loc, op.getPages(), op.getSource(),
                         op.getDestination());
    SmallVector<NamedOperand> read = getRead(op);
    llvm::erase_if(read, [](const NamedOperand &operand) {
      return operand.first == "source";
    });
    // Pages may be copied within one cache, but not from one layout to another.
    if (op.getSource().getType() == op.getDestination().getType())
      CheckPageMovesOp::create(builder, loc, op.getPages(), op.getSource(),
                               op.getDestination());
    else
      read.emplace_back("source", op.getSource());
    emitOverlapCheck(op, getWritten(op), {}, read);
    return;
  }
  const CacheType source = op.getSource().getType();
  const CacheType destination = op.getDestination().getType();
  const bool haveEqualPages =
      source.getPageTokens() == destination.getPageTokens();
  // A page has more bytes than tokens, so that these fit into 64 bits.
  auto sizeOf = [&](TypedValue<CacheType> cache) -> Value {
    Value pages = CacheNumPagesOp::create(builder, loc, cache);
    if (haveEqualPages)
      return pages;
    return arith::MulIOp::create(
        builder, loc, pages,
        arith::ConstantIndexOp::create(builder, loc,
                                       cache.getType().getPageTokens()));
  };
  auto nameOf = [&](StringRef cache) {
    return builder.getStringAttr((haveEqualPages ? "pages of " : "tokens of ") +
                                 cache);
  };
  CheckSizeOp::create(builder, loc, nameOf("destination"),
                      sizeOf(op.getDestination()), nameOf("source"),
                      sizeOf(op.getSource()));
  emitOverlapCheck(op, getWritten(op), {}, getRead(op));
}

bool mlir::fp8attn::isModelOp(Operation *op) {
  return isa<ModelOpInterface>(op);
}

SmallVector<NamedOperand> mlir::fp8attn::getWrittenOperands(Operation *op) {
  return getWritten(cast<ModelOpInterface>(op));
}

void mlir::fp8attn::emitOperationChecks(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
            QuantizeOp, DequantizeOp>([](auto op) { emitChecks(op); });
}
