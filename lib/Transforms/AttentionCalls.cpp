//===- AttentionCalls.cpp - emitting the calls of attention ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. The powers of two that FP8 decoding leaves out enter here:
// the query carries 2^exponent of the key kernel, the probabilities
// 2^getProbExponent, and the finish takes both out again. So do scales that
// differ by key or by channel: between the calls, on what the kernels hand to
// each other. Those that differ by both are multiplied before the calls.
//
//===----------------------------------------------------------------------===//

#include "AttentionCalls.h"
#include "Constants.h"
#include "DensePacking.h"
#include "Dequantization.h"
#include "KernelCalls.h"
#include "ScaleLoads.h"
#include "ScaleLoops.h"
#include "ScoreLoop.h"
#include "Scratch.h"
#include "Views.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// The run that has the keys, or the values, of a step, and the place of the
/// first there.
struct RunPlace {
  Value run;
  Value first;
};

/// One step of the loop over keys.
struct KeyStep {
  Value firstKey;
  Value numKeys;
  RunPlace keys, values;
};

/// Rows that one call of the kernels takes, and their parts of the buffers.
struct RowBlock {
  /// The first one among the rows of the work item.
  Value firstRow;
  Value rows;
  Value queryTiles, rowScale, rowBegin, rowLimit;
  /// What softmax multiplies scores by: rowScale, or what is left of it behind
  /// a score region.
  Value softmaxScale;
  Value rowMax, rowSum, acc;
};

/// Emits the calls of one work item.
class AttentionEmitter {
public:
  AttentionEmitter(AttentionMatch match, const AttentionCandidate &candidate,
                   Isa isa)
      : match(match), candidate(candidate), isa(isa), builder(match.loop),
        loc(match.finish.getLoc()), item(match.query.getItem()) {}

  void emit() {
    prepare();
    emitQuery();
    if (candidate.attend)
      emitFused();
    else
      emitSeparate();
    emitFinish();
  }

private:
  Value index(int64_t value) { return constantIndex(builder, loc, value); }
  const KernelRow &rowFor(StringRef op, StringRef in, StringRef cache) {
    return *selectByIsa(op, in, cache, isa);
  }

  /// Returns an optional f32 operand, a null pointer if it is absent.
  Value orNull(Value memref, unsigned rank) {
    if (memref)
      return memref;
    SmallVector<int64_t> sizes(rank, ShapedType::kDynamic);
    return UkernelNullOp::create(builder, loc,
                                 MemRefType::get(sizes, builder.getF32Type()));
  }

  static StringRef elementWord(TypedValue<MemRefType> memref) {
    return getTypeWord(memref.getType().getElementType());
  }

