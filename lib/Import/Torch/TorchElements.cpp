//===- TorchElements.cpp - where elements of torch come from --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Types say the sizes. A shape may have one that is dynamic: with the others
// known on both sides of a view, it takes what is left of the digits.
//
//===----------------------------------------------------------------------===//

#include "TorchElements.h"

#include "Support/ForeignOps.h"
#include "TorchValues.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::fp8attn;

Coordinate mlir::fp8attn::getCoordinate(AffineExpr value, int64_t size) {
  return size == 1 ? Coordinate() : Coordinate{{value, size}};
}

AffineExpr mlir::fp8attn::getNumber(const Coordinate &coordinate,
                                    MLIRContext *context) {
  AffineExpr number = getAffineConstantExpr(0, context);
  for (auto [index, digit] : llvm::enumerate(coordinate)) {
    if (index > 0 && ShapedType::isDynamic(digit.size))
      return nullptr;
    number = index > 0 ? number * digit.size + digit.value : digit.value;
  }
  return number;
}

/// Moves digits from an end of `digits` to `taken`, until their sizes make
/// `size`; splits one if it must.
static bool takeFromBack(SmallVectorImpl<Digit> &digits, int64_t size,
                         bool splitsDynamic, Coordinate &taken) {
  while (size > 1) {
    if (digits.empty())
      return false;
    Digit &last = digits.back();
    const bool isDynamic = ShapedType::isDynamic(last.size);
    if (!isDynamic && last.size != 0 && size % last.size == 0) {
      taken.insert(taken.begin(), last);
      size /= last.size;
      digits.pop_back();
      continue;
    }
    if (isDynamic ? !splitsDynamic : last.size % size != 0)
      return false;
    taken.insert(taken.begin(), {last.value % size, size});
    last.value = last.value.floorDiv(size);
    if (!isDynamic)
      last.size /= size;
    return true;
  }
  return size == 1;
}

static bool takeFromFront(SmallVectorImpl<Digit> &digits, int64_t size,
                          Coordinate &taken) {
  while (size > 1) {
    if (digits.empty() || ShapedType::isDynamic(digits.front().size) ||
        digits.front().size == 0)
      return false;
    Digit &first = digits.front();
    if (size % first.size == 0) {
      taken.push_back(first);
      size /= first.size;
      digits.erase(digits.begin());
      continue;
    }
    if (first.size % size != 0)
      return false;
    const int64_t rest = first.size / size;
    taken.push_back({first.value.floorDiv(rest), size});
    first = {first.value % rest, rest};
    return true;
  }
  return size == 1;
}

std::optional<Coordinates> mlir::fp8attn::reshape(const Coordinates &place,
                                                  ArrayRef<int64_t> to) {
  SmallVector<Digit> digits;
  for (const Coordinate &coordinate : place)
    digits.append(coordinate.begin(), coordinate.end());
  auto isDynamic = [](const Digit &digit) {
    return ShapedType::isDynamic(digit.size);
  };
  if (llvm::count_if(digits, isDynamic) > 1 ||
      llvm::count(to, ShapedType::kDynamic) > 1)
    return std::nullopt;
  // A dynamic digit has a known factor if all that stands before it is the
  // same on both sides.
  int64_t before = 1, beforeTo = 1;
  for (const Digit &digit : digits) {
    if (isDynamic(digit))
      break;
    before *= digit.size;
  }
  const auto *dynamic = llvm::find(to, ShapedType::kDynamic);
  for (int64_t size : ArrayRef(to.begin(), dynamic))
    beforeTo *= size;
  const bool splitsDynamic = before == 1 || before == beforeTo;

  Coordinates result(to.size());
  const size_t left = dynamic - to.begin();
  for (size_t index = to.size(); index-- > std::min(left + 1, to.size());)
    if (!takeFromBack(digits, to[index], splitsDynamic, result[index]))
      return std::nullopt;
  if (dynamic == to.end()) {
    for (size_t index = to.size(); index-- > 0;)
      if (!takeFromBack(digits, to[index], /*splitsDynamic=*/false,
                        result[index]))
        return std::nullopt;
    return digits.empty() ? std::optional(result) : std::nullopt;
  }
  for (size_t index = 0; index < left; ++index)
    if (!takeFromFront(digits, to[index], result[index]))
      return std::nullopt;
  result[left].assign(digits.begin(), digits.end());
  return result;
}

