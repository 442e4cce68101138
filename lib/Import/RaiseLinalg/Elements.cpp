//===- Elements.cpp - what the elements of a tensor are -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is not understood is an element of a tensor and no more: reading ends
// there, and never fails.
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// How many operations are read through, one behind the other, and how many a
/// body has: more than there are in attention, and few enough for the stack.
static constexpr unsigned kMostDepth = 100, kMostOperations = 30;

void mlir::fp8attn::splitDigit(Split split, const Indices &indices,
                               SmallVector<SmallVector<int64_t>> &sizes) {
  for (auto [index, parts] : llvm::zip(indices, sizes)) {
    auto *place = llvm::find(index, split.digit);
    if (place == index.end())
      continue;
    int64_t &size = parts[place - index.begin()];
    if (!ShapedType::isDynamic(size))
      size /= split.size;
    parts.insert(parts.begin() + (place - index.begin()) + 1, split.size);
  }
}

Digit ElementReader::addDigit(int64_t size, bool canBeSplit) {
  digits.push_back({size, canBeSplit});
  return digits.size() - 1;
}

Element *mlir::fp8attn::strip(Element *element) {
  while (element->isCall(arith::TruncFOp::getOperationName()))
    element = element->operands[0];
  return element;
}

Element *ElementReader::getUnique(Element element) {
  std::vector<uintptr_t> key = {uintptr_t(element.kind)};
  switch (element.kind) {
  case Element::Kind::Number:
    key.push_back(llvm::bit_cast<uint64_t>(element.number));
    break;
  case Element::Kind::Integer:
    key.push_back(uintptr_t(element.integer));
    break;
  case Element::Kind::Place:
    key.insert(key.end(), element.indices[0].begin(), element.indices[0].end());
    break;
  case Element::Kind::Tensor:
    key.push_back(uintptr_t(element.tensor.getAsOpaquePointer()));
    for (const Index &index : element.indices) {
      key.push_back(index.size());
      key.insert(key.end(), index.begin(), index.end());
    }
    break;
  case Element::Kind::Call:
    key.push_back(uintptr_t(element.operation->getName().getAsOpaquePointer()));
    key.push_back(uintptr_t(
        element.operation->getResult(0).getType().getAsOpaquePointer()));
    // How it compares, among others.
    key.push_back(
        uintptr_t(element.operation->getAttrDictionary().getAsOpaquePointer()));
    for (Element *operand : element.operands)
      key.push_back(uintptr_t(operand));
    break;
  }
  Element *&known = unique[key];
  if (!known)
    known = &elements.emplace_back(std::move(element));
  return known;
}

Element *ElementReader::getNumber(double number) {
  Element element{Element::Kind::Number};
  element.number = number;
  return getUnique(element);
}

/// Returns the number that a value is, or a tensor is throughout.
static std::optional<double> getConstant(Value value) {
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  if (auto splat = dyn_cast<SplatElementsAttr>(attribute))
    attribute = splat.getSplatValue<Attribute>();
  auto number = dyn_cast<FloatAttr>(attribute);
  return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
}

/// Returns an integer that is a constant; null if a value is none.
Element *ElementReader::readInteger(Value scalar) {
  APInt integer;
  if (isa<ShapedType>(scalar.getType()) ||
      !matchPattern(scalar, m_ConstantInt(&integer)) ||
      integer.getSignificantBits() > 64)
    return nullptr;
  Element element{Element::Kind::Integer};
  element.integer = integer.getSExtValue();
  return getUnique(element);
}

Element *ElementReader::read(Value tensor, const Indices &indices) {
  if (std::optional<double> number = getConstant(tensor))
    return getNumber(*number);
  if (Element *integer = readInteger(tensor))
    return integer;
  Element element{Element::Kind::Tensor};
  element.tensor = tensor;
  element.indices = indices;
  Element *self = getUnique(element);
  auto known = meanings.find(self);
  if (known != meanings.end())
    return known->second;
  if (depth == kMostDepth)
    return self;
  ++depth;
  Element *made = readMaker(tensor, indices);
  --depth;
  if (!made)
    made = self;
  // The first tensor that holds it: what comes later only reorders or widens.
  if (made->kind == Element::Kind::Call && !made->tensor) {
    made->tensor = tensor;
    made->indices = indices;
  }
  return meanings[self] = made;
}

