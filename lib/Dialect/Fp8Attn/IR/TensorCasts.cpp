//===- TensorCasts.cpp - static sizes for tensors -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tensor dialect has this for all operations in destination-passing style,
// but in MLIR 22 it cannot clone an empty region, as that of attention without
// a score region is, and crashes. Ours is tried before.
//
//===----------------------------------------------------------------------===//

#include "TensorCasts.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
struct FoldTensorCasts : public RewritePattern {
  /// More than that of the tensor dialect's.
  static constexpr unsigned kBenefit = 2;

  FoldTensorCasts(StringRef name, MLIRContext *context)
      : RewritePattern(name, kBenefit, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> operands(op->getOperands());
    bool changes = false;
    for (Value &operand : operands) {
      auto cast = operand.getDefiningOp<tensor::CastOp>();
      if (!tensor::canFoldIntoConsumerOp(cast))
        continue;
      operand = cast.getSource();
      changes = true;
    }
    if (!changes)
      return rewriter.notifyMatchFailure(op, "no cast knows more sizes");
    SmallVector<Type> types;
    for (OpOperand &init :
         cast<DestinationStyleOpInterface>(op).getDpsInitsMutable())
      if (Type type = operands[init.getOperandNumber()].getType();
          isa<TensorType>(type))
        types.push_back(type);
    OperationState state(op->getLoc(), op->getName(), operands, types,
                         op->getAttrs());
    for (unsigned i = 0; i < op->getNumRegions(); ++i)
      state.addRegion();
    Operation *created = rewriter.create(state);
    for (auto [from, to] : llvm::zip(op->getRegions(), created->getRegions()))
      rewriter.inlineRegionBefore(from, to, to.end());
    SmallVector<Value> results;
    for (auto [old, result] :
         llvm::zip(op->getResults(), created->getResults()))
      results.push_back(rewriter.createOrFold<tensor::CastOp>(
          op->getLoc(), old.getType(), result));
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void fp8attn::detail::addTensorCastFolding(RewritePatternSet &patterns,
                                           StringRef name) {
  patterns.add<FoldTensorCasts>(name, patterns.getContext());
}