namespace {
/// How an operation moves elements.
enum class Move {
  None,
  Reshape,
  Unsqueeze,
  Expand,
  Repeat,
  Transpose,
  Slice,
  Select
};
} // namespace

static Move getMove(Operation *op) {
  StringRef name = op->getName().getStringRef();
  if (op->getNumResults() != 1 || op->getNumOperands() < 1 ||
      !name.consume_front("torch."))
    return Move::None;
  return llvm::StringSwitch<Move>(name)
      .Cases({"aten.view", "aten._unsafe_view", "aten.reshape",
              "aten.squeeze.dim", "aten.squeeze", "aten.flatten.using_ints",
              "aten.unflatten.int"},
             Move::Reshape)
      .Case("aten.unsqueeze", Move::Unsqueeze)
      .Cases({"aten.clone", "aten.detach", "aten.contiguous", "aten.alias",
              "aten.lift_fresh_copy", "prims.convert_element_type",
              "aten.to.dtype"},
             Move::Reshape)
      .Case("aten.expand", Move::Expand)
      .Case("aten.repeat", Move::Repeat)
      .Case("aten.transpose.int", Move::Transpose)
      .Case("aten.slice.Tensor", Move::Slice)
      .Case("aten.select.int", Move::Select)
      .Default(Move::None);
}

/// Returns the types of the first operand and of the result; null if they say
/// no sizes, or elements that are not the same.
static std::pair<RankedTensorType, RankedTensorType> getTypes(Operation *op) {
  RankedTensorType from = getBuiltinTensor(op->getOperand(0).getType());
  RankedTensorType to = getBuiltinTensor(op->getResult(0).getType());
  if (!from || !to || from.getElementType() != to.getElementType())
    return {};
  return {from, to};
}

bool mlir::fp8attn::isTorchReshape(Operation *op) {
  const Move move = getMove(op);
  return (move == Move::Reshape || move == Move::Unsqueeze) &&
         getTypes(op).first;
}

bool mlir::fp8attn::isTorchMove(Operation *op) {
  return getMove(op) != Move::None;
}

/// Returns a constant dimension, counted from the front.
static std::optional<int64_t> getDimension(Operation *op, unsigned operand,
                                           int64_t rank) {
  std::optional<int64_t> dimension = operand < op->getNumOperands()
                                         ? getTorchInt(op->getOperand(operand))
                                         : std::nullopt;
  if (dimension && *dimension < 0)
    *dimension += rank;
  return dimension && *dimension >= 0 && *dimension < rank ? dimension
                                                           : std::nullopt;
}

std::optional<Coordinates>
mlir::fp8attn::getOperandPlace(RankedTensorType operand,
                               RankedTensorType result,
                               const Coordinates &place) {
  if (!operand || !result || operand.getRank() > result.getRank())
    return std::nullopt;
  const int64_t added = result.getRank() - operand.getRank();
  Coordinates inner(place.begin() + added, place.end());
  for (auto [index, size] : llvm::enumerate(operand.getShape())) {
    if (size == 1)
      inner[index].clear();
    else if (size != result.getDimSize(added + index))
      return std::nullopt;
  }
  return inner;
}

