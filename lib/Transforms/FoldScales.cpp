//===- FoldScales.cpp - the algebra of scales ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Moves tile.scale operations to where they are free. Both GEMMs are linear: a
// factor that does not depend on what is summed may be taken out of the sum,
// and one that depends on nothing else but what is summed may be put on the
// other operand.
//
//   differs by   of keys                     of values
//   nothing      factor of the scores        factor of the result
//   key          key_factor of the scores    prob_factor of the softmax
//   channel      channel_factor of the query channel_factor of the result
//   both         stays                       stays
//
// A scale of query rows multiplies the scores: it is their row_factor.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_FOLDSCALES
#include "fp8attn/Transforms/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the outermost loop around `user` in which neither value is defined,
/// else `user`.
static Operation *findPlace(Operation *user, Value a, Value b) {
  Operation *place = user;
  for (auto loop = place->getParentOfType<LoopLikeOpInterface>();
       loop && loop.isDefinedOutsideOfLoop(a) && loop.isDefinedOutsideOfLoop(b);
       loop = place->getParentOfType<LoopLikeOpInterface>())
    place = loop;
  return place;
}

/// Returns a * b, computed outside of all loops around `user` in which neither
/// is defined; a null factor counts as 1.
static Value multiply(PatternRewriter &rewriter, Operation *user, Value a,
                      Value b) {
  if (!a || !b)
    return a ? a : b;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(findPlace(user, a, b));
  return arith::MulFOp::create(rewriter, user->getLoc(), a, b);
}

/// What a factor of a tile of keys or values differs by.
static bool isByKey(ScaleOp op) { return op.getAlong() == 0; }
static bool isByChannel(ScaleOp op) { return op.getAlong() == 1; }

namespace {
/// qk(query, scale(key, s)) factor f  ->  qk(query, key) factor f * s
struct FoldKeyScale : OpRewritePattern<QkOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QkOp op,
                                PatternRewriter &rewriter) const override {
    auto scale = op.getKey().getDefiningOp<ScaleOp>();
    if (!scale || !scale.isUniform())
      return rewriter.notifyMatchFailure(op, "the key is not scaled");
    Value factor = multiply(rewriter, op, op.getFactor(), scale.getFactor());
    rewriter.modifyOpInPlace(op, [&] {
      op.getKeyMutable().assign(scale.getTile());
      op.getFactorMutable().assign(factor);
    });
    return success();
  }
};

/// qk(query, scale(key, s by key))  ->  qk(query, key) key_factor s
struct FoldScaleByKey : OpRewritePattern<QkOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QkOp op,
                                PatternRewriter &rewriter) const override {
    auto scale = op.getKey().getDefiningOp<ScaleOp>();
    if (!scale || !isByKey(scale) || op.getKeyFactor())
      return rewriter.notifyMatchFailure(op, "no scale by key is to be folded");
    rewriter.modifyOpInPlace(op, [&] {
      op.getKeyMutable().assign(scale.getTile());
      op.getKeyFactorMutable().assign(scale.getFactor());
    });
    return success();
  }
};

/// qk(query, scale(key, s by channel))  ->  qk(scale(query, s by channel), key)
struct MoveScaleToQuery : OpRewritePattern<QkOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QkOp op,
                                PatternRewriter &rewriter) const override {
    auto scale = op.getKey().getDefiningOp<ScaleOp>();
    if (!scale || !isByChannel(scale))
      return rewriter.notifyMatchFailure(op, "no scale by channel");
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(findPlace(op, op.getQuery(), scale.getFactor()));
    Value query = ScaleOp::create(rewriter, scale.getLoc(), op.getQuery(),
                                  scale.getFactor(), scale.getAlongAttr());
    rewriter.modifyOpInPlace(op, [&] {
      op.getQueryMutable().assign(query);
      op.getKeyMutable().assign(scale.getTile());
    });
    return success();
  }
};

