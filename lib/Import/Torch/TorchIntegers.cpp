//===- TorchIntegers.cpp - integers that torch computes -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integers of torch are of 64 bits here, division rounds down and a remainder
// has the sign of the divisor, as affine expressions have them. What is not
// known is loaded from where it is computed.
//
//===----------------------------------------------------------------------===//

#include "TorchIntegers.h"

#include "Support/ForeignOps.h"
#include "TorchValues.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Loaded numbers are limited to 2^40 when they are computed with.
static constexpr int64_t kMostFactor = int64_t(1) << 20;

static bool addToSum(AffineExpr expression, int64_t factor, AffineSum &sum) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expression);
  if (binary && binary.getKind() == AffineExprKind::Add)
    return addToSum(binary.getLHS(), factor, sum) &&
           addToSum(binary.getRHS(), factor, sum);
  auto isSmall = [](int64_t number) {
    return number > -kMostFactor && number < kMostFactor;
  };
  if (binary && binary.getKind() == AffineExprKind::Mul)
    if (auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS()))
      return isSmall(constant.getValue()) &&
             isSmall(factor * constant.getValue()) &&
             addToSum(binary.getLHS(), factor * constant.getValue(), sum);
  if (auto constant = dyn_cast<AffineConstantExpr>(expression)) {
    if (!isSmall(constant.getValue()))
      return false;
    sum.constant += factor * constant.getValue();
    return true;
  }
  auto *found = llvm::find_if(
      sum.terms, [&](auto &term) { return term.first == expression; });
  if (found == sum.terms.end())
    sum.terms.push_back({expression, factor});
  else if ((found->second += factor) == 0)
    sum.terms.erase(found);
  return true;
}

std::optional<AffineSum> mlir::fp8attn::getSum(AffineExpr expression) {
  AffineSum sum;
  return addToSum(expression, 1, sum) ? std::optional(sum) : std::nullopt;
}

AffineExpr mlir::fp8attn::simplifySum(AffineExpr expression) {
  std::optional<AffineSum> sum = getSum(expression);
  if (!sum)
    return nullptr;
  AffineExpr result =
      getAffineConstantExpr(sum->constant, expression.getContext());
  for (auto [term, factor] : sum->terms)
    result = result + term * factor;
  return result;
}

bool mlir::fp8attn::isSameSum(AffineExpr first, AffineExpr second) {
  AffineSum sum;
  return addToSum(first, 1, sum) && addToSum(second, -1, sum) &&
         sum.constant == 0 && sum.terms.empty();
}

std::optional<APFloat> mlir::fp8attn::getTorchSplat(Value tensor) {
  Operation *maker = tensor.getDefiningOp();
  if (!maker || maker->getNumResults() != 1)
    return std::nullopt;
  StringRef name = maker->getName().getStringRef();
  if (name == "torch.vtensor.literal") {
    auto splat = getForeignAttr<SplatElementsAttr>(maker, "value");
    if (!splat)
      return std::nullopt;
    if (isa<FloatType>(splat.getElementType()))
      return splat.getSplatValue<APFloat>();
    APFloat number(APFloat::IEEEdouble());
    number.convertFromAPInt(splat.getSplatValue<APInt>(),
                            !splat.getElementType().isUnsignedInteger(),
                            APFloat::rmNearestTiesToEven);
    return number;
  }
  auto place = llvm::StringSwitch<std::optional<unsigned>>(name)
                   .Case("torch.aten.scalar_tensor", 0)
                   .Cases({"torch.aten.fill.Scalar", "torch.aten.full"}, 1)
                   .Default(std::nullopt);
  if (name == "torch.aten.zeros")
    return APFloat(0.0);
  if (!place || *place >= maker->getNumOperands())
    return std::nullopt;
  Value scalar = maker->getOperand(*place);
  if (std::optional<double> number = getTorchFloat(scalar))
    return APFloat(*number);
  if (std::optional<int64_t> number = getTorchInt(scalar))
    return APFloat(static_cast<double>(*number));
  return std::nullopt;
}

AffineExpr TorchIntegers::getLoad(Value tensor, ArrayRef<AffineExpr> place) {
  auto *found = llvm::find_if(loads, [&](const Load &load) {
    return load.tensor == tensor && ArrayRef(load.place) == place;
  });
  if (found == loads.end()) {
    loads.push_back({tensor, SmallVector<AffineExpr>(place)});
    found = std::prev(loads.end());
  }
  return getAffineSymbolExpr(found - loads.begin(), context);
}

