//===- KernelCalls.cpp - emitting kernel calls ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. The powers of two that FP8 decoding leaves out enter here:
// the query carries 2^exponent of the key kernel, the probabilities
// 2^getProbExponent, and the finish takes both out again. So do scales that
// differ by key or by channel: between the calls, on what the kernels hand to
// each other.
//
//===----------------------------------------------------------------------===//

#include "KernelCalls.h"
#include "ScaleLoads.h"
#include "ScaleLoops.h"
#include "ScaledStore.h"
#include "ScoreLoop.h"
#include "Scratch.h"
#include "Views.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

static Value orOne(OpBuilder &builder, Location loc, Value factor) {
  return factor ? factor
                : arith::ConstantOp::create(builder, loc,
                                            builder.getF32FloatAttr(1.0f));
}

static void call(OpBuilder &builder, Location loc, const KernelRow &row,
                 ValueRange operands) {
  UkernelCallOp::create(builder, loc, row.name, operands);
}

/// Appends a memref and the strides of its first `numStrides` dimensions.
static void appendStrided(OpBuilder &builder, Location loc, Value memref,
                          unsigned numStrides,
                          SmallVectorImpl<Value> &operands) {
  operands.push_back(memref);
  auto metadata =
      memref::ExtractStridedMetadataOp::create(builder, loc, memref);
  SmallVector<OpFoldResult> strides = metadata.getConstifiedMixedStrides();
  for (unsigned dim = 0; dim < numStrides; ++dim)
    operands.push_back(
        getValueOrCreateConstantIndexOp(builder, loc, strides[dim]));
}

