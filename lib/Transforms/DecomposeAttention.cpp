//===- DecomposeAttention.cpp - attention to tile operations ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes paged_attention out as loops around tile operations, with every
// factor a multiplication of its own. Block sizes are those of the kernel ABI.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"
#include "ScaleMap.h"
#include "ScoreModifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_DECOMPOSEATTENTION
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Scores are turned to base 2: exp(x) = exp2(x * log2(e)).
static constexpr float kLog2E = 1.4426950408889634f;

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

static Value constantF32(OpBuilder &builder, Location loc, float value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(value));
}

/// Decodes a tile if it is FP8, and multiplies it by its scale.
static Value decodeAndScale(OpBuilder &builder, Location loc, Value tile,
                            Value scale) {
  auto type = cast<RankedTensorType>(tile.getType());
  if (type.getElementType().isBF16())
    return tile;
  Value decoded =
      DecodeOp::create(builder, loc, type.clone(builder.getBF16Type()), tile);
  return ScaleOp::create(builder, loc, decoded, scale);
}

/// What a body needs to know of the operation and the work item.
struct ItemContext {
  PagedAttentionOp op;
  Value item;
  Value run;
  Value keyScale;
  Value valueScale;
};

/// One step of the loop over keys: returns the new (max, sum, acc).
static SmallVector<Value> buildStep(OpBuilder &builder, Location loc,
                                    const ItemContext &context, Value query,
                                    Value firstKey, ValueRange state) {
  PagedAttentionOp op = context.op;
  CacheType keys = op.getKeyCacheType();
  CacheType values = op.getValueCacheType();
  int64_t rows = cast<RankedTensorType>(query.getType()).getDimSize(0);
  auto tile = [](int64_t first, int64_t second, Type element) {
    return RankedTensorType::get({first, second}, element);
  };
  Type f32 = builder.getF32Type(), bf16 = builder.getBF16Type();
  constexpr int64_t kKeys = FP8ATTN_BLOCK_KEYS;

  Value key = LoadKeyOp::create(
      builder, loc, tile(kKeys, keys.getHeadDim(), keys.getElementType()),
      context.run, firstKey);
  key = decodeAndScale(builder, loc, key, context.keyScale);
  Value scores = QkOp::create(builder, loc, tile(rows, kKeys, f32), query, key,
                              /*factor=*/Value());
  scores =
      ScaleOp::create(builder, loc, scores,
                      constantF32(builder, loc, op.getEffectiveSoftmaxScale()));
  if (op.modifiesScores())
    scores = createModify(builder, loc, op, scores, context.item, firstKey);
  scores =
      ScaleOp::create(builder, loc, scores, constantF32(builder, loc, kLog2E));
  scores = MaskOp::create(builder, loc, scores, context.item, firstKey);
  auto softmax = SoftmaxOp::create(builder, loc, tile(rows, kKeys, bf16),
                                   state[0].getType(), state[1].getType(),
                                   state[2].getType(), scores, state[0],
                                   state[1], state[2]);
  Value value = LoadValueOp::create(
      builder, loc, tile(kKeys, values.getHeadDim(), values.getElementType()),
      context.run, firstKey);
  value = decodeAndScale(builder, loc, value, context.valueScale);
  Value acc = PvOp::create(builder, loc, softmax.getProbs(), value,
                           softmax.getNewAcc());
  return {softmax.getNewMax(), softmax.getNewSum(), acc};
}

/// The body of a work item of at most `rows` rows.
static void buildItem(OpBuilder &builder, Location loc,
                      const ItemContext &context, int64_t rows) {
  PagedAttentionOp op = context.op;
  auto rowType = RankedTensorType::get({rows}, builder.getF32Type());
  auto tileType = [&](int64_t columns, Type element) {
    return RankedTensorType::get({rows, columns}, element);
  };
  Value query = LoadQueryOp::create(
      builder, loc, tileType(op.getKeyDim(), builder.getBF16Type()),
      context.item, op.getQuery());
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
                   op.getOut(), op.getLse(), /*factor=*/Value());
}

/// Finds the item's head, scales and keys, and builds a body for few rows and
/// one for many.
static void buildNonEmptyItem(OpBuilder &builder, Location loc,
                              PagedAttentionOp op, Value item, Value numRows) {
  ItemContext context{op, item, {}, {}, {}};
  Value head = KvHeadOp::create(builder, loc, item);
  SmallVector<Value> dims = {Value(), head, Value(), Value()};
  if (op.getKeyScale())
    context.keyScale =
        loadScale(builder, loc, op.getKeyScale(), *op.getKeyScaleMap(), dims);
  if (op.getValueScale())
    context.valueScale = loadScale(builder, loc, op.getValueScale(),
                                   *op.getValueScaleMap(), dims);
  context.run = KeyRunOp::create(builder, loc, item, op.getBlockTable(),
                                 op.getKeyCache(), op.getValueCache());
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
        buildItem(body, loc, context, FP8ATTN_BLOCK_ROWS);
        scf::YieldOp::create(body, loc);
      });
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
  emitScaleCheck(builder, loc, "key_scale", op.getKeyScale());
  emitScaleCheck(builder, loc, "value_scale", op.getValueScale());
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

namespace {
struct DecomposeAttentionPass
    : public fp8attn::impl::DecomposeAttentionBase<DecomposeAttentionPass> {
  using DecomposeAttentionBase::DecomposeAttentionBase;

  void runOnOperation() override {
    SmallVector<PagedAttentionOp> ops;
    getOperation().walk([&](PagedAttentionOp op) { ops.push_back(op); });
    for (PagedAttentionOp op : ops) {
      if (runtimeChecks)
        emitChecks(op);
      decompose(op);
    }
  }
};
} // namespace
