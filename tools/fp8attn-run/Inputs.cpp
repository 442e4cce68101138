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
#include "fp8attn/Target/ElementTypes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether inputs and reference know what `value` holds: memory of the
/// caller or of the function, or a view of it.
static bool isKnownMemory(Value value) {
  Value memory = getMemory(value);
  return isa<BlockArgument>(memory) ||
         isa<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp>(
             memory.getDefiningOp());
}

/// Returns whether elements of a memref have a type that arguments can have.
static bool hasKnownElements(Value value) {
  auto type = cast<MemRefType>(value.getType());
  return type.getRank() <= FP8ATTN_MAX_RANK && isAbiType(type.getElementType());
}

/// Returns the elements of a constant.
static DenseElementsAttr getElements(memref::GetGlobalOp op) {
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
      op, op.getNameAttr());
  return global && global.getConstant()
             ? dyn_cast_or_null<DenseElementsAttr>(global.getInitialValueAttr())
             : nullptr;
}

/// Returns whether `op` is none of the model, and inputs and reference know
/// what it does. A cache can be the caller's memory as it is, and no part of
/// it.
static bool isKnown(Operation &op) {
  if (isa<CacheViewOp>(op))
    return isa<BlockArgument>(skipCasts(op.getOperand(0)));
  if (isKnownView(&op))
    return isKnownMemory(op.getOperand(0)) && hasKnownElements(op.getResult(0));
  if (isa<memref::AllocOp, memref::AllocaOp>(op))
    return hasKnownElements(op.getResult(0));
  if (auto global = dyn_cast<memref::GetGlobalOp>(op))
    return hasKnownElements(global) && getElements(global);
  return isa<arith::ConstantOp, memref::DimOp, memref::DeallocOp>(op);
}

/// Returns whether `op` is one that inputs are made for and the reference runs.
static bool isRun(Operation &op) {
  if (auto copy = dyn_cast<memref::CopyOp>(op))
    return isKnownMemory(copy.getSource()) && isKnownMemory(copy.getTarget());
  return isa<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
             QuantizeOp, DequantizeOp>(op);
}

FailureOr<std::vector<Operation *>>
mlir::fp8attn::getModelOps(func::FuncOp function) {
  std::vector<Operation *> ops;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (isRun(op)) {
      ops.push_back(&op);
    } else if (!isKnown(op)) {
      op.emitError("expects only operations of the model level, constants, and "
                   "allocations, views and copies of memrefs in a function to "
                   "run, got ")
          << op.getName();
      return failure();
    }
  }
  return ops;
}

LogicalResult InputMaker::makeConstants(func::FuncOp function) {
  for (auto op : function.getOps<memref::GetGlobalOp>()) {
    DenseElementsAttr elements = getElements(op);
    if (failed(arguments.allocateTensor(op, op.getType().getShape())))
      return failure();
    const Argument &argument = arguments[op];
    const int64_t bytes =
        reference::elementBytes(fp8attn_type(argument.tensor.type));
    auto write = [&](int64_t index, const APInt &bits) {
      const uint64_t word = bits.getZExtValue();
      std::memcpy(argument.getElement(index), &word, bytes);
    };
    if (isa<FloatType>(elements.getElementType()))
      for (auto [index, value] : llvm::enumerate(elements.getValues<APFloat>()))
        write(index, value.bitcastToAPInt());
    else
      for (auto [index, value] : llvm::enumerate(elements.getValues<APInt>()))
        write(index, value);
    setMade(op);
  }
  return success();
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
  if (failed(makeRowScale(op.getScale(), op.getScaleMap(), sizes)) ||
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
  if (failed(maker.makeConstants(function)))
    return failure();
  for (Operation *op : ops) {
    LogicalResult result =
        llvm::TypeSwitch<Operation *, LogicalResult>(op)
            .Case<PagedAttentionOp, AttentionOp, MergeOp, KvWriteOp, RepackOp,
                  memref::CopyOp>(
                [&](auto typed) { return maker.makeInputs(typed); })
            .Case<QuantizeOp, DequantizeOp>(
                [&](auto typed) { return maker.makeConversion(typed); })
            .Default([](Operation *) { return failure(); });
    if (failed(result))
      return failure();
  }
  if (failed(maker.makeOtherCopies()) || failed(maker.checkSizes(function)))
    return failure();
  for (BlockArgument argument : function.getArguments())
    if (!maker.arguments[argument].isAllocated()) {
      reportError("cannot make an input for argument \"" +
                  maker.arguments[argument].name + "\": no operation uses it");
      return failure();
    }
  return std::move(maker.arguments);
}