namespace {
/// Emits the calls of one work item.
class AttentionEmitter {
public:
  AttentionEmitter(AttentionMatch match, const AttentionCandidate &candidate,
                   Isa isa)
      : match(match), candidate(candidate), isa(isa), builder(match.loop),
        loc(match.finish.getLoc()), item(match.query.getItem()),
        run(match.key.getRun()) {}

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
    int64_t rowTiles = llvm::divideCeil(
        match.query.getTile().getType().getDimSize(0), kTileRows);
    keyDim = match.query.getTile().getType().getDimSize(1);
    valueDim = match.value.getTile().getType().getDimSize(1);
    int64_t paddedKeyDim = llvm::alignTo(keyDim, kKeyTileChannels);
    int64_t paddedValueDim = llvm::alignTo(valueDim, kValueTileChannels);
    auto tiles = [&](int64_t columns, int64_t perTile, Type element) {
      return MemRefType::get({rowTiles, columns / perTile, kTileRows, perTile},
                             element);
    };
    auto perRow = [&](Type element) {
      return MemRefType::get({rowTiles * kTileRows}, element);
    };
    ScratchBuilder buffers;
    buffers.add(tiles(paddedKeyDim, kBF16, bf16));
    buffers.add(perRow(f32));
    buffers.add(perRow(IntegerType::get(context, 32)));
    buffers.add(perRow(IntegerType::get(context, 32)));
    buffers.add(perRow(f32));
    buffers.add(perRow(f32));
    buffers.add(tiles(paddedValueDim, kF32, f32));
    buffers.add(
        MemRefType::get({FP8ATTN_KERNEL_SCRATCH_BYTES}, builder.getI8Type()));
    if (!candidate.attend) {
      buffers.add(tiles(FP8ATTN_BLOCK_KEYS, kF32, f32));
      buffers.add(tiles(FP8ATTN_BLOCK_KEYS, kBF16, bf16));
    }
    if (match.modify)
      buffers.add(perRow(f32));
    const unsigned firstFactor = buffers.size();
    auto addFactors = [&](LoadScaleOp load, int64_t size) {
      if (load)
        buffers.add(MemRefType::get({size}, f32));
    };
    addFactors(match.keyFactor, FP8ATTN_BLOCK_KEYS);
    addFactors(match.probFactor, FP8ATTN_BLOCK_KEYS);
    addFactors(match.queryFactor, paddedKeyDim);
    addFactors(match.outFactor, paddedValueDim);
    SmallVector<Value> views = buffers.build(builder, loc);
    auto factors = ArrayRef(views).drop_front(firstFactor);
    auto takeFactors = [&](LoadScaleOp load) {
      Value view = load ? factors.front() : Value();
      factors = factors.drop_front(load ? 1 : 0);
      return view;
    };
    keyFactors = takeFactors(match.keyFactor);
    probFactors = takeFactors(match.probFactor);
    queryFactors = takeFactors(match.queryFactor);
    outFactors = takeFactors(match.outFactor);
    queryTiles = views[0];
    rowScale = views[1];
    rowBegin = views[2];
    rowLimit = views[3];
    rowMax = views[4];
    rowSum = views[5];
    acc = views[6];
    kernelScratch = views[7];
    if (!candidate.attend) {
      scores = views[8];
      probs = views[9];
    }
    softmaxScale = match.modify ? views[10] : rowScale;
    rows = NumRowsOp::create(builder, loc, item);
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
                     queryTiles, rowScale, rowBegin, rowLimit});
    call(builder, loc,
         rowFor("query", elementWord(match.query.getQuery()), "bf16"),
         operands);
    if (match.queryFactor)
      emitScaleColumnsBf16(builder, loc, queryTiles, rows, keyChannels,
                           queryFactors);
  }

  /// Collects the factors of the channels without their power of two, which
  /// joins `scale`.
  Value loadFactors(LoadScaleOp load, Value buffer, int64_t channels,
                    Value scale) {
    emitChannelScales(builder, load, buffer);
    Value power = normalizeFactors(builder, loc, buffer, channels);
    return arith::MulFOp::create(builder, loc, scale, power);
  }

  void emitFused() {
    call(builder, loc, *candidate.attend,
         {run, queryTiles, rows, keyChannels, valueChannels, rowScale, rowBegin,
          rowLimit, probExponent, rowMax, rowSum, acc, kernelScratch});
  }

  void emitSeparate() {
    call(builder, loc, rowFor("init", "f32", "f32"),
         {rows, valueChannels, rowMax, rowSum, acc});
    scf::ForOp loop = match.loop;
    if (match.modify)
      fillRows(builder, loc, softmaxScale,
               orOne(builder, loc, match.modify.getFactor()));
    scf::ForOp::create(
        builder, loc, loop.getLowerBound(), loop.getUpperBound(),
        loop.getStep(), ValueRange(),
        [&](OpBuilder &body, Location loc, Value firstKey, ValueRange) {
          Value rest =
              arith::SubIOp::create(body, loc, loop.getUpperBound(), firstKey);
          Value keys = arith::MinUIOp::create(body, loc, rest, loop.getStep());
          call(body, loc, *candidate.qk,
               {run, firstKey, keys, queryTiles, rows, keyChannels, scores,
                kernelScratch});
          if (match.keyFactor)
            emitKeyScales(body, match.keyFactor, firstKey, keys, keyFactors);
          if (match.modify)
            emitScoreLoop(body, loc, match.modify,
                          {firstKey, keys, rows, scores, rowScale, keyFactors,
                           rowBegin, rowLimit});
          else if (match.keyFactor)
            emitScaleColumns(body, loc, scores, rows, keys, keyFactors);
          call(body, loc, rowFor("softmax", "f32", "bf16"),
               {firstKey, keys, rows, scores, softmaxScale, rowBegin, rowLimit,
                probExponent, valueChannels, rowMax, rowSum, acc, probs});
          if (match.probFactor) {
            emitKeyScales(body, match.probFactor, firstKey, keys, probFactors);
            emitScaleColumnsBf16(body, loc, probs, rows, keys, probFactors);
          }
          call(body, loc, *candidate.pv,
               {run, firstKey, keys, probs, rows, valueChannels, acc,
                kernelScratch});
          scf::YieldOp::create(body, loc);
        });
  }

  void emitFinish() {
    FinishOp finish = match.finish;
    Value scale = orOne(builder, loc, finish.getFactor());
    if (match.outFactor) {
      scale = loadFactors(match.outFactor, outFactors, valueDim, scale);
      emitScaleColumns(builder, loc, acc, rows, valueChannels, outFactors);
    }
    SmallVector<Value> operands = {item,
                                   acc,
                                   rowMax,
                                   rowSum,
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
    call(builder, loc, rowFor("finish", "f32", elementWord(finish.getOut())),
         operands);
  }

  AttentionMatch match;
  const AttentionCandidate &candidate;
  Isa isa;
  OpBuilder builder;
  Location loc;
  int64_t keyDim = 0, valueDim = 0;
  Value item, run, rows, keyChannels, valueChannels, probExponent;
  Value queryTiles, rowScale, rowBegin, rowLimit, rowMax, rowSum, acc;
  Value kernelScratch;
  /// What softmax multiplies scores by: that of the rows, or what is left of it
  /// behind a score region.
  Value softmaxScale;
  Value scores, probs;
  /// A factor for each key of the step, or for each channel; null where there
  /// are none.
  Value keyFactors, probFactors, queryFactors, outFactors;
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

/// Emits the call that stores `tokens` rows of `source` to their slots.
static void emitStore(OpBuilder &builder, StoreOp op, const KernelRow &row,
                      Value source, Value tokens, Value slots, Value scale) {
  Location loc = op.getLoc();
  CacheType cache = op.getCache().getType();
  SmallVector<Value> operands;
  appendStrided(builder, loc, source, 1, operands);
  operands.append({tokens, constantIndex(builder, loc, cache.getHeadDim()),
                   slots, orOne(builder, loc, scale),
                   CachePartOp::create(builder, loc, op.getCache(),
                                       op.getHead(), op.getContentAttr()),
                   constantIndex(builder, loc, cache.getPageBytes()),
                   constantIndex(builder, loc, cache.getPageTokens())});
  call(builder, loc, row, operands);
}

/// Emits a loop that divides some tokens by their scales and stores them.
static void emitScaledStore(OpBuilder &builder, StoreOp op, Value tokens,
                            const KernelRow &row) {
  Location loc = op.getLoc();
  ScratchBuilder buffers;
  buffers.add(
      MemRefType::get({kScaledTokens, op.getCache().getType().getHeadDim()},
                      builder.getF32Type()));
  Value quotients = buffers.build(builder, loc).front();
  Value step = constantIndex(builder, loc, kScaledTokens);
  scf::ForOp::create(
      builder, loc, constantIndex(builder, loc, 0), tokens, step, ValueRange(),
      [&](OpBuilder &body, Location loc, Value first, ValueRange) {
        Value rest = arith::SubIOp::create(body, loc, tokens, first);
        Value count = arith::MinUIOp::create(body, loc, rest, step);
        emitQuotients(body, op, first, count, quotients);
        Value slots = viewOf(body, loc, op.getSlots(), {first}, {count},
                             {ShapedType::kDynamic});
        emitStore(body, op, row, quotients, count, slots, /*scale=*/Value());
        scf::YieldOp::create(body, loc);
      });
}

void mlir::fp8attn::emitStoreCall(StoreOp op, const KernelRow &row) {
  OpBuilder builder(op);
  Value tokens = memref::DimOp::create(builder, op.getLoc(), op.getSource(), 0);
  if (op.getScales())
    emitScaledStore(builder, op, tokens, row);
  else
    emitStore(builder, op, row, op.getSource(), tokens, op.getSlots(),
              op.getScale());
  op.erase();
}

void mlir::fp8attn::emitMergeCall(TileMergeOp op, const KernelRow &row) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<Value> operands = {
      memref::DimOp::create(builder, loc, op.getFirstOut(), 0),
      memref::DimOp::create(builder, loc, op.getFirstOut(), 1)};
  appendStrided(builder, loc, op.getFirstOut(), 1, operands);
  operands.push_back(op.getFirstLse());
  appendStrided(builder, loc, op.getSecondOut(), 1, operands);
  operands.push_back(op.getSecondLse());
  appendStrided(builder, loc, op.getOut(), 1, operands);
  operands.push_back(op.getLse());
  call(builder, loc, row, operands);
  op.erase();
}

void mlir::fp8attn::emitConvertCall(Operation *op, const KernelRow &row) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Value source = op->getOperand(0), scale = op->getOperand(1),
        destination = op->getOperand(2);
  Value count = memref::DimOp::create(builder, loc, source, 0);
  call(builder, loc, row, {source, count, scale, destination});
  op->erase();
}
