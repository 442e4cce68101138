//===- DecomposeAttention.cpp - attention to tile operations ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes paged_attention and attention out as loops around tile operations,
// with every factor a multiplication of its own. Block sizes are those of the
// kernel ABI. The two differ in how work items are found, and in where an
// item's tensors are.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "ItemScale.h"
#include "RuntimeChecks.h"
#include "ScoreModifiers.h"
#include "Views.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEATTENTION
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Scores are turned to base 2: exp(x) = exp2(x * log2(e)).
static constexpr float kLog2E = 1.4426950408889634f;

namespace {
/// What a body needs to know of the operation and the work item.
struct ItemContext {
  AttentionInterface op;
  Value item;
  /// [tokens, heads, channels], tokens as the item counts them.
  Value query, out;
  /// [tokens, heads], null if absent.
  Value lse;
  ItemScale keyScale, valueScale;
  /// Keys and values in pages; null if they are dense.
  Value run;
  /// [keys, channels] of the item's head, null if they are in pages.
  Value denseKeys, denseValues;
  /// The position of query 0; null if keys are in pages.
  Value diagonal;
  /// Element types of the tiles.
  Type keyType, valueType;
};
} // namespace

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

/// One step of the loop over keys: returns the new (max, sum, acc).
static SmallVector<Value> buildStep(OpBuilder &builder, Location loc,
                                    const ItemContext &context, Value query,
                                    Value firstKey, ValueRange state) {
  AttentionInterface op = context.op;
  int64_t rows = cast<RankedTensorType>(query.getType()).getDimSize(0);
  auto tile = [](int64_t first, int64_t second, Type element) {
    return RankedTensorType::get({first, second}, element);
  };
  Type f32 = builder.getF32Type(), bf16 = builder.getBF16Type();
  constexpr int64_t kKeys = FP8ATTN_BLOCK_KEYS;

  Value keyFactor =
      makeStepFactor(builder, loc, context.keyScale, context.run, firstKey);
  Value valueFactor =
      makeStepFactor(builder, loc, context.valueScale, context.run, firstKey);
  Value key = loadTile<LoadKeyOp>(builder, loc, context, context.denseKeys,
                                  context.keyType, op.getKeyDim(), firstKey);
  key = decodeAndScale(builder, loc, key, keyFactor);
  Value scores = QkOp::create(builder, loc, tile(rows, kKeys, f32), query, key,
                              /*factor=*/Value(), /*keyFactor=*/Value());
  scores = ScaleOp::create(
      builder, loc, scores,
      constantF32(builder, loc, op.getEffectiveSoftmaxScale()), IntegerAttr());
  if (op.modifiesScores())
    scores = createModify(builder, loc, op, scores, context.item,
                          context.diagonal, firstKey);
  scores = ScaleOp::create(builder, loc, scores,
                           constantF32(builder, loc, kLog2E), IntegerAttr());
  scores = MaskOp::create(builder, loc, scores, context.item, firstKey);
  auto softmax = SoftmaxOp::create(builder, loc, tile(rows, kKeys, bf16),
                                   state[0].getType(), state[1].getType(),
                                   state[2].getType(), scores, state[0],
                                   state[1], state[2], /*probFactor=*/Value());
  Value value =
      loadTile<LoadValueOp>(builder, loc, context, context.denseValues,
                            context.valueType, op.getValueDim(), firstKey);
  value = decodeAndScale(builder, loc, value, valueFactor);
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
      builder, loc, tileType(op.getKeyDim(), builder.getBF16Type()),
      context.item, context.query, /*channelFactor=*/Value());
  auto init = InitOp::create(builder, loc, rowType, rowType,
                             tileType(op.getValueDim(), builder.getF32Type()));
  Value firstKey = FirstKeyOp::create(builder, loc, context.item);
  Value numKeys = NumKeysOp::create(builder, loc, context.item);
  auto loop = scf::ForOp::create(
      builder, loc, firstKey, numKeys,
      constantIndex(builder, loc, FP8ATTN_BLOCK_KEYS), init.getResults(),
      [&](OpBuilder &body, Location loc, Value firstKey, ValueRange state) {
        scf::YieldOp::create(
            body, loc, buildStep(body, loc, context, query, firstKey, state));
      });
  FinishOp::create(builder, loc, context.item, loop.getResult(0),
                   loop.getResult(1), loop.getResult(2), op.getSink(),
                   context.out, context.lse, /*factor=*/Value(),
                   /*channelFactor=*/Value());
}

