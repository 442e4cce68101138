//===- PageCodes.cpp - caches of FP8 in programs of torch -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A code is that of torch only if it is rounded once, of a quotient in f32, and
// if values beyond the largest code are clamped, as torch makes NaN or infinity
// of them. What is computed before that, a product with a reciprocal or a
// quotient in bf16, is a source to write with a scale of 1.
//
//===----------------------------------------------------------------------===//

#include "PageCodes.h"

#include "Support/ForeignOps.h"
#include "Torch/TorchScalarTranslator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the type that a tensor of torch has elements of; null if its type
/// does not say it.
static Type getElement(Value tensor) {
  RankedTensorType type = getBuiltinTensor(tensor.getType());
  return type ? type.getElementType() : Type();
}

static bool isCodes(Type type) {
  return isa_and_present<Float8E4M3FNType, Float8E5M2Type>(type);
}

Type mlir::fp8attn::getTorchCodes(Value tensor) {
  Type element = getElement(tensor);
  return isCodes(element) ? element : Type();
}

static bool isSameShape(Value first, Value second) {
  RankedTensorType one = getBuiltinTensor(first.getType()),
                   other = getBuiltinTensor(second.getType());
  return one && other && one.getShape() == other.getShape();
}

/// Whether an operation has an operand like its one result.
static bool isElementwise(Operation *op, unsigned numOperands) {
  return op->getNumResults() == 1 && op->getNumOperands() >= numOperands &&
         isSameShape(op->getOperand(0), op->getResult(0));
}

bool mlir::fp8attn::isTorchByteView(Operation *op) {
  auto isByte = [](Value tensor) {
    Type element = getElement(tensor);
    return element && element.isIntOrFloat() &&
           element.getIntOrFloatBitWidth() == 8;
  };
  return isForeign(op, "torch.aten.view.dtype") && isElementwise(op, 1) &&
         isByte(op->getOperand(0)) && isByte(op->getResult(0));
}

/// Whether an operation converts floats.
static bool isConversion(Operation *op) {
  return (isForeign(op, "torch.aten.to.dtype") ||
          isForeign(op, "torch.prims.convert_element_type")) &&
         isElementwise(op, 1) &&
         isa_and_present<FloatType>(getElement(op->getOperand(0))) &&
         isa_and_present<FloatType>(getElement(op->getResult(0)));
}

/// Returns a constant number of Python's.
static std::optional<double> getConstant(Value value) {
  bool isFloat;
  return getPythonNumber(value, isFloat);
}

/// Returns a constant as the scale that it is in f32; nothing if it is none.
static std::optional<double> getScale(Value value) {
  const auto rounded = static_cast<float>(getConstant(value).value_or(0));
  return rounded > 0 && std::isfinite(rounded) ? std::optional(rounded)
                                               : std::nullopt;
}

/// Whether a tensor of f32 has one element, or one for each of the heads that
/// are the last dimension of `like` but one.
static bool isScaleOf(Value scale, Value like) {
  RankedTensorType type = getBuiltinTensor(scale.getType()),
                   tensor = getBuiltinTensor(like.getType());
  if (!type || !tensor || !type.getElementType().isF32() ||
      type.getRank() > tensor.getRank())
    return false;
  for (auto [index, size] : llvm::enumerate(llvm::reverse(type.getShape())))
    if (size != 1 && (index != 1 || ShapedType::isDynamic(size) ||
                      size != tensor.getDimSize(tensor.getRank() - 2)))
      return false;
  return true;
}

/// Returns what is divided by a scale, if that is so in f32.
static Value followQuotient(Value quotient, PageScale &scale) {
  Operation *op = quotient.getDefiningOp();
  const bool isTensor = op && isForeign(op, "torch.aten.div.Tensor");
  if (!op || !(isTensor || isForeign(op, "torch.aten.div.Scalar")) ||
      !isElementwise(op, 2) || op->getNumOperands() != 2 ||
      !getElement(quotient).isF32())
    return quotient;
  Value divisor = op->getOperand(1);
  if (isTensor && isScaleOf(divisor, quotient)) {
    scale.tensor = divisor;
    return op->getOperand(0);
  }
  std::optional<double> number = isTensor ? std::nullopt : getScale(divisor);
  if (!number)
    return quotient;
  scale.number = *number;
  return op->getOperand(0);
}

