//===- FoldScales.cpp - the algebra of scales ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Moves tile.scale operations to where they are free: into the factor of the
// score GEMM, or through the value GEMM and the loop over keys into the final
// factor. Both GEMMs are linear, so a factor that does not depend on what is
// summed may be taken out of the sum.
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

/// Returns a * b, computed outside of all loops around `user` in which neither
/// is defined; a null factor counts as 1.
static Value multiply(PatternRewriter &rewriter, Operation *user, Value a,
                      Value b) {
  if (!a || !b)
    return a ? a : b;
  Operation *place = user;
  for (auto loop = place->getParentOfType<LoopLikeOpInterface>();
       loop && loop.isDefinedOutsideOfLoop(a) && loop.isDefinedOutsideOfLoop(b);
       loop = place->getParentOfType<LoopLikeOpInterface>())
    place = loop;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(place);
  return arith::MulFOp::create(rewriter, user->getLoc(), a, b);
}

namespace {
/// qk(query, scale(key, s)) factor f  ->  qk(query, key) factor f * s
struct FoldKeyScale : OpRewritePattern<QkOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QkOp op,
                                PatternRewriter &rewriter) const override {
    auto scale = op.getKey().getDefiningOp<ScaleOp>();
    if (!scale)
      return rewriter.notifyMatchFailure(op, "the key is not scaled");
    Value factor = multiply(rewriter, op, op.getFactor(), scale.getFactor());
    rewriter.modifyOpInPlace(op, [&] {
      op.getKeyMutable().assign(scale.getTile());
      op.getFactorMutable().assign(factor);
    });
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
    if (!scores || !scores->hasOneUse())
      return rewriter.notifyMatchFailure(op, "not the only use of scores");
    Value factor = multiply(rewriter, op, scores.getFactor(), op.getFactor());
    rewriter.moveOpBefore(scores, op);
    rewriter.modifyOpInPlace(scores,
                             [&] { scores.getFactorMutable().assign(factor); });
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
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the operand is not scaled");
    Value factor = multiply(rewriter, op, inner.getFactor(), op.getFactor());
    rewriter.replaceOpWithNewOp<ScaleOp>(op, inner.getTile(), factor);
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
      return rewriter.notifyMatchFailure(op, "the scale differs by key");
    Value factor = multiply(rewriter, op, op.getFactor(), scale.getFactor());
    rewriter.modifyOpInPlace(
        pv, [&] { pv.getValueMutable().assign(scale.getTile()); });
    rewriter.modifyOpInPlace(op, [&] { op.getFactorMutable().assign(factor); });
    return success();
  }
};
} // namespace

/// Says why a scale is still there.
static std::string reasonFor(ScaleOp op) {
  auto loop = op->getParentOfType<LoopLikeOpInterface>();
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
    patterns.add<FoldKeyScale, FoldScoreScale<QkOp>, FoldScoreScale<ModifyOp>,
                 FoldConsecutiveScales, FoldValueScale>(&getContext());
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
