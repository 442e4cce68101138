//===- CopiedInputs.cpp - inputs that a function copies -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an argument is for can be known from the use of its copy only. So a copy
// waits until an operation has had its target filled; then the source gets the
// elements of the target.
//
//===----------------------------------------------------------------------===//

#include "InputMaker.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether a value is all of its memory.
static bool isWhole(Value value) {
  return skipCasts(value) == getMemory(value);
}

/// Describes a view of memory that is there, if its sizes are known.
LogicalResult InputMaker::describeView(Value value) {
  value = skipCasts(value);
  Operation *op = value.getDefiningOp();
  if (!isKnownView(op) || arguments[value].isAllocated() ||
      !arguments.getMemory(value).isAllocated())
    return success();
  SmallVector<int64_t> sizes;
  for (OpFoldResult size : getMixedSizes(op))
    if (std::optional<int64_t> known = arguments.evaluate(size))
      sizes.push_back(*known);
  if (sizes.size() !=
      static_cast<size_t>(cast<MemRefType>(value.getType()).getRank()))
    return success();
  return arguments.allocateTensor(value, sizes);
}

InputMaker::Made InputMaker::getMade(Value value) {
  auto found = made.find(arguments.getPlace(value));
  if (!arguments[value].isAllocated() || found == made.end())
    return Made::None;
  if (found->second.whole)
    return Made::All;
  const std::vector<int64_t> elements = arguments.getStoredElements(value);
  const auto count = llvm::count_if(
      elements, [&](int64_t e) -> bool { return found->second.elements[e]; });
  if (count == static_cast<int64_t>(elements.size()))
    return Made::All;
  return count == 0 ? Made::None : Made::Some;
}

void InputMaker::setMade(Value value) {
  MadeElements &entry = made[arguments.getPlace(value)];
  entry.whole |= isWhole(value);
  if (entry.whole)
    return;
  entry.elements.resize(arguments.getNumStored(value));
  for (int64_t e : arguments.getStoredElements(value))
    entry.elements[e] = true;
}

LogicalResult InputMaker::makeInputs(memref::CopyOp op) {
  if (failed(describeView(op.getSource())))
    return failure();
  if (getMade(op.getSource()) == Made::All)
    return make(op.getTarget(), arguments[op.getSource()].getSizes());
  copies.push_back(op);
  return makeCopied();
}

LogicalResult InputMaker::makeCopied() {
  for (size_t i = 0; i < copies.size(); ++i) {
    memref::CopyOp copy = copies[i];
    if (failed(describeView(copy.getTarget())))
      return failure();
    if (getMade(copy.getTarget()) != Made::All)
      continue;
    copies.erase(copies.begin() + i);
    const Argument &target = arguments[copy.getTarget()];
    if (failed(arguments.allocateTensor(copy.getSource(), target.getSizes())))
      return failure();
    if (getMade(copy.getSource()) != Made::All) {
      copyElements(target, arguments[copy.getSource()]);
      setMade(copy.getSource());
    }
    // The source may be the target of a copy before.
    return makeCopied();
  }
  return success();
}

LogicalResult InputMaker::makeOtherCopies() {
  while (!copies.empty()) {
    memref::CopyOp copy = copies.front();
    copies.erase(copies.begin());
    auto type = cast<MemRefType>(copy.getSource().getType());
    SmallVector<int64_t> sizes(type.getShape());
    for (auto [size, ofTarget] : llvm::zip(
             sizes, cast<MemRefType>(copy.getTarget().getType()).getShape()))
      if (ShapedType::isDynamic(size))
        size = ShapedType::isDynamic(ofTarget) ? batch.numTokens() : ofTarget;
    if (const Argument &source = arguments[copy.getSource()];
        source.isAllocated())
      llvm::copy(source.getSizes(), sizes.begin());
    if (failed(makeElements(copy.getSource(), sizes)) ||
        failed(make(copy.getTarget(), sizes)))
      return failure();
  }
  return success();
}

LogicalResult InputMaker::checkSizes(func::FuncOp function) {
  WalkResult result = function.walk([&](Operation *op) {
    for (auto [dim, number] : llvm::enumerate(getMixedSizes(op))) {
      const Argument &argument = arguments[op->getResult(0)];
      if (!argument.isAllocated())
        break;
      const int64_t wanted = argument.tensor.sizes[dim];
      std::optional<int64_t> size = arguments.evaluate(number);
      if (!size) {
        op->emitError("expects sizes of memory and views in a function to run "
                      "to be constants or sizes of memrefs");
        return WalkResult::interrupt();
      }
      if (*size != wanted) {
        op->emitError("expects dimension ")
            << dim << " to be " << wanted
            << " for this batch (--seqs, --context, --query-len), got "
            << *size;
        return WalkResult::interrupt();
      }
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