Value mlir::fp8attn::followQuantization(Value codes, PageScale &scale,
                                        std::string &why) {
  auto type = cast<FloatType>(getTorchCodes(codes));
  const double most =
      APFloat::getLargest(type.getFloatSemantics()).convertToDouble();
  Operation *conversion = codes.getDefiningOp();
  Operation *clamp = conversion && isConversion(conversion)
                         ? conversion->getOperand(0).getDefiningOp()
                         : nullptr;
  if (!clamp || !isForeign(clamp, "torch.aten.clamp") ||
      !isElementwise(clamp, 3)) {
    why = llvm::formatv("expects codes of {0} that are converted from what "
                        "torch.aten.clamp gives, as others may be NaN, got {1}",
                        type, codes.getType());
    return nullptr;
  }
  std::optional<double> least = getConstant(clamp->getOperand(1)),
                        largest = getConstant(clamp->getOperand(2));
  if (least != -most || largest != most) {
    auto text = [](std::optional<double> number) {
      return number ? llvm::formatv("{0}", *number).str() : "no constant";
    };
    why = llvm::formatv("expects codes of {0} to be clamped to {1} and {2}, "
                        "got {3} and {4}",
                        type, -most, most, text(least), text(largest));
    return nullptr;
  }
  Value clamped = clamp->getOperand(0);
  if (getElement(clamped) != getElement(clamp->getResult(0)))
    return clamp->getResult(0);
  Value source = followQuotient(clamped, scale);
  // A wider type is the same number.
  Operation *widens = source.getDefiningOp();
  if (widens && isConversion(widens) && getElement(source).isF32() &&
      getElement(widens->getOperand(0)).getIntOrFloatBitWidth() == 16)
    source = widens->getOperand(0);
  return source;
}

bool mlir::fp8attn::stepToCodes(TorchElement &element, ReadCodes &read) {
  Operation *op = element.tensor.getDefiningOp();
  if (!op)
    return false;
  if (isTorchByteView(op)) {
    element.tensor = op->getOperand(0);
    return true;
  }
  if (read.type)
    return false;
  if (isConversion(op)) {
    read.type = getTorchCodes(op->getOperand(0));
    element.tensor = op->getOperand(0);
    return true;
  }
  const bool isTensor = isForeign(op, "torch.aten.mul.Tensor");
  if (read.scale || op->getNumOperands() != 2 || op->getNumResults() != 1 ||
      !(isTensor || isForeign(op, "torch.aten.mul.Scalar")))
    return false;
  // Either may be the scale, the other is like the product.
  const unsigned factor =
      isTensor && !isSameShape(op->getOperand(0), op->getResult(0)) ? 0 : 1;
  Value rest = op->getOperand(1 - factor);
  if (!isSameShape(rest, op->getResult(0)))
    return false;
  PageScale scale;
  if (!isTensor) {
    std::optional<double> number = getScale(op->getOperand(factor));
    if (!number)
      return false;
    scale.number = *number;
  } else {
    scale.tensor = op->getOperand(factor);
    std::optional<Coordinates> place =
        getOperandPlace(getBuiltinTensor(scale.tensor.getType()),
                        getBuiltinTensor(rest.getType()), element.place);
    if (!place)
      return false;
    read.place = *place;
  }
  read.scale = scale;
  element.tensor = rest;
  return true;
}

LogicalResult mlir::fp8attn::checkReadScale(const ReadCodes &read,
                                            AffineExpr head, int64_t heads,
                                            std::string &why) {
  if (!read.type) {
    if (!read.scale)
      return success();
    why = "expects factors of pages that are FP8 alone";
    return failure();
  }
  if (!read.scale || !read.scale->tensor)
    return success();
  RankedTensorType type = getBuiltinTensor(read.scale->tensor.getType());
  bool isRight = type.getElementType().isF32();
  for (auto [coordinate, size] : llvm::zip(read.place, type.getShape()))
    isRight &= size == 1 ||
               (size == heads &&
                llvm::count(type.getShape(), 1) + 1 == type.getRank() &&
                fp8attn::getNumber(coordinate, head.getContext()) == head);
  if (isRight)
    return success();
  why =
      llvm::formatv("expects a scale of f32, one or one for each of {0} heads "
                    "of pages, got {1}",
                    heads, type);
  return failure();
}

AffineMapAttr mlir::fp8attn::buildPageScale(OpBuilder &builder, Location loc,
                                            const PageScale &scale,
                                            Value &tensor) {
  // Of page, head, token and channel.
  constexpr unsigned kDims = 4, kHeadDim = 1;
  auto getMap = [&](ArrayRef<AffineExpr> results) {
    return AffineMapAttr::get(AffineMap::get(kDims, /*symbolCount=*/0, results,
                                             builder.getContext()));
  };
  if (!scale.tensor) {
    Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>(),
                                          builder.getF32Type());
    Value number = arith::ConstantOp::create(
        builder, loc, builder.getF32FloatAttr(scale.number));
    tensor = linalg::FillOp::create(builder, loc, number, empty).getResult(0);
    return getMap({});
  }
  tensor = toBuiltinTensor(builder, loc, scale.tensor);
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<ReassociationIndices> groups;
  SmallVector<AffineExpr> results;
  if (type.getNumElements() != 1) {
    groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(type.getRank())));
    results.push_back(builder.getAffineDimExpr(kHeadDim));
  }
  if (type.getRank() != static_cast<int64_t>(groups.size()))
    tensor = tensor::CollapseShapeOp::create(builder, loc, tensor, groups);
  return getMap(results);
}
