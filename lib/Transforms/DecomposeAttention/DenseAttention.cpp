//===- DenseAttention.cpp - attention over dense tensors ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loop over blocks of rows of each batch entry and KV head.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/AttentionBody.h"
#include "DecomposeAttention/AttentionDecomposition.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/Loops.h"
#include "Support/Views.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/kernels.h"
#include "fp8attn/Runtime/lowering_abi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

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
static Type getTileElement(TypedValue<ShapedType> tensor) {
  Type element = tensor.getType().getElementType();
  return element.getIntOrFloatBitWidth() == 8
             ? element
             : BFloat16Type::get(tensor.getContext());
}

/// Finds the item's batch entry, heads and scales.
static void buildDenseItem(OpBuilder &builder, Location loc, AttentionOp op,
                           Value item) {
  Value entry = SequenceOp::create(builder, loc, item);
  Value head = KvHeadOp::create(builder, loc, item);
  Value keyHead =
      shareHead(builder, loc, op, head, op.getKey().getType().getDimSize(1));
  Value valueHead =
      shareHead(builder, loc, op, head, op.getValue().getType().getDimSize(1));
  ItemContext context;
  context.op = op;
  context.item = item;
  context.query = viewOfEntry(builder, loc, op.getQuery(), entry);
  context.out = viewOfEntry(builder, loc, op.getOut(), entry);
  context.lse = viewOfEntry(builder, loc, op.getLse(), entry);
  context.denseKeys = viewOfHead(builder, loc, op.getKey(), entry, keyHead);
  context.denseValues =
      viewOfHead(builder, loc, op.getValue(), entry, valueHead);
  context.keyType = getTileElement(op.getKey());
  context.valueType = getTileElement(op.getValue());
  makeScales(builder, loc, keyHead, valueHead, /*pageTokens=*/0, context);
  makeRowScaleMaps({kRowSequence, kRowHead, kRowToken}, context);
  context.diagonal = DiagonalOp::create(builder, loc, item);
  Value numRows = NumRowsOp::create(builder, loc, item);
  buildBodies(builder, loc, context, numRows, FP8ATTN_DENSE_ROWS);
}

namespace {
/// Keys of a batch entry: how many are visible at most, and the position of its
/// first query among them.
struct EntryKeys {
  Value keys, diagonal;
};
} // namespace

/// Finds the keys of an entry, the `number`-th, of `keys` in all. Those without
/// a column of the mask are masked, as if they were not there, but count where
/// queries stand at the last key.
static EntryKeys buildEntryKeys(OpBuilder &builder, Location loc,
                                AttentionOp op, Value number, Value queries,
                                Value keys) {
  auto load = [&](Value integers) -> Value {
    return arith::IndexCastOp::create(
        builder, loc, builder.getIndexType(),
        memref::LoadOp::create(builder, loc, integers, number));
  };
  if (Value lens = op.getKeyLens())
    keys = load(lens);
  EntryKeys entry{keys, Value()};
  if (Value offsets = op.getQueryOffsets())
    entry.diagonal = load(offsets);
  else if (op.getAlignment() == Alignment::TopLeft)
    entry.diagonal = constantIndex(builder, loc, 0);
  else
    entry.diagonal = arith::SubIOp::create(builder, loc, keys, queries);
  if (Value mask = op.getMask()) {
    Value columns = memref::DimOp::create(builder, loc, mask, 3);
    entry.keys = arith::MinUIOp::create(builder, loc, keys, columns);
  }
  return entry;
}

/// Returns how many items of up to `rows` rows take longer than it takes to
/// wake a thread for them, as tile.items_at_once has it: all have as many keys.
static Value buildItemsAtOnce(OpBuilder &builder, Location loc, AttentionOp op,
                              Value rows, Value queries, Value keys) {
  auto number = [&](int64_t value) {
    return constantIndex(builder, loc, value);
  };
  Value inItem =
      arith::MinUIOp::create(builder, loc, rows, number(FP8ATTN_DENSE_ROWS));
  Value decodings =
      ceilDivide(builder, loc, inItem, FP8ATTN_ROWS_OF_A_DECODING);
  // More keys are enough in any case, and their product may not have 64 bits.
  keys = arith::MinUIOp::create(builder, loc, keys,
                                number(FP8ATTN_ELEMENTS_AT_ONCE));
  if (std::optional<int64_t> left = op.getWindowLeft()) {
    // Both have 63 bits, so that the sum does not wrap.
    Value seen = arith::AddIOp::create(builder, loc, queries, number(*left));
    keys = arith::MinUIOp::create(builder, loc, keys, seen);
  }
  Value elements = arith::MulIOp::create(
      builder, loc, keys, number(op.getKeyDim() + op.getValueDim()));
  elements = arith::MulIOp::create(builder, loc, elements, decodings);
  elements = arith::AddIOp::create(builder, loc, elements,
                                   number(FP8ATTN_ITEM_ELEMENTS));
  Value atOnce = arith::DivUIOp::create(
      builder, loc, number(FP8ATTN_ELEMENTS_AT_ONCE), elements);
  return arith::MaxUIOp::create(builder, loc, atOnce, number(1));
}

void mlir::fp8attn::decompose(AttentionOp op) {
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
  Value blocks = ceilDivide(builder, loc, rows, FP8ATTN_DENSE_ROWS);
  Value items = arith::MulIOp::create(builder, loc, heads, blocks);
  Value itemsOfEntry = arith::MulIOp::create(
      builder, loc, blocks, constantIndex(builder, loc, kvHeads));
  Value atOnce = buildItemsAtOnce(builder, loc, op, rows, queries, keys);
  forEachInParallel(
      builder, loc, items, atOnce, [&](OpBuilder &body, Value index) {
        Value number = arith::DivUIOp::create(body, loc, index, itemsOfEntry);
        EntryKeys entry = buildEntryKeys(body, loc, op, number, queries, keys);
        Value item = DenseItemOp::create(
            body, loc, index, queries, entry.keys, entry.diagonal,
            body.getI64IntegerAttr(group), body.getI64IntegerAttr(kvHeads),
            body.getI64IntegerAttr(FP8ATTN_DENSE_ROWS),
            windowSide(body, op.getWindowLeft()),
            windowSide(body, op.getEffectiveWindowRight()));
        buildDenseItem(body, loc, op, item);
      });
  op.erase();
}
