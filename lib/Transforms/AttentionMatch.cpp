//===- AttentionMatch.cpp - the tile operations of one work item ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"
#include "fp8attn/Runtime/kernels.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the `Op` that defines `value`, or an error at `user`.
template <typename Op>
static FailureOr<Op> expectDefinition(Operation *user, Value value) {
  if (auto op = value.getDefiningOp<Op>())
    return op;
  InFlightDiagnostic diagnostic =
      user->emitOpError("cannot be given a kernel: expects an operand made by ")
      << Op::getOperationName();
  if (Operation *other = value.getDefiningOp())
    diagnostic.attachNote(other->getLoc())
        << "it is made by " << other->getName()
        << (isa<ScaleOp>(other) ? ", a scale that was not folded" : "");
  return diagnostic;
}

/// Looks through the decoding of FP8.
static Value skipDecode(Value value) {
  auto decode = value.getDefiningOp<DecodeOp>();
  return decode ? decode.getCodes() : value;
}

/// Looks through a multiplication by factors for each key and channel that are
/// loaded for the keys of a run.
static Value skipScale(Value value, LoadScaleOp &factor) {
  auto scale = value.getDefiningOp<ScaleOp>();
  auto load = scale ? scale.getFactor().getDefiningOp<LoadScaleOp>() : nullptr;
  if (!load || !load.getRun() || !load.getRun().getDefiningOp<KeyRunOp>() ||
      cast<RankedTensorType>(load.getType()).getRank() != 2)
    return value;
  factor = load;
  return scale.getTile();
}

/// Finds where a tile of keys or values is loaded: from a run, and then with
/// which factors, or from a dense tensor.
template <typename LoadRunOp>
static LogicalResult matchTile(Operation *user, Value tile, LoadRunOp &run,
                               LoadDenseOp &dense, LoadScaleOp &factor) {
  Value loaded = skipDecode(skipScale(tile, factor));
  dense = loaded.getDefiningOp<LoadDenseOp>();
  if (dense)
    return success();
  FailureOr<LoadRunOp> load = expectDefinition<LoadRunOp>(user, loaded);
  if (succeeded(load))
    run = *load;
  return load;
}

/// Demands that the factor of tile.qk or tile.modify is the same for all keys.
static LogicalResult checkFactor(Operation *op, scf::ForOp loop) {
  Value factor;
  if (auto qk = dyn_cast_or_null<QkOp>(op))
    factor = qk.getFactor();
  else if (auto modify = dyn_cast_or_null<ModifyOp>(op))
    factor = modify.getFactor();
  if (factor && !loop.isDefinedOutsideOfLoop(factor))
    return op->emitOpError("cannot be given a kernel: expects a factor that is "
                           "the same for all keys");
  return success();
}

/// Demands that each step of the loop takes the keys of a kernel's call.
static LogicalResult checkStep(AttentionMatch &match, MaskOp mask) {
  constexpr int64_t kKeys = FP8ATTN_BLOCK_KEYS;
  if (getConstantIntValue(match.loop.getStep()) != kKeys)
    return match.loop.emitOpError("cannot be given a kernel: expects a loop "
                                  "over keys in steps of ")
           << kKeys;
  if (!match.loop.getLowerBound().getDefiningOp<FirstKeyOp>() ||
      !match.loop.getUpperBound().getDefiningOp<NumKeysOp>())
    return match.loop.emitOpError(
        "cannot be given a kernel: expects a loop over keys from "
        "tile.first_key to tile.num_keys");
  for (RankedTensorType tile : {match.getKeyTile(), match.getValueTile()})
    if (tile.getDimSize(0) != kKeys)
      return match.qk.emitOpError("cannot be given a kernel: expects tiles of ")
             << kKeys << " keys and values, got " << tile;
  auto firstOf = [](auto run, LoadDenseOp dense) {
    return dense ? dense.getFirstKey() : run.getFirstKey();
  };
  for (Value firstKey :
       {firstOf(match.key, match.denseKey),
        firstOf(match.value, match.denseValue), mask.getFirstKey()})
    if (firstKey != match.loop.getInductionVar())
      return match.qk.emitOpError("cannot be given a kernel: expects keys, "
                                  "values and mask from the same key on, the "
                                  "one that the loop counts");
  return success();
}

/// Finds the operation that loads an optional factor.
static LogicalResult matchFactor(Operation *user, Value factor,
                                 LoadScaleOp &load) {
  if (!factor)
    return success();
  auto definition = expectDefinition<LoadScaleOp>(user, factor);
  if (succeeded(definition))
    load = *definition;
  return definition;
}

FailureOr<AttentionMatch> mlir::fp8attn::matchAttention(FinishOp finish) {
  AttentionMatch match;
  match.finish = finish;
  auto loop = expectDefinition<scf::ForOp>(finish, finish.getAcc());
  if (failed(loop))
    return failure();
  match.loop = *loop;
  if (match.loop.getNumResults() != 3 ||
      ValueRange(match.loop.getResults()) !=
          ValueRange({finish.getMax(), finish.getSum(), finish.getAcc()}))
    return finish.emitOpError("cannot be given a kernel: expects max, sum and "
                              "acc to be the results of one loop");
  auto init =
      expectDefinition<InitOp>(match.loop, match.loop.getInitArgs().back());
  if (failed(init))
    return failure();
  match.init = *init;

  Operation *yield = match.loop.getBody()->getTerminator();
  auto pv = expectDefinition<PvOp>(yield, yield->getOperand(2));
  if (failed(pv))
    return failure();
  if (failed(matchTile(*pv, pv->getValue(), match.value, match.denseValue,
                       match.valueElementFactor)))
    return failure();
  auto softmax = expectDefinition<SoftmaxOp>(*pv, pv->getProbs());
  if (failed(softmax))
    return failure();
  auto mask = expectDefinition<MaskOp>(*softmax, softmax->getScores());
  if (failed(mask))
    return failure();
  match.modify = mask->getScores().getDefiningOp<ModifyOp>();
  Operation *scoresUser = match.modify ? match.modify : mask->getOperation();
  auto qk = expectDefinition<QkOp>(scoresUser, scoresUser->getOperand(0));
  if (failed(qk))
    return failure();
  match.qk = *qk;
  if (failed(matchTile(*qk, qk->getKey(), match.key, match.denseKey,
                       match.keyElementFactor)))
    return failure();
  if (!match.denseKey != !match.denseValue)
    return pv->emitOpError("cannot be given a kernel: expects keys and values "
                           "that are both in a run or both dense");
  auto query = expectDefinition<LoadQueryOp>(*qk, qk->getQuery());
  if (failed(query))
    return failure();
  match.query = *query;
  if (failed(matchFactor(*qk, qk->getKeyFactor(), match.keyFactor)) ||
      failed(
          matchFactor(*softmax, softmax->getProbFactor(), match.probFactor)) ||
      failed(
          matchFactor(*query, query->getChannelFactor(), match.queryFactor)) ||
      failed(matchFactor(finish, finish.getChannelFactor(), match.outFactor)))
    return failure();
  for (Operation *op : {qk->getOperation(), match.modify.getOperation()})
    if (failed(checkFactor(op, match.loop)))
      return failure();
  if (failed(checkStep(match, *mask)))
    return failure();
  return match;
}
