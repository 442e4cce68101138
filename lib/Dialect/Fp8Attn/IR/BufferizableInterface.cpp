//===- BufferizableInterface.cpp - from tensors to memrefs ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operation on tensors becomes the same operation on the buffers of its
// operands. What it writes is written in place; all that it reads is used as it
// is. It is an external model, so that only this file needs the headers of
// bufferization.
//
//===----------------------------------------------------------------------===//

#include "BufferizableInterface.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::bufferization;

static Access getAccess(Operation *op, OpOperand &operand) {
  for (const OperandRole &role : cast<ModelOpInterface>(op).getOperandRoles())
    if (role.operand == &operand)
      return role.access;
  llvm_unreachable("every operand has a role");
}

/// Returns whether `written` may be the memory of `read`, element for element.
static bool mayBeInPlace(Operation *op, OpOperand &read, OpOperand &written) {
  if (auto attention = dyn_cast<PagedAttentionOp>(op))
    return &read == &attention.getQueryMutable() &&
           &written == &attention.getOutMutable();
  if (auto write = dyn_cast<KvWriteOp>(op))
    return write.getQuery() && &read == &*write.getQueryMutable().begin() &&
           &written == &*write.getQueryOutMutable().begin();
  auto merge = dyn_cast<MergeOp>(op);
  if (!merge)
    return false;
  if (&written == &merge.getOutMutable())
    return &read == &merge.getFirstOutMutable() ||
           &read == &merge.getSecondOutMutable();
  return &written == &merge.getLseMutable() &&
         (&read == &merge.getFirstLseMutable() ||
          &read == &merge.getSecondLseMutable());
}

namespace {
template <typename Op>
struct ModelOpBufferization
    : public BufferizableOpInterface::ExternalModel<ModelOpBufferization<Op>,
                                                    Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return getAccess(op, operand) != Access::Overwrite;
  }

  bool bufferizesToMemoryWrite(Operation *op, OpOperand &operand,
                               const AnalysisState &) const {
    return getAccess(op, operand) != Access::Read;
  }

  AliasingValueList getAliasingValues(Operation *op, OpOperand &operand,
                                      const AnalysisState &) const {
    if (getAccess(op, operand) == Access::Read)
      return {};
    auto destination = cast<DestinationStyleOpInterface>(op);
    return {
        {destination.getTiedOpResult(&operand), BufferRelation::Equivalent}};
  }

  bool isNotConflicting(Operation *op, OpOperand *read, OpOperand *write,
                        const AnalysisState &state) const {
    return read->getOwner() == op && write->getOwner() == op &&
           mayBeInPlace(op, *read, *write) &&
           state.areEquivalentBufferizedValues(read->get(), write->get());
  }

  /// A score region is evaluated for each score.
  bool isRepetitiveRegion(Operation *, unsigned) const { return true; }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    SmallVector<Value> operands(op->getOperands()), results;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType()))
        continue;
      FailureOr<Value> buffer =
          getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      operands[operand.getOperandNumber()] = *buffer;
      if (getAccess(op, operand) != Access::Read)
        results.push_back(*buffer);
    }
    OperationState onBuffers(op->getLoc(), op->getName(), operands,
                             /*types=*/TypeRange(), op->getAttrs());
    for (unsigned i = 0; i < op->getNumRegions(); ++i)
      onBuffers.addRegion();
    Operation *created = rewriter.create(onBuffers);
    for (auto [from, to] : llvm::zip(op->getRegions(), created->getRegions()))
      rewriter.inlineRegionBefore(from, to, to.end());
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};
} // namespace

template <typename... Ops> static void attachTo(MLIRContext &context) {
  (Ops::template attachInterface<ModelOpBufferization<Ops>>(context), ...);
}

void fp8attn::detail::attachBufferizableInterface(MLIRContext &context) {
  attachTo<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
           QuantizeOp, DequantizeOp>(context);
}