  /// Makes the buffers and the numbers that all calls share.
  void prepare() {
    MLIRContext *context = builder.getContext();
    Type f32 = builder.getF32Type(), bf16 = builder.getBF16Type();
    constexpr int64_t kTileRows = FP8ATTN_TILE_ROWS;
    // Elements in a tile row of 64 bytes.
    constexpr int64_t kF32 = 16, kBF16 = 32;
    itemRows = match.query.getTile().getType().getDimSize(0);
    int64_t rowTiles = llvm::divideCeil(itemRows, kTileRows);
    keyDim = match.query.getTile().getType().getDimSize(1);
    valueDim = match.getValueTile().getDimSize(1);
    int64_t paddedKeyDim = llvm::alignTo(keyDim, kKeyTileChannels);
    int64_t paddedValueDim = llvm::alignTo(valueDim, kValueTileChannels);
    auto tiles = [&](int64_t rowTiles, int64_t columns, int64_t perTile,
                     Type element) {
      return MemRefType::get({rowTiles, columns / perTile, kTileRows, perTile},
                             element);
    };
    auto perRow = [&](Type element) {
      return MemRefType::get({rowTiles * kTileRows}, element);
    };
    ScratchBuilder buffers;
    buffers.add(tiles(rowTiles, paddedKeyDim, kBF16, bf16), all.queryTiles);
    buffers.add(perRow(f32), all.rowScale);
    buffers.add(perRow(IntegerType::get(context, 32)), all.rowBegin);
    buffers.add(perRow(IntegerType::get(context, 32)), all.rowLimit);
    buffers.add(perRow(f32), all.rowMax);
    buffers.add(perRow(f32), all.rowSum);
    buffers.add(tiles(rowTiles, paddedValueDim, kF32, f32), all.acc);
    buffers.add(
        MemRefType::get({FP8ATTN_KERNEL_SCRATCH_BYTES}, builder.getI8Type()),
        kernelScratch);
    if (!candidate.attend) {
      constexpr int64_t kBlockTiles = FP8ATTN_BLOCK_ROWS / kTileRows;
      const int64_t blockTiles = std::min(rowTiles, kBlockTiles);
      buffers.add(tiles(blockTiles, FP8ATTN_BLOCK_KEYS, kF32, f32), scores);
      buffers.add(tiles(blockTiles, FP8ATTN_BLOCK_KEYS, kBF16, bf16), probs);
    }
    if (match.modify)
      buffers.add(perRow(f32), all.softmaxScale);
    if (match.denseKey)
      packing.emplace(match.denseKey, match.denseValue, isa, buffers);
    if (match.keyElementFactor)
      dequantizedKeys.emplace(match.keyElementFactor, CacheContent::Key,
                              buffers);
    if (match.valueElementFactor)
      dequantizedValues.emplace(match.valueElementFactor, CacheContent::Value,
                                buffers);
    auto addFactors = [&](LoadScaleOp load, int64_t size, Value &view) {
      if (load)
        buffers.add(MemRefType::get({size}, f32), view);
    };
    addFactors(match.keyFactor, FP8ATTN_BLOCK_KEYS, keyFactors);
    addFactors(match.probFactor, FP8ATTN_BLOCK_KEYS, probFactors);
    addFactors(match.queryFactor, paddedKeyDim, queryFactors);
    addFactors(match.outFactor, paddedValueDim, outFactors);
    buffers.build(builder, loc);
    if (!match.modify)
      all.softmaxScale = all.rowScale;
    all.rows = NumRowsOp::create(builder, loc, item);
    if (packing)
      packing->emitPreparation(builder, loc);
    for (std::optional<Dequantization> *part :
         {&dequantizedKeys, &dequantizedValues})
      if (*part)
        (*part)->emitPreparation(builder, loc);
    keyChannels = index(paddedKeyDim);
    valueChannels = index(paddedValueDim);
    probExponent = index(getProbExponent(candidate.valueRow().exponent));
  }

  void emitQuery() {
    SmallVector<Value> operands = {item};
    appendStrided(builder, loc, match.query.getQuery(), 2, operands);
    Value scale = orOne(builder, loc, match.qk.getFactor());
    if (match.queryFactor)
      scale = loadFactors(match.queryFactor, queryFactors, keyDim, scale);
    operands.append({index(keyDim), scale, index(candidate.keyRow().exponent),
                     all.queryTiles, all.rowScale, all.rowBegin, all.rowLimit});
    emitKernelCall(builder, loc,
                   rowFor("query", elementWord(match.query.getQuery()), "bf16"),
                   operands);
    if (match.queryFactor)
      emitScaleColumnsBf16(builder, loc, all.queryTiles, all.rows, keyChannels,
                           queryFactors);
  }

  /// Collects the factors of the channels without their power of two, which
  /// joins `scale`.
  Value loadFactors(LoadScaleOp load, Value buffer, int64_t channels,
                    Value scale) {
    emitChannelScales(builder, load, buffer);
    Value half = normalizeFactors(builder, loc, buffer, channels);
    scale = arith::MulFOp::create(builder, loc, scale, half);
    return arith::AddFOp::create(builder, loc, scale, scale);
  }

  void emitFused() {
    emitKernelCall(builder, loc, *candidate.attend,
                   {match.key.getRun(), all.queryTiles, all.rows, keyChannels,
                    valueChannels, all.rowScale, all.rowBegin, all.rowLimit,
                    probExponent, all.rowMax, all.rowSum, all.acc,
                    kernelScratch});
  }

  void emitSeparate() {
    emitKernelCall(builder, loc, rowFor("init", "f32", "f32"),
                   {all.rows, valueChannels, all.rowMax, all.rowSum, all.acc});
    scf::ForOp loop = match.loop;
    if (match.modify)
      fillRows(builder, loc, all.softmaxScale,
               orOne(builder, loc, match.modify.getFactor()));
    scf::ForOp::create(
        builder, loc, loop.getLowerBound(), loop.getUpperBound(),
        loop.getStep(), ValueRange(),
        [&](OpBuilder &body, Location loc, Value firstKey, ValueRange) {
          Value rest =
              arith::SubIOp::create(body, loc, loop.getUpperBound(), firstKey);
          Value keys = arith::MinUIOp::create(body, loc, rest, loop.getStep());
          if (packing)
            emitPackedStep(body, loc, firstKey, keys);
          else
            emitBlock(body, loc, findStep(body, loc, firstKey, keys), all);
          scf::YieldOp::create(body, loc);
        });
  }