Element *ElementReader::readMaker(Value tensor, const Indices &indices) {
  auto result = dyn_cast<OpResult>(tensor);
  if (!result || !isa<RankedTensorType>(tensor.getType()))
    return nullptr;
  Operation *op = result.getOwner();
  Element *made = nullptr;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    made = readLinalg(linalgOp, result, indices);
  else if (auto cast = dyn_cast<tensor::CastOp>(op))
    made = isa<RankedTensorType>(cast.getSource().getType())
               ? read(cast.getSource(), indices)
               : nullptr;
  else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    made = readReshape(collapse.getSrc(), collapse.getReassociationIndices(),
                       indices, /*collapses=*/true);
  else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    made = readReshape(expand.getSrc(), expand.getReassociationIndices(),
                       indices, /*collapses=*/false);
  return made;
}

Element *ElementReader::readReshape(Value source,
                                    ArrayRef<ReassociationIndices> groups,
                                    const Indices &indices, bool collapses) {
  auto type = cast<RankedTensorType>(source.getType());
  Indices read(type.getRank());
  for (auto [collapsed, group] : llvm::enumerate(groups)) {
    if (!collapses) {
      for (int64_t dimension : group)
        llvm::append_range(read[collapsed], indices[dimension]);
      continue;
    }
    SmallVector<int64_t> sizes;
    for (int64_t dimension : group)
      sizes.push_back(type.getDimSize(dimension));
    std::optional<Indices> parts = splitIndex(indices[collapsed], sizes);
    if (!parts)
      return nullptr;
    for (auto [dimension, part] : llvm::zip(group, *parts))
      read[dimension] = part;
  }
  return this->read(source, read);
}

/// Returns the places in dimensions that were collapsed to one.
std::optional<Indices> ElementReader::splitIndex(Index index,
                                                 ArrayRef<int64_t> sizes) {
  Indices parts(sizes.size());
  for (size_t i = sizes.size() - 1; i > 0; --i) {
    int64_t rest = sizes[i];
    if (ShapedType::isDynamic(rest) || rest == 0)
      return std::nullopt;
    while (rest > 1) {
      if (index.empty())
        return std::nullopt;
      const Digit digit = index.back();
      const int64_t size = digits[digit].size;
      if (!ShapedType::isDynamic(size) && size > 0 && rest % size == 0) {
        parts[i].insert(parts[i].begin(), digit);
        index.pop_back();
        rest /= size;
        continue;
      }
      if (!split && digits[digit].canBeSplit &&
          (ShapedType::isDynamic(size) || (size > 0 && size % rest == 0)))
        split = Split{digit, rest};
      return std::nullopt;
    }
  }
  parts[0] = index;
  return parts;
}

/// Returns the loops of an operation by the place of an element of its result;
/// those of reductions are left out, and nothing is returned if others are.
static std::optional<SmallVector<std::optional<Index>>>
getLoops(linalg::LinalgOp op, OpResult result, const Indices &indices) {
  AffineMap map = op.getIndexingMapMatchingResult(result);
  SmallVector<std::optional<Index>> loops(op.getNumLoops());
  for (auto [expression, index] : llvm::zip(map.getResults(), indices)) {
    if (auto dimension = dyn_cast<AffineDimExpr>(expression)) {
      if (loops[dimension.getPosition()])
        return std::nullopt;
      loops[dimension.getPosition()] = index;
    } else if (!index.empty() || !isa<AffineConstantExpr>(expression)) {
      return std::nullopt;
    }
  }
  for (auto [loop, type] : llvm::zip(loops, op.getIteratorTypesArray()))
    if (loop.has_value() != (type == utils::IteratorType::parallel))
      return std::nullopt;
  return loops;
}

/// Whether elements of the operation can be read.
static bool isReadable(linalg::LinalgOp op) {
  return op.hasPureTensorSemantics() && op->getNumRegions() == 1 &&
         op.getBlock() &&
         op.getBlock()->getOperations().size() <= kMostOperations &&
         op.getIteratorTypesArray().size() == op.getNumLoops();
}

Element *ElementReader::readLinalg(linalg::LinalgOp op, OpResult result,
                                   const Indices &indices) {
  if (!isReadable(op))
    return nullptr;
  auto loops = getLoops(op, result, indices);
  if (!loops || op.getNumReductionLoops() != 0)
    return nullptr;
  Indices all;
  for (const std::optional<Index> &loop : *loops)
    all.push_back(*loop);
  Value yielded =
      op.getBlock()->getTerminator()->getOperand(result.getResultNumber());
  return readBody(op, yielded, all, /*excluded=*/Value());
}