AffineExpr TorchIntegers::load(TorchElement element) {
  RankedTensorType type = getBuiltinTensor(element.tensor.getType());
  if (!type || !type.getElementType().isInteger() ||
      type.getElementTypeBitWidth() < 32 ||
      type.getElementType().isUnsignedInteger())
    return nullptr;
  SmallVector<AffineExpr> place;
  for (const Coordinate &coordinate : element.place) {
    place.push_back(getNumber(coordinate, context));
    if (!place.back())
      return nullptr;
  }
  return getLoad(element.tensor, place);
}

AffineExpr TorchIntegers::evaluateOperand(Operation *op, unsigned operand,
                                          const Coordinates &place) {
  Value value = op->getOperand(operand);
  if (std::optional<int64_t> constant = getTorchInt(value))
    return getAffineConstantExpr(*constant, context);
  std::optional<Coordinates> inner =
      getOperandPlace(getBuiltinTensor(value.getType()),
                      getBuiltinTensor(op->getResult(0).getType()), place);
  return inner ? evaluateElement({value, *inner}) : nullptr;
}

/// An element of the first operand, whose place along one dimension is an
/// element of another.
AffineExpr TorchIntegers::evaluateGather(Operation *op,
                                         const Coordinates &place) {
  Value table = op->getOperand(0), indices = op->getOperand(2);
  RankedTensorType type = getBuiltinTensor(table.getType());
  RankedTensorType indexType = getBuiltinTensor(indices.getType());
  std::optional<int64_t> dimension = getTorchInt(op->getOperand(1));
  if (!type || !indexType || !dimension)
    return nullptr;
  if (*dimension < 0)
    *dimension += type.getRank();
  if (*dimension < 0 || *dimension >= type.getRank())
    return nullptr;
  const bool isSelect = isForeign(op, "torch.aten.index_select");
  if (type.getRank() != static_cast<int64_t>(place.size()))
    return nullptr;
  if (isSelect ? indexType.getRank() != 1
               : indexType.getRank() != type.getRank())
    return nullptr;
  AffineExpr index = evaluateElement(
      {indices, isSelect ? Coordinates{place[*dimension]} : place});
  if (!index)
    return nullptr;
  Coordinates inner = place;
  inner[*dimension] = {{index, type.getDimSize(*dimension)}};
  // Indices may be of a part of the other dimensions, whose digits are not
  // those of the whole then.
  for (auto [other, size] : llvm::enumerate(type.getShape())) {
    if (isSelect || static_cast<int64_t>(other) == *dimension ||
        (!ShapedType::isDynamic(size) && size == indexType.getDimSize(other)))
      continue;
    AffineExpr number = getNumber(place[other], context);
    if (!number)
      return nullptr;
    inner[other] = getCoordinate(number, size);
  }
  return evaluateElement({table, inner});
}

