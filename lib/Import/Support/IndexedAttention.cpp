//===- IndexedAttention.cpp - attention by common loops -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What loops are is told as for linalg, whose operations before may also be
// read: keys that were broadcast for the heads of a group are taken as they
// were.
//
//===----------------------------------------------------------------------===//

#include "IndexedAttention.h"

#include "RaiseLinalg/AttentionShape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Splits of loops: more than a shape has dimensions.
static constexpr unsigned kMostSplits = 8;

namespace {
/// Loops of an attention, and what is read by them.
class LoopMatcher {
public:
  LoopMatcher(const IndexedAttention &attention, std::string &why)
      : attention(attention), why(why) {}

  /// Finds the sizes of loops, and which are over keys and channels.
  LogicalResult findLoops();
  /// Tells what the others are; loops are split as reshapes demand.
  LogicalResult match();

  Indices getIndices(AffineMap map) const;
  Value readLoop(OpBuilder &builder, Location loc, unsigned loop,
                 ValueRange arguments) const;

  std::unique_ptr<ElementReader> reader;
  AttentionPattern pattern;
  AttentionShape shape;

private:
  LogicalResult addSizes(const IndexedTensor &operand, StringRef name);
  LogicalResult matchOnce();
  Element *read(const IndexedTensor &operand);

  const IndexedAttention &attention;
  std::string &why;
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> parts;
  Indices loops;
  unsigned keys = 0, channels = 0;
  std::deque<Element> own;
};
} // namespace

/// Takes the sizes of loops from those of a tensor.
LogicalResult LoopMatcher::addSizes(const IndexedTensor &operand,
                                    StringRef name) {
  if (!operand.map)
    return success();
  auto type = operand.tensor
                  ? dyn_cast<RankedTensorType>(operand.tensor.getType())
                  : attention.outType;
  if (!type || type.getEncoding() || !operand.map.isProjectedPermutation() ||
      operand.map.getNumDims() != sizes.size() ||
      int64_t(operand.map.getNumResults()) != type.getRank()) {
    why = llvm::formatv("expects {0} that is a plain tensor with a loop for "
                        "each dimension, got {1} and {2}",
                        name, operand.tensor ? operand.tensor.getType() : type,
                        operand.map);
    return failure();
  }
  for (auto [expression, size] :
       llvm::zip(operand.map.getResults(), type.getShape())) {
    int64_t &known = sizes[cast<AffineDimExpr>(expression).getPosition()];
    if (ShapedType::isDynamic(known))
      known = size;
    if (!ShapedType::isDynamic(size) && size != known) {
      why = llvm::formatv("expects loops of one size, got {0} and {1} in {2}",
                          known, size, name);
      return failure();
    }
  }
  return success();
}

LogicalResult LoopMatcher::findLoops() {
  sizes.assign(attention.query.map.getNumDims(), ShapedType::kDynamic);
  if (failed(addSizes(attention.query, "a query")) ||
      failed(addSizes(attention.key, "a key")) ||
      failed(addSizes(attention.value, "a value")) ||
      failed(addSizes(attention.mask, "a mask")) ||
      failed(addSizes(attention.out, "a result")))
    return failure();
  SmallVector<unsigned> allKeys, allChannels;
  for (unsigned loop = 0; loop < sizes.size(); ++loop) {
    const bool isOfOut = attention.out.map.isFunctionOfDim(loop);
    if (!isOfOut && attention.key.map.isFunctionOfDim(loop)) {
      auto &all =
          attention.query.map.isFunctionOfDim(loop) ? allChannels : allKeys;
      // A loop of one step is none, unless there is no other.
      if (!all.empty() && sizes[all.back()] == 1)
        all.pop_back();
      if (all.empty() || sizes[loop] != 1)
        all.push_back(loop);
    }
  }
  if (allKeys.size() != 1 || allChannels.size() != 1) {
    why = llvm::formatv("expects one loop over keys and one over channels, got "
                        "{0} and {1}",
                        allKeys.size(), allChannels.size());
    return failure();
  }
  keys = allKeys.front();
  channels = allChannels.front();
  for (int64_t size : sizes)
    parts.push_back(size == 1 ? SmallVector<int64_t>()
                              : SmallVector<int64_t>{size});
  for (unsigned loop : {keys, channels})
    parts[loop] = {sizes[loop]};
  return success();
}

Indices LoopMatcher::getIndices(AffineMap map) const {
  Indices indices;
  for (AffineExpr expression : map.getResults())
    indices.push_back(loops[cast<AffineDimExpr>(expression).getPosition()]);
  return indices;
}

/// Returns an element of an operand, or what it was before it was transposed or
/// broadcast, if it still is as wide.
Element *LoopMatcher::read(const IndexedTensor &operand) {
  const Indices indices = getIndices(operand.map);
  Element *element = reader->read(operand.tensor, indices);
  auto type = element->tensor
                  ? dyn_cast<RankedTensorType>(element->tensor.getType())
                  : RankedTensorType();
  if (element->kind != Element::Kind::Number && type &&
      !element->indices.empty() && !type.getEncoding() &&
      type.getElementType() == getElementTypeOrSelf(operand.tensor.getType()))
    return element;
  Element itself{Element::Kind::Tensor};
  itself.tensor = operand.tensor;
  itself.indices = indices;
  return &own.emplace_back(std::move(itself));
}