  /// Returns a step of the run, after dequantising what has to be.
  KeyStep findStep(OpBuilder &body, Location loc, Value firstKey,
                   Value numKeys) {
    auto find = [&](std::optional<Dequantization> &part) -> RunPlace {
      if (!part)
        return {match.key.getRun(), firstKey};
      Value run = part->emitStep(body, loc, firstKey, numKeys);
      return {run, constantIndex(body, loc, 0)};
    };
    return {firstKey, numKeys, find(dequantizedKeys), find(dequantizedValues)};
  }

  /// Emits the step of the online softmax of some rows.
  void emitBlock(OpBuilder &body, Location loc, const KeyStep &step,
                 const RowBlock &block) {
    emitKernelCall(body, loc, *candidate.qk,
                   {step.keys.run, step.keys.first, step.numKeys,
                    block.queryTiles, block.rows, keyChannels, scores,
                    kernelScratch});
    if (match.keyFactor)
      emitKeyScales(body, match.keyFactor, step.firstKey, step.numKeys,
                    keyFactors);
    if (match.modify)
      emitScoreLoop(body, loc, match.modify,
                    {step.firstKey, step.numKeys, block.firstRow, block.rows,
                     scores, block.rowScale, keyFactors, block.rowBegin,
                     block.rowLimit});
    else if (match.keyFactor)
      emitScaleColumns(body, loc, scores, block.rows, step.numKeys, keyFactors);
    emitKernelCall(body, loc, rowFor("softmax", "f32", "bf16"),
                   {step.firstKey, step.numKeys, block.rows, scores,
                    block.softmaxScale, block.rowBegin, block.rowLimit,
                    probExponent, valueChannels, block.rowMax, block.rowSum,
                    block.acc, probs});
    if (match.probFactor) {
      emitKeyScales(body, match.probFactor, step.firstKey, step.numKeys,
                    probFactors);
      emitScaleColumnsBf16(body, loc, probs, block.rows, step.numKeys,
                           probFactors);
    }
    emitKernelCall(body, loc, *candidate.pv,
                   {step.values.run, step.values.first, step.numKeys, probs,
                    block.rows, valueChannels, block.acc, kernelScratch});
  }

  /// Packs a step of keys and values once for all rows of the item, then takes
  /// the rows block by block.
  void emitPackedStep(OpBuilder &body, Location loc, Value firstKey,
                      Value numKeys) {
    Value run = packing->emitStep(body, loc, firstKey, numKeys);
    RunPlace place{run, constantIndex(body, loc, 0)};
    KeyStep step{firstKey, numKeys, place, place};
    if (itemRows <= FP8ATTN_BLOCK_ROWS)
      return emitBlock(body, loc, step, all);
    Value blockRows = constantIndex(body, loc, FP8ATTN_BLOCK_ROWS);
    scf::ForOp::create(
        body, loc, place.first, all.rows, blockRows, ValueRange(),
        [&](OpBuilder &inner, Location loc, Value firstRow, ValueRange) {
          Value rest = arith::SubIOp::create(inner, loc, all.rows, firstRow);
          Value rows = arith::MinUIOp::create(inner, loc, rest, blockRows);
          emitVisibleBlock(inner, loc, step,
                           sliceRows(inner, loc, firstRow, rows));
          scf::YieldOp::create(inner, loc);
        });
  }