/// scale(load_query, s by channel)  ->  load_query channel_factor s. The query
/// is then rounded after the multiplication, once.
struct FoldQueryScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter &rewriter) const override {
    auto query = op.getTile().getDefiningOp<LoadQueryOp>();
    if (!query || !isByChannel(op) || query.getChannelFactor() ||
        !query->hasOneUse())
      return rewriter.notifyMatchFailure(op, "not the only use of a query");
    // The factor may be defined after the query.
    rewriter.moveOpBefore(query, op);
    rewriter.modifyOpInPlace(
        query, [&] { query.getChannelFactorMutable().assign(op.getFactor()); });
    rewriter.replaceOp(op, query);
    return success();
  }
};

/// scale(qk(...) factor f, s)  ->  qk(...) factor f * s, and the same for the
/// factor behind a score region. The factor moves, not the operation: s may be
/// defined after it.
template <typename ScoresOp> struct FoldScoreScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter &rewriter) const override {
    auto scores = op.getTile().template getDefiningOp<ScoresOp>();
    if (!scores || !scores->hasOneUse() || !op.isUniform())
      return rewriter.notifyMatchFailure(op, "not the only use of scores");
    Value factor = multiply(rewriter, op, scores.getFactor(), op.getFactor());
    rewriter.moveOpBefore(scores, op);
    rewriter.modifyOpInPlace(scores,
                             [&] { scores.getFactorMutable().assign(factor); });
    rewriter.replaceOp(op, scores);
    return success();
  }
};

/// scale(qk(...), s by row)  ->  qk(...) row_factor s
struct FoldRowScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter &rewriter) const override {
    auto scores = op.getTile().getDefiningOp<QkOp>();
    if (!scores || !scores->hasOneUse() || op.getAlong() != 0 ||
        scores.getRowFactor())
      return rewriter.notifyMatchFailure(op, "no scale of rows of scores");
    rewriter.moveOpBefore(scores, op);
    rewriter.modifyOpInPlace(
        scores, [&] { scores.getRowFactorMutable().assign(op.getFactor()); });
    rewriter.replaceOp(op, scores);
    return success();
  }
};

/// scale(scale(x, a), b)  ->  scale(x, a * b)
struct FoldConsecutiveScales : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getTile().getDefiningOp<ScaleOp>();
    if (!inner || !inner.isUniform() || !op.isUniform())
      return rewriter.notifyMatchFailure(op, "not two scales by a number");
    Value factor = multiply(rewriter, op, inner.getFactor(), op.getFactor());
    rewriter.replaceOpWithNewOp<ScaleOp>(op, inner.getTile(), factor,
                                         IntegerAttr());
    return success();
  }
};

/// pv(softmax, scale(v, s by key))  ->  pv(softmax prob_factor s, v): the
/// denominator is that of the probabilities alone.
struct FoldScaleIntoProbs : OpRewritePattern<PvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PvOp op,
                                PatternRewriter &rewriter) const override {
    auto scale = op.getValue().getDefiningOp<ScaleOp>();
    auto softmax = op.getProbs().getDefiningOp<SoftmaxOp>();
    if (!scale || !isByKey(scale) || !softmax || softmax.getProbFactor() ||
        !softmax.getProbs().hasOneUse())
      return rewriter.notifyMatchFailure(op, "no scale by key is to be folded");
    Operation *factor = scale.getFactor().getDefiningOp();
    if (factor && factor->getBlock() == softmax->getBlock() &&
        !factor->isBeforeInBlock(softmax))
      return rewriter.notifyMatchFailure(op, "the factor is defined too late");
    rewriter.modifyOpInPlace(softmax, [&] {
      softmax.getProbFactorMutable().assign(scale.getFactor());
    });
    rewriter.modifyOpInPlace(
        op, [&] { op.getValueMutable().assign(scale.getTile()); });
    return success();
  }
};