LogicalResult LoopMatcher::matchOnce() {
  reader = std::make_unique<ElementReader>();
  loops.clear();
  own.clear();
  for (auto [loop, digits] : llvm::enumerate(parts)) {
    const bool canBeSplit = attention.out.map.isFunctionOfDim(loop);
    Index &index = loops.emplace_back();
    for (int64_t size : digits)
      index.push_back(reader->addDigit(size, canBeSplit));
  }
  pattern = AttentionPattern();
  pattern.keys = loops[keys].front();
  pattern.channels = loops[channels].front();
  pattern.query = read(attention.query);
  pattern.key = read(attention.key);
  pattern.value = read(attention.value);
  if (attention.mask.tensor)
    pattern.mask = read(attention.mask);
  std::optional<AttentionShape> found =
      getShape(pattern, getIndices(attention.out.map), *reader, why);
  if (found)
    shape = *found;
  return success(found.has_value());
}

LogicalResult LoopMatcher::match() {
  for (unsigned i = 0;; ++i) {
    why.clear();
    const bool isMatch = succeeded(matchOnce());
    std::optional<Split> split = reader->getSplit();
    if (!split || i == kMostSplits)
      return success(isMatch);
    splitDigit(*split, loops, parts);
  }
}

/// Builds the number of an iteration of a loop, of the arguments of a score
/// region.
Value LoopMatcher::readLoop(OpBuilder &builder, Location loc, unsigned loop,
                            ValueRange arguments) const {
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, number);
  };
  const Indices dimensions = {
      shape.out[0], shape.out[1], shape.out[2], {pattern.keys}};
  Value sum;
  for (Digit digit : loops[loop]) {
    Value place;
    for (auto [dimension, index] : llvm::enumerate(dimensions)) {
      const auto *found = llvm::find(index, digit);
      if (found == index.end())
        continue;
      place = arguments[dimension + 1];
      // All but the first of a dimension are static.
      int64_t below = 1;
      for (const auto *next = found + 1; next != index.end(); ++next)
        below *= reader->getSize(*next);
      if (below != 1)
        place = arith::DivUIOp::create(builder, loc, place, constant(below));
      if (found != index.begin())
        place = arith::RemUIOp::create(builder, loc, place,
                                       constant(reader->getSize(digit)));
    }
    if (!place)
      return nullptr;
    if (sum)
      sum = arith::MulIOp::create(builder, loc, sum,
                                  constant(reader->getSize(digit)));
    sum = sum ? arith::AddIOp::create(builder, loc, sum, place) : place;
  }
  return sum ? sum : constant(0);
}

FailureOr<SmallVector<Value>> mlir::fp8attn::buildIndexedAttention(
    OpBuilder &builder, Location loc, const IndexedAttention &attention,
    const AttentionImport &options, std::string &why) {
  LoopMatcher matcher(attention, why);
  if (failed(matcher.findLoops()) || failed(matcher.match()))
    return failure();
  const AttentionPattern &pattern = matcher.pattern;
  const AttentionShape &shape = matcher.shape;
  auto take = [&](Element *element, const Indices &to) {
    return arrange(builder, loc, element->tensor, element->indices, to,
                   *matcher.reader);
  };
  AttentionImport import = options;
  import.query = take(pattern.query, shape.query);
  import.key = take(pattern.key, shape.key);
  import.value = take(pattern.value, shape.value);
  if (pattern.mask)
    import.mask = take(pattern.mask, shape.mask);
  import.outType = attention.outType.getElementType();
  const Indices out = matcher.getIndices(attention.out.map);
  if (attention.out.tensor && isInOrder(out, shape.out))
    import.out = arrange(builder, loc, attention.out.tensor, out, shape.out,
                         *matcher.reader);
  if (attention.score)
    import.score = [&](OpBuilder &builder, Location loc, ValueRange arguments,
                       std::string &) {
      return attention.score(
          builder, loc, arguments[0], [&](OpBuilder &builder, unsigned loop) {
            return matcher.readLoop(builder, loc, loop, arguments);
          });
    };
  FailureOr<SmallVector<Value>> results =
      buildAttention(builder, loc, import, attention.lseType != nullptr, why);
  if (failed(results))
    return failure();
  Value result =
      arrange(builder, loc, results->front(), shape.out, out, *matcher.reader);
  results->front() = castResult(builder, loc, result, attention.outType, why);
  if (attention.lseType) {
    const Indices rows(ArrayRef<Index>(shape.out).drop_back());
    result = arrange(builder, loc, results->back(), rows,
                     matcher.getIndices(attention.lseMap), *matcher.reader);
    results->back() = castResult(builder, loc, result, attention.lseType, why);
  }
  if (!results->front() || !results->back())
    return failure();
  return results;
}
