//===- PagedAttention.cpp - attention over a paged cache ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loop over the work items of a ragged batch.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/AttentionBody.h"
#include "DecomposeAttention/AttentionDecomposition.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/MixedParts.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Finds the item's heads, scales and keys.
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
  Value head = KvHeadOp::create(builder, loc, item);
  Value keyCache = op.getKeyCache(), valueCache = op.getValueCache();
  if (op.getKeyCacheType().isMixed()) {
    auto [codes, rope] = splitMixed(builder, loc, op.getKeyCache());
    keyCache = valueCache = codes;
    context.rope = rope;
  }
  Value keyHead =
      shareHead(builder, loc, op, head, op.getKeyCacheType().getNumHeads());
  Value valueHead =
      shareHead(builder, loc, op, head, op.getValueCacheType().getNumHeads());
  makeScales(builder, loc, keyHead, valueHead,
             op.getKeyCacheType().getPageTokens(), context);
  makeRowScaleMaps({kRowToken, kRowHead}, context);
  if (op.getDraftMask())
    context.diagonal = DiagonalOp::create(builder, loc, item);
  context.run = KeyRunOp::create(builder, loc, item, op.getBlockTable(),
                                 keyCache, valueCache);
  buildBodies(builder, loc, context, numRows, FP8ATTN_BLOCK_ROWS);
}

void mlir::fp8attn::decompose(PagedAttentionOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  int64_t kvHeads = op.getNumKvHeads();
  int64_t group = op.getNumHeads() / kvHeads;
  Value tokens = memref::DimOp::create(builder, loc, op.getQuery(), 0);
  Value sequences = memref::DimOp::create(builder, loc, op.getSeqLens(), 0);
  Value rows = ItemRowsOp::create(builder, loc, tokens, sequences, group,
                                  kvHeads, FP8ATTN_BLOCK_ROWS);
  Value blocks = NumWorkItemsOp::create(builder, loc, tokens, sequences, rows,
                                        group, kvHeads);
  // Keys without a column of the mask are masked, as if they were not there,
  // but count where queries stand at the last key.
  Value mostKeys;
  if (Value mask = op.getMask())
    mostKeys = memref::DimOp::create(builder, loc, mask, 1);
  Value parts = NumPartsOp::create(
      builder, loc, blocks, tokens, op.getQueryStart(), op.getSeqLens(), rows,
      mostKeys, builder.getI64IntegerAttr(group),
      builder.getI64IntegerAttr(kvHeads),
      windowSide(builder, op.getWindowLeft()),
      windowSide(builder, op.getEffectiveWindowRight()), op.getAlignmentAttr());
  Value items = arith::MulIOp::create(builder, loc, blocks, parts);
  const int64_t channels = op.getKeyDim() + op.getValueDim();
  Value atOnce = ItemsAtOnceOp::create(
      builder, loc, items, op.getQueryStart(), op.getSeqLens(), group, kvHeads,
      channels, windowSide(builder, op.getWindowLeft()));
  forEachInParallel(
      builder, loc, items, atOnce, [&](OpBuilder &body, Value index) {
        Value item = WorkItemOp::create(
            body, loc, index, parts, tokens, op.getQueryStart(),
            op.getSeqLens(), rows, mostKeys, body.getI64IntegerAttr(group),
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
      });
  op.erase();
}