  /// Emits the step of a block up to the last key that its rows see, if they
  /// see any. Both bounds grow with the row.
  void emitVisibleBlock(OpBuilder &body, Location loc, KeyStep step,
                        const RowBlock &block) {
    auto loadBound = [&](Value bounds, Value row) -> Value {
      Value bound = memref::LoadOp::create(body, loc, bounds, row);
      bound = arith::IndexCastOp::create(body, loc, body.getIndexType(), bound);
      return arith::SubIOp::create(body, loc, bound, step.firstKey);
    };
    Value zero = constantIndex(body, loc, 0);
    Value lastRow = arith::SubIOp::create(body, loc, block.rows,
                                          constantIndex(body, loc, 1));
    Value begin = arith::MaxSIOp::create(body, loc,
                                         loadBound(block.rowBegin, zero), zero);
    step.numKeys = arith::MinSIOp::create(
        body, loc, loadBound(block.rowLimit, lastRow), step.numKeys);
    Value any = arith::CmpIOp::create(body, loc, arith::CmpIPredicate::slt,
                                      begin, step.numKeys);
    scf::IfOp::create(body, loc, any, [&](OpBuilder &then, Location loc) {
      emitBlock(then, loc, step, block);
      scf::YieldOp::create(then, loc);
    });
  }

  /// Returns a block of the item's rows, which begins at a row tile.
  RowBlock sliceRows(OpBuilder &body, Location loc, Value firstRow,
                     Value rows) {
    Value firstTile = arith::DivUIOp::create(
        body, loc, firstRow, constantIndex(body, loc, FP8ATTN_TILE_ROWS));
    auto slice = [&](Value buffer) {
      auto type = cast<MemRefType>(buffer.getType());
      const bool isTiled = type.getRank() > 1;
      SmallVector<int64_t> shape(type.getShape());
      shape.front() =
          isTiled ? FP8ATTN_BLOCK_ROWS / FP8ATTN_TILE_ROWS : FP8ATTN_BLOCK_ROWS;
      SmallVector<OpFoldResult> offsets(shape.size(), body.getIndexAttr(0));
      offsets.front() = isTiled ? firstTile : firstRow;
      return viewOf(body, loc, buffer, offsets,
                    getAsIndexOpFoldResult(body.getContext(), shape), shape);
    };
    RowBlock block{firstRow,
                   rows,
                   slice(all.queryTiles),
                   slice(all.rowScale),
                   slice(all.rowBegin),
                   slice(all.rowLimit),
                   Value(),
                   slice(all.rowMax),
                   slice(all.rowSum),
                   slice(all.acc)};
    block.softmaxScale =
        match.modify ? slice(all.softmaxScale) : block.rowScale;
    return block;
  }

  void emitFinish() {
    FinishOp finish = match.finish;
    Value scale = orOne(builder, loc, finish.getFactor());
    if (match.outFactor) {
      scale = loadFactors(match.outFactor, outFactors, valueDim, scale);
      emitScaleColumns(builder, loc, all.acc, all.rows, valueChannels,
                       outFactors);
    }
    SmallVector<Value> operands = {item,
                                   all.acc,
                                   all.rowMax,
                                   all.rowSum,
                                   orNull(finish.getSink(), /*rank=*/1),
                                   index(valueDim),
                                   scale,
                                   index(candidate.valueRow().exponent),
                                   probExponent};
    appendStrided(builder, loc, finish.getOut(), 2, operands);
    if (finish.getLse())
      appendStrided(builder, loc, finish.getLse(), 2, operands);
    else
      operands.append({orNull(Value(), /*rank=*/2), index(0), index(0)});
    emitKernelCall(builder, loc,
                   rowFor("finish", "f32", elementWord(finish.getOut())),
                   operands);
  }

  AttentionMatch match;
  const AttentionCandidate &candidate;
  Isa isa;
  OpBuilder builder;
  Location loc;
  /// Most rows of the item.
  int64_t itemRows = 0;
  int64_t keyDim = 0, valueDim = 0;
  Value item, keyChannels, valueChannels, probExponent;
  /// All rows of the item.
  RowBlock all;
  Value kernelScratch;
  /// Of one block of rows.
  Value scores, probs;
  /// A factor for each key of the step, or for each channel; null where there
  /// are none.
  Value keyFactors, probFactors, queryFactors, outFactors;
  /// Of dense keys and values.
  std::optional<DensePacking> packing;
  /// Of keys and values whose elements have a factor each.
  std::optional<Dequantization> dequantizedKeys, dequantizedValues;
};
} // namespace

void mlir::fp8attn::emitAttentionCalls(AttentionMatch match,
                                       const AttentionCandidate &candidate,
                                       Isa isa) {
  AttentionEmitter(match, candidate, isa).emit();
  match.finish.erase();
  match.loop.erase();
  match.init.erase();
  if (match.query->use_empty())
    match.query.erase();
}
