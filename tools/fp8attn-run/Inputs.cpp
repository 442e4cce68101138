//===- Inputs.cpp - random inputs for an entry point ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Goes through the operations and makes what no earlier one has made.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

#include "InputMaker.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Fp8.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::fp8attn;

/// Reports a merge that overwrites what an earlier operation wrote: only what
/// the arguments hold at the end can be checked.
static LogicalResult checkOverwrites(MergeOp merge, ArrayRef<Operation *> ops) {
  for (Operation *earlier : ops)
    for (Value written : {Value(merge.getOut()), Value(merge.getLse())})
      if (llvm::is_contained(earlier->getOperands(), written)) {
        merge.emitError("expects a result that no earlier operation of the "
                        "function to run uses");
        return failure();
      }
  return success();
}

/// Returns whether `value` is an argument, as this or another type.
static bool isKnownView(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<CacheViewOp, memref::CastOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return true;
}

/// Returns whether `op` makes something that inputs and reference know: a
/// number that is known, or an argument as another type.
static bool isKnown(Operation &op) {
  return isa<arith::ConstantOp>(op) || (isa<CacheViewOp, memref::CastOp>(op) &&
                                        isKnownView(op.getOperand(0)));
}

FailureOr<std::vector<Operation *>>
mlir::fp8attn::getModelOps(func::FuncOp function) {
  std::vector<Operation *> ops;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (isKnown(op))
      continue;
    if (!isa<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
             QuantizeOp, DequantizeOp>(op)) {
      op.emitError("expects only operations of the model level, constants and "
                   "views of arguments in a function to run, got ")
          << op.getName();
      return failure();
    }
    if (auto merge = dyn_cast<MergeOp>(op);
        merge && failed(checkOverwrites(merge, ops)))
      return failure();
    ops.push_back(&op);
  }
  return ops;
}

SmallVector<int64_t> InputMaker::getPartSizes(MergeOp op) {
  if (op.isDense())
    return {batch.numSeqs(), op.getNumHeads(), batch.queryLen(0)};
  return {batch.numTokens(), op.getNumHeads()};
}

/// A partial result, unless an earlier operation makes it. One row in five has
/// no keys; its out, NaN, must not be looked at.
LogicalResult InputMaker::makePart(Value out, Value lse,
                                   ArrayRef<int64_t> sizes) {
  constexpr int64_t kEmptyPeriod = 5;
  constexpr double kLargestLse = 8;
  const int64_t channels = cast<MemRefType>(out.getType()).getShape().back();
  SmallVector<int64_t> outSizes(sizes);
  outSizes.push_back(channels);
  const bool isNewOut = !arguments[out].isAllocated();
  if (failed(makeQueries(out, outSizes)))
    return failure();
  const Argument &rows = arguments[out];
  return makeNumbers(lse, sizes, [&](int64_t row) -> float {
    if (random.below(kEmptyPeriod) != 0)
      return random.uniform(-kLargestLse, kLargestLse);
    for (int64_t c = 0; isNewOut && c < channels; ++c)
      reference::encodeElement(NAN, rows.getElement(row * channels + c),
                               fp8attn_type(rows.tensor.type));
    return -INFINITY;
  });
}

LogicalResult InputMaker::makeInputs(MergeOp op) {
  if (op.isDense() && failed(checkEqualLengths(op)))
    return failure();
  const SmallVector<int64_t> sizes = getPartSizes(op);
  SmallVector<int64_t> outSizes = sizes;
  outSizes.push_back(op.getNumChannels());
  if (failed(makePart(op.getFirstOut(), op.getFirstLse(), sizes)) ||
      failed(makePart(op.getSecondOut(), op.getSecondLse(), sizes)) ||
      failed(make(op.getOut(), outSizes)))
    return failure();
  return make(op.getLse(), sizes);
}

template <typename ConvertOp>
LogicalResult InputMaker::makeConversion(ConvertOp op) {
  SmallVector<int64_t> sizes(op.getSource().getType().getShape());
  llvm::replace(sizes, ShapedType::kDynamic, batch.numTokens());
  SmallVector<int64_t> scaleSizes;
  for (AffineExpr result : op.getScaleMap().getResults())
    scaleSizes.push_back(sizes[cast<AffineDimExpr>(result).getPosition()]);
  if (failed(makeScale(op.getScale(), scaleSizes)) ||
      failed(make(op.getDestination(), sizes)))
    return failure();
  return make(op.getSource(), sizes, [&](const Argument &source) {
    // FP8: any code. Others: any word every now and then, for special values.
    constexpr uint64_t kAnyWordPeriod = 16;
    const auto type = fp8attn_type(source.tensor.type);
    const int64_t size = reference::elementBytes(type);
    for (int64_t i = 0; i < source.getNumElements(); ++i) {
      void *element = source.getElement(i);
      if (size == 1 || random.below(kAnyWordPeriod) == 0) {
        const uint64_t bits = random.bits();
        std::memcpy(element, &bits, size);
      } else {
        reference::encodeElement(
            random.normal() * channelFactor(i % sizes.back()), element, type);
      }
    }
  });
}

FailureOr<Arguments> mlir::fp8attn::makeInputs(func::FuncOp function,
                                               ArrayRef<Operation *> ops,
                                               const Batch &batch,
                                               uint64_t seed) {
  InputMaker maker(function, batch, seed);
  for (Operation *op : ops) {
    LogicalResult result =
        llvm::TypeSwitch<Operation *, LogicalResult>(op)
            .Case<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp>(
                [&](auto typed) { return maker.makeInputs(typed); })
            .Case<QuantizeOp, DequantizeOp>(
                [&](auto typed) { return maker.makeConversion(typed); })
            .Default([](Operation *) { return failure(); });
    if (failed(result))
      return failure();
  }
  for (BlockArgument argument : function.getArguments())
    if (!maker.arguments[argument].isAllocated()) {
      reportError("cannot make an input for argument \"" +
                  maker.arguments[argument].name + "\": no operation uses it");
      return failure();
    }
  return std::move(maker.arguments);
}
