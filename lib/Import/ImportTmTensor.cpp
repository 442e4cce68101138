//===- ImportTmTensor.cpp - attention of torch-mlir's tm_tensor dialect ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operands have the dimensions [batch..., tokens, channels], which are
// loops that they have in common.
//
//===----------------------------------------------------------------------===//

#include "Support/ForeignOps.h"
#include "Support/IndexedAttention.h"
#include "fp8attn/Import/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::fp8attn {
#define GEN_PASS_DEF_IMPORTTMTENSOR
#include "fp8attn/Import/Passes.h.inc"
} // namespace mlir::fp8attn

using namespace mlir;
using namespace mlir::fp8attn;

/// Places of the operands; what is written comes last.
enum Place { kQuery, kKey, kValue, kMask };

/// Reads operands and attributes; says why if they cannot be meant.
static LogicalResult read(Operation *op, IndexedAttention &attention,
                          AttentionImport &options, std::string &why) {
  auto segments = getForeignAttr<DenseI32ArrayAttr>(op, "operandSegmentSizes");
  const int32_t inputs = op->getNumOperands() - 1;
  if (!segments || segments.size() != 2 || segments[0] != inputs ||
      segments[1] != 1) {
    why =
        "expects operandSegmentSizes of query, key, value, perhaps a mask, and "
        "one tensor that is written";
    return failure();
  }
  if (auto scale = getForeignAttr<FloatAttr>(op, "scale"))
    options.scale = scale.getValueAsDouble();
  attention.outType =
      dyn_cast<RankedTensorType>(op->getOperand(inputs).getType());
  const int64_t outer = attention.outType ? attention.outType.getRank() - 2 : 0;
  if (outer < 1) {
    why = llvm::formatv("expects tensors of three dimensions or more, got {0}",
                        op->getOperand(inputs).getType());
    return failure();
  }
  // Behind the loops in common: queries, keys, and channels of keys and values.
  MLIRContext *context = op->getContext();
  auto getMap = [&](int64_t row, int64_t column) {
    SmallVector<AffineExpr> loops;
    for (int64_t loop = 0; loop < outer; ++loop)
      loops.push_back(getAffineDimExpr(loop, context));
    loops.push_back(getAffineDimExpr(outer + row, context));
    loops.push_back(getAffineDimExpr(outer + column, context));
    return AffineMap::get(outer + 4, 0, loops, context);
  };
  enum { kQueries, kKeys, kChannels, kValueChannels };
  attention.query = {op->getOperand(kQuery), getMap(kQueries, kChannels)};
  attention.key = {op->getOperand(kKey), getMap(kKeys, kChannels)};
  attention.value = {op->getOperand(kValue), getMap(kKeys, kValueChannels)};
  if (inputs > kMask)
    attention.mask = {op->getOperand(kMask), getMap(kQueries, kKeys)};
  attention.out = {op->getOperand(inputs), getMap(kQueries, kValueChannels)};
  return success();
}

/// Builds what stands for the result; says why if it cannot.
static FailureOr<SmallVector<Value>> build(OpBuilder &builder, Operation *op,
                                           std::string &why) {
  IndexedAttention attention;
  AttentionImport options;
  if (failed(read(op, attention, options, why)))
    return failure();
  return buildIndexedAttention(builder, op->getLoc(), attention, options, why);
}

namespace {
struct ImportTmTensorPass
    : public fp8attn::impl::ImportTmTensorBase<ImportTmTensorPass> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isForeign(op, "tm_tensor.attention") &&
          (op->getNumOperands() == 4 || op->getNumOperands() == 5) &&
          op->getNumResults() == 1)
        found.push_back(op);
    });
    for (Operation *op : found)
      (void)replaceResults(op, build);
  }
};
} // namespace