/// In a loop whose accumulators begin at 0 and only grow by pv(p, scale(v, s)),
/// s the same in every step: takes s out of the loop, into the factor of the
/// finish that uses the result.
struct FoldValueScale : OpRewritePattern<FinishOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FinishOp op,
                                PatternRewriter &rewriter) const override {
    auto result = dyn_cast<OpResult>(op.getAcc());
    auto loop = result ? dyn_cast<scf::ForOp>(result.getOwner()) : scf::ForOp();
    if (!loop || !result.hasOneUse())
      return rewriter.notifyMatchFailure(op, "not the only use of a loop");
    unsigned index = result.getResultNumber();
    if (!loop.getInitArgs()[index].getDefiningOp<InitOp>())
      return rewriter.notifyMatchFailure(op, "the loop does not begin at 0");
    auto pv = loop.getYieldedValues()[index].getDefiningOp<PvOp>();
    auto scale = pv ? pv.getValue().getDefiningOp<ScaleOp>() : ScaleOp();
    if (!scale)
      return rewriter.notifyMatchFailure(op, "the values are not scaled");
    auto softmax = pv.getAcc().getDefiningOp<SoftmaxOp>();
    BlockArgument carried = loop.getRegionIterArgs()[index];
    if (!softmax || softmax.getAcc() != carried || !carried.hasOneUse())
      return rewriter.notifyMatchFailure(
          op, "the accumulators are used between steps");
    if (!loop.isDefinedOutsideOfLoop(scale.getFactor()))
      return rewriter.notifyMatchFailure(op, "the scale differs by step");
    if (!scale.isUniform() && (!isByChannel(scale) || op.getChannelFactor()))
      return rewriter.notifyMatchFailure(op, "no place for the scale");
    Value factor = scale.isUniform() ? multiply(rewriter, op, op.getFactor(),
                                                scale.getFactor())
                                     : scale.getFactor();
    rewriter.modifyOpInPlace(
        pv, [&] { pv.getValueMutable().assign(scale.getTile()); });
    rewriter.modifyOpInPlace(op, [&] {
      (scale.isUniform() ? op.getFactorMutable() : op.getChannelFactorMutable())
          .assign(factor);
    });
    return success();
  }
};
} // namespace

/// Says why a scale is still there.
static std::string reasonFor(ScaleOp op) {
  auto loop = op->getParentOfType<LoopLikeOpInterface>();
  auto factors = dyn_cast<RankedTensorType>(op.getFactor().getType());
  if (factors && factors.getRank() == 2)
    return llvm::any_of(op->getUsers(), llvm::IsaPred<AppendRopeOp>)
               ? "keys have bf16 channels behind their codes: elements are "
                 "multiplied one by one, to be bf16, too"
               : "the scale differs by key and by channel, as elements do";
  if (loop && !loop.isDefinedOutsideOfLoop(op.getFactor()))
    return "the scale is another one in each step of the loop over keys";
  for (Operation *user : op->getUsers()) {
    if (isa<ModifyOp>(user))
      return "a score region, which need not be linear, follows";
    if (!isa<QkOp, PvOp, ScaleOp>(user))
      return ("its result is used by " + user->getName().getStringRef()).str();
  }
  return "what it scales is used elsewhere too";
}

namespace {
struct FoldScalesPass : public fp8attn::impl::FoldScalesBase<FoldScalesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldKeyScale, FoldScaleByKey, MoveScaleToQuery, FoldQueryScale,
                 FoldScoreScale<QkOp>, FoldScoreScale<ModifyOp>, FoldRowScale,
                 FoldConsecutiveScales, FoldScaleIntoProbs, FoldValueScale>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    StringRef function = getOperation().getName();
    getOperation().walk([&](ScaleOp op) {
      remark::missed(op.getLoc(), remark::RemarkOpts::name("FoldScales")
                                      .category("fp8attn")
                                      .function(function))
          << remark::reason("{0}", reasonFor(op));
    });
  }
};
} // namespace
