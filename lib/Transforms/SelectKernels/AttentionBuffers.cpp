//===- AttentionBuffers.cpp - scratch of a work item ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/AttentionBuffers.h"
#include "Support/Constants.h"
#include "Support/Views.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kTileRows = FP8ATTN_TILE_ROWS;

/// Returns the type of [rows, columns] in tiles of 16 rows of `perTile`
/// columns.
static MemRefType tilesOf(int64_t rows, int64_t columns, int64_t perTile,
                          Type element) {
  const int64_t rowTiles = llvm::divideCeil(rows, kTileRows);
  return MemRefType::get({rowTiles, columns / perTile, kTileRows, perTile},
                         element);
}

/// The same of scores or accumulators.
static MemRefType floatTilesOf(int64_t rows, int64_t columns, Type f32) {
  return tilesOf(rows, columns, kValueTileChannels, f32);
}

/// The same of queries or probabilities.
static MemRefType productTilesOf(int64_t rows, int64_t columns, Type element) {
  return tilesOf(rows, columns, kKeyTileChannels, element);
}

int64_t mlir::fp8attn::getMostRows(AttentionMatch &match,
                                   const AttentionCandidate &candidate) {
  if (candidate.isPrefill())
    return candidate.attend->maxRows;
  const int64_t rows = match.query.getTile().getType().getDimSize(0);
  // As many as of dense keys, which are packed once for them.
  const bool isDequantized =
      (match.changesKeys() && !candidate.scalesKeyBlocks()) ||
      (match.changesValues() && !candidate.scalesValueBlocks());
  return isDequantized && rows == FP8ATTN_BLOCK_ROWS && match.getItemRows()
             ? FP8ATTN_DENSE_ROWS
             : rows;
}

AttentionBuffers::AttentionBuffers(AttentionMatch &match,
                                   const AttentionCandidate &candidate)
    : itemRows(getMostRows(match, candidate)),
      keyDim(match.query.getTile().getType().getDimSize(1)),
      valueDim(match.getValueTile().getDimSize(1)),
      paddedKeyDim(llvm::alignTo(keyDim, kKeyTileChannels)),
      paddedValueDim(llvm::alignTo(valueDim, kValueTileChannels)),
      productType(match.getProductType()) {}

void AttentionBuffers::reserveRows(const AttentionMatch &match,
                                   const AttentionCandidate &candidate,
                                   ScratchBuilder &scratch) {
  Builder builder(match.loop->getContext());
  Type f32 = builder.getF32Type();
  const int64_t paddedRows = llvm::alignTo(itemRows, kTileRows);
  auto perRow = [&](Type element) {
    return MemRefType::get({paddedRows}, element);
  };
  scratch.add(productTilesOf(itemRows, paddedKeyDim, productType),
              all.queryTiles);
  scratch.add(perRow(f32), all.rowScale);
  scratch.add(perRow(builder.getI32Type()), all.rowBegin);
  scratch.add(perRow(builder.getI32Type()), all.rowLimit);
  for (SoftmaxState *state : {&all.state, &partState}) {
    scratch.add(perRow(f32), state->max);
    scratch.add(perRow(f32), state->sum);
    scratch.add(floatTilesOf(itemRows, paddedValueDim, f32), state->acc);
  }
  const int64_t kernelBytes =
      candidate.isPrefill()
          ? FP8ATTN_PREFILL_SCRATCH_BYTES(paddedKeyDim, paddedValueDim)
          : FP8ATTN_KERNEL_SCRATCH_BYTES;
  scratch.add(MemRefType::get({kernelBytes}, builder.getI8Type()),
              kernelScratch);
  if (!candidate.attend) {
    const int64_t rows = std::min<int64_t>(itemRows, FP8ATTN_BLOCK_ROWS);
    scratch.add(floatTilesOf(rows, FP8ATTN_BLOCK_KEYS, f32), scores);
    scratch.add(productTilesOf(rows, FP8ATTN_BLOCK_KEYS, productType), probs);
  }
  if (match.modify)
    scratch.add(perRow(f32), all.softmaxScale);
}

void AttentionBuffers::reserveFactors(const AttentionMatch &match,
                                      ScratchBuilder &scratch) {
  Type f32 = Float32Type::get(match.loop->getContext());
  auto reserve = [&](LoadScaleOp load, int64_t size, Value &view) {
    if (load)
      scratch.add(MemRefType::get({size}, f32), view);
  };
  reserve(match.keyFactor, FP8ATTN_BLOCK_KEYS, keyFactors);
  reserve(match.probFactor, FP8ATTN_BLOCK_KEYS, probFactors);
  reserve(match.queryFactor, paddedKeyDim, queryFactors);
  reserve(match.outFactor, paddedValueDim, outFactors);
  FinishOp finish = match.finish;
  if (TypedValue<MemRefType> sink = finish.getSink();
      sink && sink.getType().getElementType() != f32)
    scratch.add(MemRefType::get(sink.getType().getShape(), f32), sinks);
}

RowBlock mlir::fp8attn::sliceRows(OpBuilder &builder, Location loc,
                                  const RowBlock &all, Value firstRow,
                                  Value rows) {
  Value firstTile = arith::DivUIOp::create(
      builder, loc, firstRow, constantIndex(builder, loc, kTileRows));
  auto sliceOf = [&](Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    const bool isTiled = type.getRank() > 1;
    SmallVector<int64_t> shape(type.getShape());
    shape.front() =
        isTiled ? FP8ATTN_BLOCK_ROWS / kTileRows : FP8ATTN_BLOCK_ROWS;
    SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0));
    offsets.front() = isTiled ? firstTile : firstRow;
    return viewOf(builder, loc, buffer, offsets,
                  getAsIndexOpFoldResult(builder.getContext(), shape), shape);
  };
  RowBlock block;
  block.firstRow = firstRow;
  block.rows = rows;
  block.queryTiles = sliceOf(all.queryTiles);
  block.rowScale = sliceOf(all.rowScale);
  block.rowBegin = sliceOf(all.rowBegin);
  block.rowLimit = sliceOf(all.rowLimit);
  block.state = {sliceOf(all.state.max), sliceOf(all.state.sum),
                 sliceOf(all.state.acc)};
  block.softmaxScale = all.softmaxScale == all.rowScale
                           ? block.rowScale
                           : sliceOf(all.softmaxScale);
  return block;
}
