//===- AttentionMatch.cpp - the tile operations of one work item ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/AttentionMatch.h"
#include "Support/ScaleLoads.h"
#include "fp8attn/Runtime/kernels.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Sets `op` to the operation that defines `value`, or reports another at
/// `user`.
template <typename Op>
static LogicalResult matchDefinition(Operation *user, Value value, Op &op) {
  op = value.getDefiningOp<Op>();
  if (op)
    return success();
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

/// Looks through an operation on a tile, its first operand, and on numbers for
/// each key and channel that are loaded for the keys of a run.
template <typename Op>
static Value skipPerElement(Value value, LoadScaleOp &numbers) {
  auto op = value.getDefiningOp<Op>();
  auto load = op ? op->getOperand(1).template getDefiningOp<LoadScaleOp>()
                 : LoadScaleOp();
  if (!load || !load.getRun() ||
      !load.getRun().template getDefiningOp<KeyRunOp>() ||
      cast<RankedTensorType>(load.getType()).getRank() != 2)
    return value;
  numbers = load;
  return op->getOperand(0);
}

/// Finds where a tile of keys or values is loaded: from a run, and then with
/// which zero points and factors, or from a dense tensor.
template <typename LoadRunOp>
static LogicalResult matchTile(Operation *user, Value tile, LoadRunOp &run,
                               LoadDenseOp &dense, LoadScaleOp &factor,
                               LoadScaleOp &zeroPoints) {
  Value unscaled = skipPerElement<ScaleOp>(tile, factor);
  Value loaded = skipDecode(skipPerElement<SubtractOp>(unscaled, zeroPoints));
  dense = loaded.getDefiningOp<LoadDenseOp>();
  return dense ? success() : matchDefinition(user, loaded, run);
}

/// Demands that a factor of scores is the same for all keys, if there is one.
static LogicalResult checkFactor(Operation *op, Value factor, scf::ForOp loop) {
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
  SmallVector<Value> firstKeys = {firstOf(match.key, match.denseKey),
                                  firstOf(match.value, match.denseValue),
                                  mask.getFirstKey()};
  if (match.rope)
    firstKeys.push_back(match.rope.getFirstKey());
  for (Value firstKey : firstKeys)
    if (firstKey != match.loop.getInductionVar())
      return match.qk.emitOpError("cannot be given a kernel: expects keys, "
                                  "values and mask from the same key on, the "
                                  "one that the loop counts");
  return success();
}

/// Finds the operation that loads an optional factor.
template <typename LoadOp>
static LogicalResult matchFactor(Operation *user, Value factor, LoadOp &load) {
  return factor ? matchDefinition(user, factor, load) : success();
}

/// Finds the loop over keys, and the state that it begins with.
static LogicalResult matchLoop(AttentionMatch &match) {
  FinishOp finish = match.finish;
  if (failed(matchDefinition(finish, finish.getAcc(), match.loop)))
    return failure();
  if (match.loop.getNumResults() != 3 ||
      ValueRange(match.loop.getResults()) !=
          ValueRange({finish.getMax(), finish.getSum(), finish.getAcc()}))
    return finish.emitOpError("cannot be given a kernel: expects max, sum and "
                              "acc to be the results of one loop");
  return matchDefinition(match.loop, match.loop.getInitArgs().back(),
                         match.init);
}

/// Finds the operations of a step, from the accumulators that it yields up to
/// the query.
static LogicalResult matchStep(AttentionMatch &match) {
  Operation *yield = match.loop.getBody()->getTerminator();
  PvOp pv;
  SoftmaxOp softmax;
  MaskOp mask;
  if (failed(matchDefinition(yield, yield->getOperand(2), pv)) ||
      failed(matchTile(pv, pv.getValue(), match.value, match.denseValue,
                       match.valueElementFactor, match.valueZeroPoints)) ||
      failed(matchDefinition(pv, pv.getProbs(), softmax)) ||
      failed(matchDefinition(softmax, softmax.getScores(), mask)))
    return failure();
  match.modify = mask.getScores().getDefiningOp<ModifyOp>();
  Operation *scoresUser = match.modify ? match.modify : mask.getOperation();
  if (failed(matchDefinition(scoresUser, scoresUser->getOperand(0), match.qk)))
    return failure();
  QkOp qk = match.qk;
  match.rope = qk.getKey().getDefiningOp<AppendRopeOp>();
  if (failed(matchTile(qk, match.rope ? match.rope.getTile() : qk.getKey(),
                       match.key, match.denseKey, match.keyElementFactor,
                       match.keyZeroPoints)))
    return failure();
  if (match.rope && (!match.keyElementFactor || !match.valueElementFactor))
    return qk.emitOpError("cannot be given a kernel: expects keys before bf16 "
                          "channels, and values, to have a factor for each key "
                          "and channel");
  if (!match.denseKey != !match.denseValue)
    return pv.emitOpError("cannot be given a kernel: expects keys and values "
                          "that are both in a run or both dense");
  if (failed(matchDefinition(qk, qk.getQuery(), match.query)) ||
      failed(matchFactor(qk, qk.getKeyFactor(), match.keyFactor)) ||
      failed(matchFactor(qk, qk.getRowFactor(), match.queryScale)) ||
      failed(matchFactor(softmax, softmax.getProbFactor(), match.probFactor)) ||
      failed(matchFactor(match.query, match.query.getChannelFactor(),
                         match.queryFactor)) ||
      failed(checkFactor(qk, qk.getFactor(), match.loop)))
    return failure();
  if (softmax.getProbs().getType().getElementType() != match.getProductType())
    return softmax.emitOpError("cannot be given a kernel: expects probs of the "
                               "element type of the query (")
           << match.getProductType() << "), got "
           << softmax.getProbs().getType();
  if (match.modify &&
      failed(checkFactor(match.modify, match.modify.getFactor(), match.loop)))
    return failure();
  return checkStep(match, mask);
}

std::pair<BlockKernels, BlockKernels> AttentionMatch::findBlockKernels() {
  auto kernelsOf = [](LoadScaleOp factor, LoadScaleOp zeroPoints,
                      CacheContent content) -> BlockKernels {
    if (zeroPoints)
      return {"", "codes have zero points"};
    if (!factor)
      return {};
    return mlir::fp8attn::findBlockKernels(factor,
                                           getCache(factor, content).getType());
  };
  return {kernelsOf(keyElementFactor, keyZeroPoints, CacheContent::Key),
          kernelsOf(valueElementFactor, valueZeroPoints, CacheContent::Value)};
}

std::string AttentionMatch::findMixedObstacle() {
  return mlir::fp8attn::findMixedObstacle(
      keyElementFactor, getCache(keyElementFactor, CacheContent::Key).getType(),
      rope.getRope().getType());
}

FailureOr<AttentionMatch> mlir::fp8attn::matchAttention(FinishOp finish) {
  AttentionMatch match;
  match.finish = finish;
  if (failed(matchLoop(match)) || failed(matchStep(match)) ||
      failed(matchFactor(finish, finish.getChannelFactor(), match.outFactor)) ||
      failed(matchFactor(finish, finish.getOutScale(), match.outScale)))
    return failure();
  return match;
}
