//===- InputMaker.cpp - filling tensors by their role -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "InputMaker.h"

#include "fp8attn/Reference/Fp8.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::fp8attn;

LogicalResult InputMaker::make(Value value, ArrayRef<int64_t> sizes,
                               function_ref<void(const Argument &)> fill) {
  if (failed(arguments.allocateTensor(value, sizes)))
    return failure();
  const Made before = getMade(value);
  if (before == Made::All)
    return success();
  Operation *memory = getMemory(value).getDefiningOp();
  if (fill && before == Made::Some)
    return emitError(value.getLoc(),
                     "cannot make an input of which an operation before has "
                     "used or written a part");
  if (fill && memory && llvm::none_of(copies, [&](memref::CopyOp copy) {
        return getMemory(copy.getTarget()) == getMemory(value);
      }))
    return memory->emitError("expects memory in a function to run to be "
                             "written before an operation reads it");
  if (fill)
    fill(arguments[value]);
  setMade(value);
  return makeCopied();
}

LogicalResult InputMaker::makeNumbers(Value value, ArrayRef<int64_t> sizes,
                                      function_ref<float(int64_t)> number) {
  return make(value, sizes, [&](const Argument &argument) {
    for (int64_t i = 0; i < argument.getNumElements(); ++i)
      reference::encodeElement(number(i), argument.getElement(i),
                               fp8attn_type(argument.tensor.type));
  });
}

LogicalResult InputMaker::makeIntegers(Value value, ArrayRef<int64_t> sizes,
                                       ArrayRef<int32_t> numbers) {
  if (failed(make(value, sizes, [](const Argument &) {})))
    return failure();
  // Also over what a score region has been given.
  for (auto [index, number] : llvm::enumerate(numbers))
    arguments[value].at<int32_t>(index) = number;
  return success();
}

LogicalResult InputMaker::makeScale(Value scale, ArrayRef<int64_t> sizes) {
  if (!scale)
    return success();
  auto type = cast<MemRefType>(scale.getType());
  sizes = sizes.take_front(type.getRank());
  // Values reach about 30: a tenth is small enough for e4m3 not to saturate
  // and large enough for small values to become subnormal.
  if (type.getElementType().isF32())
    return makeNumbers(scale, sizes,
                       [&](int64_t) { return random.uniform(0.08, 0.3); });
  // Beside those they are multiplied with.
  if (isa<Float8E4M3FNType>(type.getElementType()))
    return makeNumbers(scale, sizes,
                       [&](int64_t) { return random.uniform(0.5, 4); });
  // Zero points: codes reach about 127, so that some saturate.
  if (type.getElementType().isInteger(8))
    return make(scale, sizes, [&](const Argument &argument) {
      constexpr int32_t kMost = 32;
      for (int64_t i = 0; i < argument.getNumElements(); ++i)
        argument.at<int8_t>(i) =
            static_cast<int8_t>(random.below(2 * kMost + 1)) - kMost;
    });
  return make(scale, sizes, [&](const Argument &argument) {
    constexpr uint8_t kSmallestPower = 123; // 2^-4; 2^-2 is the largest
    for (int64_t i = 0; i < argument.getNumElements(); ++i)
      argument.at<uint8_t>(i) = kSmallestPower + random.below(3);
  });
}

/// Learned sinks: from far below most scores to above nearly all of them.
LogicalResult InputMaker::makeSink(Value sink, int64_t heads) {
  return sink ? makeNumbers(sink, heads,
                            [&](int64_t) { return random.uniform(-4, 8); })
              : success();
}

/// Writes an element, a code as if its scale were a tenth.
static void encode(float value, uint8_t *to, fp8attn_type type) {
  constexpr float kScale = 0.1f;
  reference::encodeElement(
      reference::elementBytes(type) == 1 ? value / kScale : value, to, type);
}

void InputMaker::fillRow(uint8_t *row, int64_t channels, fp8attn_type type) {
  const int64_t size = reference::elementBytes(type);
  for (int64_t c = 0; c < channels; ++c)
    encode(random.normal() * channelFactor(c), row + c * size, type);
}