/// Finds the scales of the item's head; pageTokens is 0 if keys are dense.
static void makeScales(OpBuilder &builder, Location loc, Value head,
                       int64_t pageTokens, ItemContext &context) {
  AttentionInterface op = context.op;
  context.keyScale =
      makeItemScale(builder, loc, op.getKeyScale(), op.getKeyScaleMap(),
                    op.getKeyDim(), pageTokens, head);
  context.valueScale =
      makeItemScale(builder, loc, op.getValueScale(), op.getValueScaleMap(),
                    op.getValueDim(), pageTokens, head);
}

/// Builds a body for few rows and one for up to `mostRows`.
static void buildBodies(OpBuilder &builder, Location loc,
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

/// Finds the item's head, scales and keys.
static void buildNonEmptyItem(OpBuilder &builder, Location loc,
                              PagedAttentionOp op, Value item, Value numRows) {
  ItemContext context;
  context.op = op;
  context.item = item;
  context.query = op.getQuery();
  context.out = op.getOut();
  context.lse = op.getLse();
  context.keyType = op.getKeyCacheType().getElementType();
  context.valueType = op.getValueCacheType().getElementType();
  makeScales(builder, loc, KvHeadOp::create(builder, loc, item),
             op.getKeyCacheType().getPageTokens(), context);
  context.run = KeyRunOp::create(builder, loc, item, op.getBlockTable(),
                                 op.getKeyCache(), op.getValueCache());
  buildBodies(builder, loc, context, numRows, FP8ATTN_BLOCK_ROWS);
}

/// Returns one side of a window as an attribute, null if it has no end.
static IntegerAttr windowSide(Builder &builder, std::optional<int64_t> keys) {
  return keys ? builder.getI64IntegerAttr(*keys) : IntegerAttr();
}

/// Returns the operands other than the query that are read.
static SmallVector<NamedOperand> getReadOperands(PagedAttentionOp op) {
  const bool isPair = op.getCaches().size() > 1;
  return {{isPair ? "key_cache" : "cache", op.getKeyCache()},
          {"value_cache", isPair ? op.getValueCache() : Value()},
          {"key_scale", op.getKeyScale()},
          {"value_scale", op.getValueScale()},
          {"query_start", op.getQueryStart()},
          {"seq_lens", op.getSeqLens()},
          {"block_table", op.getBlockTable()},
          {"sink", op.getSink()},
          {"alibi", op.getAlibi()},
          {"mask", op.getMask()}};
}

static void emitChecks(PagedAttentionOp op) {
  OpBuilder builder = getCheckBuilder(op);
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
  Value tokens = memref::DimOp::create(builder, loc, op.getQuery(), 0);
  for (Value cache : op.getCaches())
    CheckBatchOp::create(builder, loc, op.getQueryStart(), op.getSeqLens(),
                         op.getBlockTable(), tokens, cache,
                         windowSide(builder, op.getWindowLeft()),
                         windowSide(builder, op.getEffectiveWindowRight()),
                         op.getAlignmentAttr());
  emitOverlapCheck(op, {{"out", op.getOut()}, {"lse", op.getLse()}},
                   // A work item has read its rows of the query when it writes
                   // those of the output, and no other item reads them.
                   {{"query", op.getQuery()}}, getReadOperands(op));
  if (!op.getMask())
    return;
  emitSameTokensCheck(builder, loc, "tokens of mask", op.getMask(),
                      "tokens of query", op.getQuery());
  Value columns = memref::DimOp::create(builder, loc, op.getMask(), 1);
  CheckColumnsOp::create(builder, loc, builder.getStringAttr("mask"), columns,
                         op.getSeqLens());
}

static void decompose(PagedAttentionOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  int64_t kvHeads = op.getNumKvHeads();
  int64_t group = op.getNumHeads() / kvHeads;
  Value tokens = memref::DimOp::create(builder, loc, op.getQuery(), 0);
  Value sequences = memref::DimOp::create(builder, loc, op.getSeqLens(), 0);
  Value items =
      NumWorkItemsOp::create(builder, loc, tokens, sequences, group, kvHeads);
  scf::ForallOp::create(
      builder, loc, ArrayRef<OpFoldResult>{items}, ValueRange(), std::nullopt,
      [&](OpBuilder &body, Location loc, ValueRange arguments) {
        Value item = WorkItemOp::create(
            body, loc, arguments.front(), tokens, op.getQueryStart(),
            op.getSeqLens(), body.getI64IntegerAttr(group),
            body.getI64IntegerAttr(kvHeads),
            windowSide(body, op.getWindowLeft()),
            windowSide(body, op.getEffectiveWindowRight()),
            op.getAlignmentAttr());
        Value numRows = NumRowsOp::create(body, loc, item);
        Value hasRows =
            arith::CmpIOp::create(body, loc, arith::CmpIPredicate::ne, numRows,
                                  constantIndex(body, loc, 0));
        scf::IfOp::create(body, loc, hasRows,
                          [&](OpBuilder &then, Location loc) {
                            buildNonEmptyItem(then, loc, op, item, numRows);
                            scf::YieldOp::create(then, loc);
                          });
        scf::InParallelOp::create(body, loc);
      });
  op.erase();
}

//===----------------------------------------------------------------------===//
// Dense attention
//===----------------------------------------------------------------------===//

/// Returns a batch entry [heads, tokens, ...] of a tensor with its first two
/// dimensions exchanged, null of an absent one.
static Value viewOfEntry(OpBuilder &builder, Location loc, Value tensor,
                         Value entry) {
  if (!tensor)
    return tensor;
  auto type = cast<MemRefType>(tensor.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  offsets.front() = entry;
  SmallVector<OpFoldResult> sizes = {builder.getIndexAttr(1)};
  for (int64_t dim = 1; dim < type.getRank(); ++dim)
    sizes.push_back(memref::getMixedSize(builder, loc, tensor, dim));
  Value view = viewOf(builder, loc, tensor, offsets, sizes,
                      type.getShape().drop_front());
  SmallVector<unsigned> exchanged = {1, 0};
  if (type.getRank() == 4)
    exchanged.push_back(2);
  auto map = AffineMap::getPermutationMap(exchanged, builder.getContext());
  return memref::TransposeOp::create(builder, loc, view,
                                     AffineMapAttr::get(map));
}

/// Returns [tokens, channels] of a head of a batch entry.
static Value viewOfHead(OpBuilder &builder, Location loc, Value tensor,
                        Value entry, Value head) {
  auto type = cast<MemRefType>(tensor.getType());
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  return viewOf(builder, loc, tensor, {entry, head, zero, zero},
                {one, one, memref::getMixedSize(builder, loc, tensor, 2),
                 memref::getMixedSize(builder, loc, tensor, 3)},
                type.getShape().drop_front(2));
}

/// Returns the element type of a tile of dense keys or values.
static Type getTileElement(TypedValue<MemRefType> tensor) {
  Type element = tensor.getType().getElementType();
  return element.getIntOrFloatBitWidth() == 8
             ? element
             : BFloat16Type::get(tensor.getContext());
}

/// Finds the item's batch entry, head and scales.
static void buildDenseItem(OpBuilder &builder, Location loc, AttentionOp op,
                           Value item) {
  Value entry = SequenceOp::create(builder, loc, item);
  Value head = KvHeadOp::create(builder, loc, item);
  ItemContext context;
  context.op = op;
  context.item = item;
  context.query = viewOfEntry(builder, loc, op.getQuery(), entry);
  context.out = viewOfEntry(builder, loc, op.getOut(), entry);
  context.lse = viewOfEntry(builder, loc, op.getLse(), entry);
  context.denseKeys = viewOfHead(builder, loc, op.getKey(), entry, head);
  context.denseValues = viewOfHead(builder, loc, op.getValue(), entry, head);
  context.keyType = getTileElement(op.getKey());
  context.valueType = getTileElement(op.getValue());
  makeScales(builder, loc, head, /*pageTokens=*/0, context);
  context.diagonal = DiagonalOp::create(builder, loc, item);
  Value numRows = NumRowsOp::create(builder, loc, item);
  buildBodies(builder, loc, context, numRows, FP8ATTN_DENSE_ROWS);
}

static void emitChecks(AttentionOp op) {
  OpBuilder builder = getCheckBuilder(op);
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
  if (mask && op.getMask().getType().getDimSize(kBatch) != 1)
    same("batch", "mask", mask, kBatch, "query", query, kBatch);
  same("queries", "mask", mask, kTokens, "query", query, kTokens);
  same("keys", "mask", mask, kMaskKeys, "key", key, kTokens);
  emitCountCheck(builder, loc, "queries of query", query, kTokens);
  emitCountCheck(builder, loc, "keys of key", key, kTokens);
  emitScaleCheck(builder, loc, "key_scale", op.getKeyScale());
  emitScaleCheck(builder, loc, "value_scale", op.getValueScale());
  emitOverlapCheck(op, {{"out", op.getOut()}, {"lse", op.getLse()}}, {},
                   {{"query", op.getQuery()},
                    {"key", op.getKey()},
                    {"value", op.getValue()},
                    {"key_scale", op.getKeyScale()},
                    {"value_scale", op.getValueScale()},
                    {"sink", op.getSink()},
                    {"alibi", op.getAlibi()},
                    {"mask", op.getMask()}});
}

static void decompose(AttentionOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  int64_t kvHeads = op.getNumKvHeads();
  int64_t group = op.getNumHeads() / kvHeads;
  Value queries = memref::DimOp::create(builder, loc, op.getQuery(), 2);
  Value keys = memref::DimOp::create(builder, loc, op.getKey(), 2);
  Value heads = arith::MulIOp::create(
      builder, loc, memref::DimOp::create(builder, loc, op.getQuery(), 0),
      constantIndex(builder, loc, kvHeads));
  Value rows = arith::MulIOp::create(builder, loc, queries,
                                     constantIndex(builder, loc, group));
  Value padded = arith::AddIOp::create(
      builder, loc, rows, constantIndex(builder, loc, FP8ATTN_DENSE_ROWS - 1));
  Value blocks = arith::DivUIOp::create(
      builder, loc, padded, constantIndex(builder, loc, FP8ATTN_DENSE_ROWS));
  Value items = arith::MulIOp::create(builder, loc, heads, blocks);
  scf::ForallOp::create(
      builder, loc, ArrayRef<OpFoldResult>{items}, ValueRange(), std::nullopt,
      [&](OpBuilder &body, Location loc, ValueRange arguments) {
        Value item = DenseItemOp::create(
            body, loc, arguments.front(), queries, keys,
            body.getI64IntegerAttr(group), body.getI64IntegerAttr(kvHeads),
            body.getI64IntegerAttr(FP8ATTN_DENSE_ROWS),
            windowSide(body, op.getWindowLeft()),
            windowSide(body, op.getEffectiveWindowRight()),
            op.getAlignmentAttr());
        buildDenseItem(body, loc, op, item);
        scf::InParallelOp::create(body, loc);
      });
  op.erase();
}

namespace {
struct DecomposeAttentionPass
    : public fp8attn::impl::DecomposeAttentionBase<DecomposeAttentionPass> {
  using DecomposeAttentionBase::DecomposeAttentionBase;

  void runOnOperation() override {
    SmallVector<AttentionInterface> ops;
    getOperation().walk([&](AttentionInterface op) { ops.push_back(op); });
    auto decomposeOne = [&](auto op) {
      if (runtimeChecks)
        emitChecks(op);
      decompose(op);
    };
    for (AttentionInterface op : ops)
      llvm::TypeSwitch<Operation *>(op).Case<PagedAttentionOp, AttentionOp>(
          decomposeOne);
  }
};
} // namespace