/// All of a tensor is repeated, along each dimension by a constant.
static std::optional<Coordinates> moveRepeat(Operation *op, Coordinates result,
                                             RankedTensorType from,
                                             RankedTensorType to) {
  Operation *times =
      op->getNumOperands() > 1 ? op->getOperand(1).getDefiningOp() : nullptr;
  if (!times || !isForeign(times, "torch.prim.ListConstruct") ||
      static_cast<int64_t>(times->getNumOperands()) != to.getRank() ||
      to.getRank() < from.getRank())
    return std::nullopt;
  result.erase(result.begin(),
               result.begin() + (to.getRank() - from.getRank()));
  for (auto [index, size] : llvm::enumerate(from.getShape())) {
    const int64_t place = to.getRank() - from.getRank() + index;
    if (size == 1) {
      result[index].clear();
      continue;
    }
    if (getTorchInt(times->getOperand(place)) == 1)
      continue;
    AffineExpr number = getNumber(result[index], op->getContext());
    if (ShapedType::isDynamic(size) || size < 1 || !number)
      return std::nullopt;
    result[index] = {{number % size, size}};
  }
  return result;
}

/// Returns the place in the first operand of what is at `place` in the result.
static std::optional<Coordinates> moveBack(Operation *op,
                                           const Coordinates &place) {
  const Move move = getMove(op);
  auto [from, to] = move == Move::None
                        ? std::pair<RankedTensorType, RankedTensorType>()
                        : getTypes(op);
  if (!from || to.getRank() != static_cast<int64_t>(place.size()))
    return std::nullopt;
  Coordinates result = place;
  switch (move) {
  case Move::None:
    return std::nullopt;
  case Move::Reshape:
    return from == to ? result : reshape(place, from.getShape());
  case Move::Unsqueeze: {
    // Needs no sizes, of which several may be dynamic.
    std::optional<int64_t> dimension = getDimension(op, 1, to.getRank());
    if (!dimension || from.getRank() + 1 != to.getRank())
      return std::nullopt;
    result.erase(result.begin() + *dimension);
    return result;
  }
  case Move::Expand:
    return getOperandPlace(from, to, place);
  case Move::Repeat:
    return moveRepeat(op, result, from, to);
  case Move::Transpose: {
    std::optional<int64_t> first = getDimension(op, 1, from.getRank());
    std::optional<int64_t> second = getDimension(op, 2, from.getRank());
    if (!first || !second || from.getRank() != to.getRank())
      return std::nullopt;
    std::swap(result[*first], result[*second]);
    return result;
  }
  case Move::Slice: {
    // Of all of a dimension: to its end, or to one that its type knows.
    constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
    std::optional<int64_t> dimension = getDimension(op, 1, from.getRank());
    const bool isWhole = dimension && op->getNumOperands() == 5 &&
                         getTorchInt(op->getOperand(2)) == 0 &&
                         getTorchInt(op->getOperand(4)) == 1 &&
                         from.getShape() == to.getShape() &&
                         (!from.isDynamicDim(*dimension) ||
                          getTorchInt(op->getOperand(3)) == kEnd);
    return isWhole ? std::optional(result) : std::nullopt;
  }
  case Move::Select: {
    std::optional<int64_t> dimension = getDimension(op, 1, from.getRank());
    std::optional<int64_t> index =
        dimension && !from.isDynamicDim(*dimension)
            ? getDimension(op, 2, from.getDimSize(*dimension))
            : std::nullopt;
    if (!index || from.getRank() != to.getRank() + 1)
      return std::nullopt;
    result.insert(result.begin() + *dimension,
                  getCoordinate(getAffineConstantExpr(*index, op->getContext()),
                                from.getDimSize(*dimension)));
    return result;
  }
  }
  llvm_unreachable("unknown move");
}

TorchElement mlir::fp8attn::followElement(TorchElement element) {
  while (Operation *maker = element.tensor.getDefiningOp()) {
    std::optional<Coordinates> place = moveBack(maker, element.place);
    if (!place)
      break;
    element = {maker->getOperand(0), *place};
  }
  return element;
}
