//===- AttentionSteps.cpp - calls of a step of the online softmax ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/AttentionSteps.h"
#include "SelectKernels/BlockScales.h"
#include "SelectKernels/KernelCalls.h"
#include "SelectKernels/ScaleLoops.h"
#include "SelectKernels/ScoreLoop.h"
#include "Support/Constants.h"
#include "Support/IndexMath.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

void AttentionSteps::reserve(ScratchBuilder &scratch) {
  if (match.denseKey)
    packing.emplace(match.denseKey, match.denseValue, isa, scratch);
  if (match.changesKeys() && !candidate.scalesKeyBlocks())
    dequantizedKeys.emplace(match.keyElementFactor, match.keyZeroPoints,
                            CacheContent::Key, match.rope, isa, scratch);
  // What keys of a latent cache become, values are, too.
  if (match.changesValues() && !candidate.scalesValueBlocks() &&
      !match.isLatent())
    dequantizedValues.emplace(match.valueElementFactor, match.valueZeroPoints,
                              CacheContent::Value, /*rope=*/nullptr, isa,
                              scratch);
}

void AttentionSteps::emitPreparation(OpBuilder &builder, Location loc) {
  if (packing)
    packing->emitPreparation(builder, loc);
  if (candidate.isMixed())
    keyScales = emitMixedParts(builder, loc, match.keyElementFactor,
                               match.rope.getRope());
  else if (candidate.scalesKeyBlocks())
    keyScales = emitBlockScales(builder, loc, match.keyElementFactor);
  // Those of mixed tokens are the keys.
  if (candidate.scalesValueBlocks() && !candidate.isMixed())
    valueScales = emitBlockScales(builder, loc, match.valueElementFactor);
  for (std::optional<Dequantization> *part :
       {&dequantizedKeys, &dequantizedValues})
    if (*part)
      (*part)->emitPreparation(builder, loc);
}

void AttentionSteps::emit(OpBuilder &body, Location loc, Value firstKey,
                          Value numKeys, const RowBlock &all) {
  const KeyStep step = findStep(body, loc, firstKey, numKeys);
  if (buffers.itemRows <= FP8ATTN_BLOCK_ROWS)
    return emitBlock(body, loc, step, all);
  Value blockRows = constantIndex(body, loc, FP8ATTN_BLOCK_ROWS);
  scf::ForOp::create(
      body, loc, constantIndex(body, loc, 0), all.rows, blockRows, ValueRange(),
      [&](OpBuilder &inner, Location loc, Value firstRow, ValueRange) {
        Value rows = blockSize(inner, loc, firstRow, all.rows, blockRows);
        emitVisibleBlock(inner, loc, step,
                         sliceRows(inner, loc, all, firstRow, rows));
        scf::YieldOp::create(inner, loc);
      });
}

/// Returns a step of the keys and values, once for all rows of the item, after
/// packing or dequantising what has to be.
AttentionSteps::KeyStep AttentionSteps::findStep(OpBuilder &body, Location loc,
                                                 Value firstKey,
                                                 Value numKeys) {
  if (packing) {
    Value run = packing->emitStep(body, loc, firstKey, numKeys);
    const RunPlace place{run, constantIndex(body, loc, 0)};
    return {firstKey, numKeys, place, place};
  }
  auto find = [&](std::optional<Dequantization> &part) -> RunPlace {
    if (!part)
      return {match.key.getRun(), firstKey};
    Value run = part->emitStep(body, loc, firstKey, numKeys,
                               match.loop.getUpperBound());
    return {run, constantIndex(body, loc, 0)};
  };
  const RunPlace keys = find(dequantizedKeys);
  return {firstKey, numKeys, keys,
          match.isLatent() ? keys : find(dequantizedValues)};
}

/// Emits the step of the online softmax of some rows.
void AttentionSteps::emitBlock(OpBuilder &body, Location loc,
                               const KeyStep &step, const RowBlock &block) {
  SmallVector<Value> keyOperands = {step.keys.run, step.keys.first,
                                    step.numKeys,  block.queryTiles,
                                    block.rows,    buffers.keyChannels};
  llvm::append_range(keyOperands, keyScales);
  keyOperands.append({buffers.scores, buffers.kernelScratch});
  emitKernelCall(body, loc, *candidate.qk, keyOperands);
  if (match.keyFactor)
    emitKeyScales(body, match.keyFactor, step.firstKey, step.numKeys,
                  buffers.keyFactors);
  if (match.modify)
    emitScoreLoop(body, loc, match.modify,
                  {step.firstKey, step.numKeys, block.firstRow, block.rows,
                   buffers.scores, block.rowScale, buffers.keyFactors,
                   block.rowBegin, block.rowLimit});
  else if (match.keyFactor)
    emitScaleColumns(body, loc, buffers.scores, block.rows, step.numKeys,
                     buffers.keyFactors);
  emitKernelCall(body, loc, getSoftmax(isa, buffers.productType),
                 {step.firstKey, step.numKeys, block.rows, buffers.scores,
                  block.softmaxScale, block.rowBegin, block.rowLimit,
                  buffers.probExponent, buffers.valueChannels, block.state.max,
                  block.state.sum, block.state.acc, buffers.probs});
  if (match.probFactor) {
    emitKeyScales(body, match.probFactor, step.firstKey, step.numKeys,
                  buffers.probFactors);
    emitScaleProducts(body, loc, buffers.probs, block.rows, step.numKeys,
                      buffers.probFactors);
  }
  SmallVector<Value> valueOperands = {step.values.run, step.values.first,
                                      step.numKeys,    buffers.probs,
                                      block.rows,      buffers.valueChannels};
  llvm::append_range(valueOperands, valueScales);
  valueOperands.append({block.state.acc, buffers.kernelScratch});
  emitKernelCall(body, loc, *candidate.pv, valueOperands);
}

/// Emits the step of a block up to the last key that its rows see, if they
/// see any. Both bounds grow with the row.
void AttentionSteps::emitVisibleBlock(OpBuilder &body, Location loc,
                                      KeyStep step, const RowBlock &block) {
  auto loadBound = [&](Value bounds, Value row) -> Value {
    Value bound = memref::LoadOp::create(body, loc, bounds, row);
    bound = arith::IndexCastOp::create(body, loc, body.getIndexType(), bound);
    return arith::SubIOp::create(body, loc, bound, step.firstKey);
  };
  Value zero = constantIndex(body, loc, 0);
  Value lastRow =
      arith::SubIOp::create(body, loc, block.rows, constantIndex(body, loc, 1));
  Value begin =
      arith::MaxSIOp::create(body, loc, loadBound(block.rowBegin, zero), zero);
  step.numKeys = arith::MinSIOp::create(
      body, loc, loadBound(block.rowLimit, lastRow), step.numKeys);
  Value any = arith::CmpIOp::create(body, loc, arith::CmpIPredicate::slt, begin,
                                    step.numKeys);
  scf::IfOp::create(body, loc, any, [&](OpBuilder &then, Location loc) {
    emitBlock(then, loc, step, block);
    scf::YieldOp::create(then, loc);
  });
}