AffineExpr TorchIntegers::evaluateOperation(Operation *op,
                                            const Coordinates &place) {
  StringRef name = op->getName().getStringRef();
  const unsigned operands = op->getNumOperands();
  if (op->getNumResults() != 1 || operands < 1 || !name.consume_front("torch."))
    return nullptr;
  auto evaluateBoth = [&](auto combine) -> AffineExpr {
    AffineExpr left = evaluateOperand(op, 0, place);
    AffineExpr right = left ? evaluateOperand(op, 1, place) : nullptr;
    return right ? combine(left, right) : AffineExpr();
  };
  if (operands == 3 &&
      (name == "aten.add.Tensor" || name == "aten.add.Scalar" ||
       name == "aten.sub.Tensor" || name == "aten.sub.Scalar")) {
    std::optional<int64_t> alpha = getTorchInt(op->getOperand(2));
    if (!alpha || *alpha <= -kMostFactor || *alpha >= kMostFactor)
      return nullptr;
    const int64_t factor = name.starts_with("aten.sub") ? -*alpha : *alpha;
    return evaluateBoth([&](AffineExpr left, AffineExpr right) {
      return left + right * factor;
    });
  }
  if (operands == 2 && (name == "aten.mul.Tensor" || name == "aten.mul.Scalar"))
    return evaluateBoth([](AffineExpr left, AffineExpr right) -> AffineExpr {
      if (isa<AffineConstantExpr>(left))
        std::swap(left, right);
      return isa<AffineConstantExpr>(right) ? left * right : AffineExpr();
    });
  const bool isDivision =
      name == "aten.floor_divide" || name == "aten.floor_divide.Scalar";
  if (operands == 2 && (isDivision || name == "aten.remainder.Scalar" ||
                        name == "aten.remainder.Tensor"))
    return evaluateBoth([&](AffineExpr left, AffineExpr right) -> AffineExpr {
      auto divisor = dyn_cast<AffineConstantExpr>(right);
      if (!divisor || divisor.getValue() < 1)
        return nullptr;
      return isDivision ? left.floorDiv(right) : left % right;
    });
  if (operands >= 3 && (name == "aten.gather" || name == "aten.index_select"))
    return evaluateGather(op, place);
  if (name == "prims.convert_element_type" || name == "aten.to.dtype") {
    // Integers that grow keep their value.
    RankedTensorType from = getBuiltinTensor(op->getOperand(0).getType());
    const bool grows = from && isa<IntegerType>(from.getElementType()) &&
                       from.getElementTypeBitWidth() >= 32 &&
                       from.getRank() == static_cast<int64_t>(place.size());
    return grows ? evaluateElement({op->getOperand(0), place}) : nullptr;
  }
  // Counts: a start and a step come first if they are there.
  const unsigned start = name == "aten.arange"              ? 0
                         : name == "aten.arange.start"      ? 1
                         : name == "aten.arange.start_step" ? 2
                                                            : 3;
  if (start < 3 && place.size() == 1 && operands > start) {
    auto first = start > 0 ? getTorchInt(op->getOperand(0)) : int64_t(0);
    auto step = start > 1 ? getTorchInt(op->getOperand(2)) : int64_t(1);
    AffineExpr number = getNumber(place.front(), context);
    if (first && step && number)
      return number * *step + *first;
  }
  return nullptr;
}

AffineExpr TorchIntegers::evaluate(TorchElement element) {
  // Sums of sums would take as long as they have terms.
  constexpr unsigned kMostSteps = 4096;
  stepsLeft = kMostSteps;
  return evaluateElement(std::move(element));
}

AffineExpr TorchIntegers::evaluateElement(TorchElement element) {
  if (stepsLeft == 0)
    return nullptr;
  --stepsLeft;
  element = followElement(element);
  RankedTensorType type = getBuiltinTensor(element.tensor.getType());
  if (!type || !type.getElementType().isInteger(64))
    return load(element);
  if (std::optional<APFloat> splat = getTorchSplat(element.tensor)) {
    double number = splat->convertToDouble();
    if (std::abs(number) < kMostFactor)
      return getAffineConstantExpr(static_cast<int64_t>(number), context);
  }
  if (Operation *maker = element.tensor.getDefiningOp())
    if (AffineExpr known = evaluateOperation(maker, element.place))
      return known;
  return stepsLeft > 0 ? load(element) : AffineExpr();
}

SmallVector<unsigned> TorchIntegers::getSymbols(AffineExpr expression) const {
  // A load is found after those that its place depends on.
  SmallVector<bool> isNeeded(loads.size(), false);
  auto need = [&](AffineExpr inner) {
    inner.walk([&](AffineExpr part) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
        isNeeded[symbol.getPosition()] = true;
    });
  };
  need(expression);
  for (size_t index = loads.size(); index-- > 0;)
    if (isNeeded[index])
      llvm::for_each(loads[index].place, need);
  SmallVector<unsigned> symbols;
  for (unsigned index = 0; index < loads.size(); ++index)
    if (isNeeded[index])
      symbols.push_back(index);
  return symbols;
}

bool TorchIntegers::dependsOnlyOn(AffineExpr expression,
                                  ArrayRef<unsigned> dims) const {
  bool isRight = true;
  auto check = [&](AffineExpr inner) {
    inner.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        isRight &= llvm::is_contained(dims, dim.getPosition());
    });
  };
  check(expression);
  for (unsigned symbol : getSymbols(expression))
    llvm::for_each(loads[symbol].place, check);
  return isRight;
}

AffineExpr TorchIntegers::replace(AffineExpr expression, AffineExpr from,
                                  AffineExpr to) {
  DenseMap<AffineExpr, AffineExpr> changes = {{from, to}};
  for (unsigned symbol : getSymbols(expression)) {
    SmallVector<AffineExpr> place;
    for (AffineExpr part : loads[symbol].place)
      place.push_back(part.replace(changes));
    changes[getAffineSymbolExpr(symbol, context)] =
        getLoad(loads[symbol].tensor, place);
  }
  return expression.replace(changes);
}
