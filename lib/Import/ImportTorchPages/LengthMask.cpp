//===- LengthMask.cpp - masks that are lengths of keys --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A mask selects between 0 and -inf by a comparison of the key's position with
// a number that does not depend on it, or is that comparison.
//
//===----------------------------------------------------------------------===//

#include "LengthMask.h"

#include "Support/ForeignOps.h"
#include "Torch/TorchValues.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Reads a mask.
class MaskReader {
public:
  MaskReader(TorchIntegers &integers, unsigned key, std::string &why)
      : integers(integers), key(key), why(why) {}

  AffineExpr readMask(TorchElement mask);

private:
  /// Returns how many keys a condition is true of, from the first, or false of.
  AffineExpr readCondition(TorchElement condition, bool isTrue);
  AffineExpr refuse(const Twine &text) {
    if (why.empty())
      why = text.str();
    return nullptr;
  }

  TorchIntegers &integers;
  unsigned key;
  std::string &why;
};
} // namespace

/// Follows an element through conversions of floats, too, which keep 0 and
/// -inf.
static TorchElement followMask(TorchElement element) {
  while (true) {
    element = followElement(element);
    Operation *maker = element.tensor.getDefiningOp();
    RankedTensorType type = getBuiltinTensor(element.tensor.getType());
    if (!maker || !type || !isa<FloatType>(type.getElementType()) ||
        maker->getNumOperands() < 1 ||
        !(isForeign(maker, "torch.prims.convert_element_type") ||
          isForeign(maker, "torch.aten.to.dtype")))
      return element;
    RankedTensorType from = getBuiltinTensor(maker->getOperand(0).getType());
    if (!from || from.getShape() != type.getShape() ||
        !isa<FloatType>(from.getElementType()))
      return element;
    element.tensor = maker->getOperand(0);
  }
}

AffineExpr MaskReader::readMask(TorchElement mask) {
  mask = followMask(mask);
  RankedTensorType type = getBuiltinTensor(mask.tensor.getType());
  if (type && type.getElementType().isInteger(1))
    return readCondition(mask, /*isTrue=*/true);
  Operation *maker = mask.tensor.getDefiningOp();
  if (!maker || !isForeign(maker, "torch.aten.where.self") ||
      maker->getNumOperands() != 3)
    return refuse("expects a mask that torch.aten.where.self makes of 0 and "
                  "-inf, or a comparison");
  Value condition = maker->getOperand(0);
  std::optional<APFloat> values[] = {getTorchSplat(maker->getOperand(1)),
                                     getTorchSplat(maker->getOperand(2))};
  if (!values[0] || !values[1])
    return refuse("expects a mask of two constants");
  const bool isTrue = values[0]->isZero();
  const APFloat &shown = *values[isTrue ? 0 : 1];
  const APFloat &hidden = *values[isTrue ? 1 : 0];
  if (!shown.isZero() || !hidden.isInfinity() || !hidden.isNegative()) {
    SmallString<16> texts[2];
    shown.toString(texts[0]);
    hidden.toString(texts[1]);
    return refuse(llvm::formatv("expects a mask of 0 and -inf, got {0} and {1}",
                                texts[0], texts[1])
                      .str());
  }
  std::optional<Coordinates> place =
      getOperandPlace(getBuiltinTensor(condition.getType()), type, mask.place);
  return place ? readCondition({condition, *place}, isTrue)
               : refuse("expects a mask whose sizes are known");
}

AffineExpr MaskReader::readCondition(TorchElement condition, bool isTrue) {
  condition = followElement(condition);
  Operation *maker = condition.tensor.getDefiningOp();
  StringRef name = maker ? maker->getName().getStringRef() : "";
  if ((name == "torch.aten.logical_not" || name == "torch.aten.bitwise_not") &&
      maker->getNumOperands() == 1 &&
      maker->getOperand(0).getType() == condition.tensor.getType())
    return readCondition({maker->getOperand(0), condition.place}, !isTrue);
  // Each comparison is left < right, or not, with 1 more on the right or left.
  enum class Order { None, Less, LessOrEqual, Greater, GreaterOrEqual };
  Order order =
      llvm::StringSwitch<Order>(name)
          .Cases({"torch.aten.lt.Tensor", "torch.aten.lt.Scalar"}, Order::Less)
          .Cases({"torch.aten.le.Tensor", "torch.aten.le.Scalar"},
                 Order::LessOrEqual)
          .Cases({"torch.aten.gt.Tensor", "torch.aten.gt.Scalar"},
                 Order::Greater)
          .Cases({"torch.aten.ge.Tensor", "torch.aten.ge.Scalar"},
                 Order::GreaterOrEqual)
          .Default(Order::None);
  if (order == Order::None || maker->getNumOperands() != 2)
    return refuse(
        "expects a mask that compares positions of keys with lengths");
  AffineExpr sides[2];
  for (auto [index, operand] : llvm::enumerate(maker->getOperands())) {
    if (std::optional<int64_t> constant = getTorchInt(operand)) {
      sides[index] = getAffineConstantExpr(*constant, operand.getContext());
      continue;
    }
    std::optional<Coordinates> place = getOperandPlace(
        getBuiltinTensor(operand.getType()),
        getBuiltinTensor(condition.tensor.getType()), condition.place);
    if (place)
      sides[index] = integers.evaluate({operand, *place});
    if (!sides[index])
      return refuse("expects a mask that compares integers");
  }
  // So that the key is less than the length where keys are shown.
  if (order == Order::Greater || order == Order::GreaterOrEqual) {
    std::swap(sides[0], sides[1]);
    order = order == Order::Greater ? Order::Less : Order::LessOrEqual;
  }
  if (!isTrue) {
    std::swap(sides[0], sides[1]);
    order = order == Order::Less ? Order::LessOrEqual : Order::Less;
  }
  AffineExpr position = getAffineDimExpr(key, condition.tensor.getContext());
  AffineExpr length = sides[1] - (sides[0] - position);
  if (order == Order::LessOrEqual)
    length = length + 1;
  AffineExpr result = simplifySum(length);
  return result ? result
                : refuse("expects lengths of keys without large factors");
}

AffineExpr mlir::fp8attn::getMaskLength(TorchIntegers &integers,
                                        TorchElement mask, unsigned key,
                                        std::string &why) {
  return MaskReader(integers, key, why).readMask(mask);
}