LogicalResult InputMaker::makeQueries(Value value, ArrayRef<int64_t> sizes) {
  return make(value, sizes, [&](const Argument &argument) {
    const auto type = fp8attn_type(argument.tensor.type);
    const int64_t channels = sizes.back();
    for (int64_t i = 0; i < argument.getNumElements(); i += channels) {
      auto *row = static_cast<uint8_t *>(argument.getElement(i));
      fillRow(row, channels, type);
      encode(kSinkQuery + random.normal(), row, type);
    }
  });
}

LogicalResult InputMaker::makeRowScale(Value scale,
                                       std::optional<AffineMap> map,
                                       ArrayRef<int64_t> sizes) {
  if (!scale)
    return success();
  SmallVector<int64_t> scaleSizes;
  for (AffineExpr result : map->getResults())
    scaleSizes.push_back(sizes[cast<AffineDimExpr>(result).getPosition()]);
  return makeScale(scale, scaleSizes);
}

/// Elements of what a score region or a mask is made of. Integers are 0 or 1:
/// small enough for whatever they stand for, half of a mask's keys. True is any
/// byte but 0.
LogicalResult InputMaker::makeElements(Value value, ArrayRef<int64_t> sizes) {
  return make(value, sizes, [&](const Argument &argument) {
    for (int64_t i = 0; i < argument.getNumElements(); ++i)
      switch (argument.tensor.type) {
      case FP8ATTN_TYPE_I8:
        argument.at<int8_t>(i) = random.below(2);
        break;
      case FP8ATTN_TYPE_I32:
        argument.at<int32_t>(i) = random.below(2);
        break;
      case FP8ATTN_TYPE_I64:
        argument.at<int64_t>(i) = random.below(2);
        break;
      case FP8ATTN_TYPE_BOOL:
        argument.at<uint8_t>(i) = random.below(2) * (1 + i % UINT8_MAX);
        break;
      default:
        reference::encodeElement(random.normal(), argument.getElement(i),
                                 fp8attn_type(argument.tensor.type));
      }
  });
}

/// Integers are small enough to be an index of whatever the region loads from.
void InputMaker::makeNumber(Value value) {
  // A constant has its value.
  if (value.getDefiningOp())
    return;
  Argument &argument = arguments[value];
  if (argument.isAllocated())
    return;
  argument.isNumber = true;
  if (value.getType().isF32())
    argument.number.real = random.uniform(0.5, 2);
  else
    argument.number.integer = random.below(2);
}

void InputMaker::makeSoftmaxScale(Value value, int64_t keyDim) {
  const bool isNew = !value.getDefiningOp() && !arguments[value].isAllocated();
  makeNumber(value);
  if (isNew)
    arguments[value].number.real /= std::sqrt(static_cast<float>(keyDim));
}

LogicalResult InputMaker::makeScoreModifiers(AttentionInterface op,
                                             ArrayRef<int64_t> maskSizes) {
  const int64_t heads = op.getNumHeads();
  // 2^(-8 h / Hq), the slopes of the paper.
  auto slope = [&](int64_t head) {
    return std::exp2(-8.0f * static_cast<float>(head + 1) /
                     static_cast<float>(heads));
  };
  if (op.getAlibi() && failed(makeNumbers(op.getAlibi(), heads, slope)))
    return failure();
  if (op.getMask() && failed(makeElements(op.getMask(), maskSizes)))
    return failure();
  if (op.getDraftMask() &&
      failed(makeElements(op.getDraftMask(),
                          {batch.numTokens(), batch.mostQueries()})))
    return failure();
  if (Value scale = op.getSoftmaxScaleValue())
    makeSoftmaxScale(scale, op.getKeyDim());
  // Tensors that the region loads from are large enough for any index.
  const int64_t any = std::max({longestContext(), batch.numTokens(),
                                batch.numSeqs(), heads, int64_t(1)});
  visitUsedValuesDefinedAbove(op.getScore(), [&](OpOperand *operand) {
    if (operand->get().getType().isIntOrIndexOrFloat())
      makeNumber(operand->get());
  });
  WalkResult result = op.getScore().walk([&](memref::LoadOp load) {
    SmallVector<int64_t> sizes(load.getMemRefType().getShape());
    llvm::replace(sizes, ShapedType::kDynamic, any);
    return WalkResult(makeElements(load.getMemRef(), sizes));
  });
  return failure(result.wasInterrupted());
}