/// Reads a scalar of the body of an operation, where `excluded` is not used;
/// null if it cannot be.
Element *ElementReader::readBody(linalg::LinalgOp op, Value scalar,
                                 const Indices &loops, Value excluded) {
  DenseMap<Value, Element *> known;
  auto readArgument = [&](BlockArgument argument) -> Element * {
    OpOperand &operand = op->getOpOperand(argument.getArgNumber());
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    Indices indices;
    for (auto [dimension, expression] :
         llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expression);
      auto constant = dyn_cast<AffineConstantExpr>(expression);
      // A place in a dimension is one of all, or the only one.
      if (loop)
        indices.push_back(loops[loop.getPosition()]);
      else if (constant && constant.getValue() == 0 && type &&
               type.getDimSize(dimension) == 1)
        indices.push_back({});
      else
        return nullptr;
    }
    return read(operand.get(), indices);
  };
  auto readOperation = [&](Operation *inner) -> Element * {
    if (std::optional<double> number = getConstant(inner->getResult(0)))
      return getNumber(*number);
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      Element place{Element::Kind::Place};
      place.indices.push_back(loops[index.getDim()]);
      return getUnique(place);
    }
    if (Element *integer = readInteger(inner->getResult(0)))
      return integer;
    if (inner->getNumRegions() != 0 || inner->getNumResults() != 1 ||
        !isMemoryEffectFree(inner))
      return nullptr;
    Element element{Element::Kind::Call};
    element.operation = inner;
    for (Value operand : inner->getOperands()) {
      Element *read = known.lookup(operand);
      if (!read)
        return nullptr;
      element.operands.push_back(read);
    }
    Element *first = element.operands.empty() ? nullptr : element.operands[0];
    Type type = inner->getResult(0).getType();
    if (isa<arith::ExtFOp>(inner) && !type.isF64())
      return first;
    if (isa<arith::TruncFOp>(inner) && first->kind == Element::Kind::Number)
      return getNumber(FloatAttr::get(type, first->number).getValueAsDouble());
    return getUnique(element);
  };
  Block *body = op.getBlock();
  for (BlockArgument argument : body->getArguments())
    if (argument != excluded && !argument.use_empty())
      known[argument] = readArgument(argument);
  for (Operation &inner : body->without_terminator()) {
    for (Value operand : inner.getOperands())
      if (operand.getParentBlock() != body && !known.count(operand))
        known[operand] = read(operand, {});
    if (inner.getNumResults() == 1)
      known[inner.getResult(0)] = readOperation(&inner);
  }
  if (scalar.getParentBlock() != body)
    return read(scalar, {});
  return known.lookup(scalar);
}

/// Returns the operation that reduces with one loop to an element; null if
/// another makes it.
static linalg::LinalgOp getReducer(const Element &element) {
  if (element.kind != Element::Kind::Tensor)
    return nullptr;
  auto op = element.tensor.getDefiningOp<linalg::LinalgOp>();
  return op && isReadable(op) && op.getNumReductionLoops() == 1 ? op : nullptr;
}

std::optional<int64_t> ElementReader::getReducedSize(const Element &element) {
  linalg::LinalgOp op = getReducer(element);
  if (!op)
    return std::nullopt;
  SmallVector<unsigned> reduced;
  op.getReductionDims(reduced);
  return op.getStaticLoopRanges()[reduced[0]];
}

std::optional<Reduction> ElementReader::open(const Element &element,
                                             Digit digit) {
  linalg::LinalgOp op = getReducer(element);
  if (!op)
    return std::nullopt;
  auto result = cast<OpResult>(element.tensor);
  auto loops = getLoops(op, result, element.indices);
  if (!loops)
    return std::nullopt;
  Indices all;
  for (const std::optional<Index> &loop : *loops)
    all.push_back(loop.value_or(Index{digit}));
  OpOperand *init = op.getDpsInitOperand(result.getResultNumber());
  BlockArgument previous = op.getMatchingBlockArgument(init);
  Operation *combiner = op.getBlock()
                            ->getTerminator()
                            ->getOperand(result.getResultNumber())
                            .getDefiningOp();
  if (!combiner || combiner->getBlock() != op.getBlock() ||
      combiner->getNumOperands() != 2)
    return std::nullopt;
  // A term is what is combined with what was there before.
  const bool isFirst = combiner->getOperand(0) == previous;
  if (!isFirst && combiner->getOperand(1) != previous)
    return std::nullopt;
  Element *term =
      readBody(op, combiner->getOperand(isFirst ? 1 : 0), all, previous);
  Element *initial = read(init->get(), element.indices);
  if (!term || !initial)
    return std::nullopt;
  return Reduction{combiner, initial, term};
}
