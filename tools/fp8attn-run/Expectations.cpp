//===- Expectations.cpp - what memory should hold -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. What a run has left in memory of its own is not known; what
// it has left in the caller's is, unless an operation has overwritten it.
//
//===----------------------------------------------------------------------===//

#include "Expectations.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Reference/Fp8.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

#include <cstring>

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns an element: the code of one byte, else the value.
static double getElement(const void *element, fp8attn_type type) {
  switch (type) {
  case FP8ATTN_TYPE_I32: {
    int32_t number;
    std::memcpy(&number, element, sizeof(number));
    return number;
  }
  case FP8ATTN_TYPE_I64: {
    int64_t number;
    std::memcpy(&number, element, sizeof(number));
    return static_cast<double>(number);
  }
  default:
    return reference::elementBytes(type) == 1
               ? *static_cast<const uint8_t *>(element)
               : reference::decodeElement(element, type);
  }
}

std::vector<double> mlir::fp8attn::getElements(const Argument &argument) {
  std::vector<double> values(argument.getNumElements());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] =
        getElement(argument.getElement(i), fp8attn_type(argument.tensor.type));
  return values;
}

std::vector<Expectations::Element> &Expectations::getStored(Value value) {
  std::vector<Element> &elements = stored[memory.getPlace(value)];
  if (!elements.empty())
    return elements;
  const Argument &whole = memory.getMemory(value);
  const auto type = fp8attn_type(whole.tensor.type);
  elements.resize(memory.getNumStored(value));
  for (size_t i = 0; i < elements.size(); ++i)
    elements[i] = {
        getElement(whole.storage.data() + i * reference::elementBytes(type),
                   type),
        0};
  return elements;
}

void Expectations::write(Value value, ArrayRef<double> expected,
                         ArrayRef<double> allowed, double allowedRelativeL2) {
  const Argument &argument = memory[value];
  const auto type = fp8attn_type(argument.tensor.type);
  std::vector<Element> &elements = getStored(value);
  for (auto [i, e] : llvm::enumerate(memory.getStoredElements(value))) {
    elements[e] = {expected[i], allowed[i]};
    reference::encodeElement(static_cast<float>(expected[i]),
                             argument.getElement(i), type);
  }
  written.push_back({value, allowedRelativeL2});
}

void Expectations::writeExactly(Value value) {
  std::vector<Element> &elements = getStored(value);
  const std::vector<double> expected = getElements(memory[value]);
  for (auto [i, e] : llvm::enumerate(memory.getStoredElements(value)))
    elements[e] = {expected[i], 0};
  written.push_back({value, std::numeric_limits<double>::infinity()});
}

void Expectations::copy(memref::CopyOp op) {
  Value source = op.getSource(), target = op.getTarget();
  copyElements(memory[source], memory[target]);
  // References to elements of a map stay good.
  std::vector<Element> &from = getStored(source), &to = getStored(target);
  for (auto [f, t] : llvm::zip(memory.getStoredElements(source),
                               memory.getStoredElements(target)))
    to[t] = from[f];
  written.push_back({target, std::numeric_limits<double>::infinity()});
}

bool Expectations::isInexact(Value value) {
  auto found = stored.find(memory.getPlace(value));
  return found != stored.end() &&
         llvm::any_of(memory.getStoredElements(value),
                      [&](int64_t e) { return found->second[e].allowed != 0; });
}

/// Returns whether `op` reads (writes) memory that `value` is in.
template <typename Effect> static bool hasEffectOn(Operation *op, Value value) {
  SmallVector<MemoryEffects::EffectInstance> effects;
  cast<MemoryEffectOpInterface>(op).getEffects(effects);
  return llvm::any_of(effects, [&](const auto &effect) {
    return isa<Effect>(effect.getEffect()) && effect.getValue() &&
           getMemory(effect.getValue()) == getMemory(value);
  });
}

bool Expectations::isOverwritten(Operation *reader, Value value) const {
  return std::any_of(llvm::find(ops, reader), ops.end(), [&](Operation *op) {
    return hasEffectOn<MemoryEffects::Write>(op, value);
  });
}

LogicalResult Expectations::prepareRead(Operation *op, Value value) {
  if (!isa<MemRefType>(value.getType()) || !memory[value].isAllocated() ||
      !isInexact(value))
    return success();
  if (!memory.isOfCaller(value) || isOverwritten(op, value)) {
    op->emitError("cannot check ")
        << op->getName() << ", which reads a result of an operation before "
        << "that is not left in an argument at the end";
    return failure();
  }
  copyElements(results[value], memory[value]);
  return success();
}

LogicalResult Expectations::prepareReads(Operation *op) {
  // What is known of elements is copied with them.
  if (isa<memref::CopyOp>(op))
    return success();
  for (Value operand : op->getOperands())
    if (isa<MemRefType>(operand.getType()) &&
        hasEffectOn<MemoryEffects::Read>(op, operand) &&
        failed(prepareRead(op, operand)))
      return failure();
  // Regions read what is outside of them.
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(op->getRegions(), used);
  for (Value value : used)
    if (failed(prepareRead(op, value)))
      return failure();
  return success();
}

/// Returns the first and the last byte of a value's elements.
static std::pair<const uint8_t *, const uint8_t *>
getExtent(const Argument &argument) {
  auto *first = static_cast<const uint8_t *>(argument.tensor.data);
  if (argument.getNumElements() == 0)
    return {first, first - 1};
  return {first, static_cast<const uint8_t *>(
                     argument.getElement(argument.getNumElements() - 1))};
}

static bool isSameView(const fp8attn_tensor &a, const fp8attn_tensor &b) {
  return a.data == b.data && a.rank == b.rank &&
         std::equal(a.sizes, a.sizes + a.rank, b.sizes) &&
         std::equal(a.strides, a.strides + a.rank, b.strides);
}

std::vector<Check> Expectations::compare() const {
  std::vector<Check> checks;
  for (auto [index, entry] : llvm::enumerate(written)) {
    if (!memory.isOfCaller(entry.value))
      continue;
    const Argument &argument = results[entry.value];
    double allowedRelativeL2 = entry.allowedRelativeL2;
    bool isGone = false;
    for (const Written &later : ArrayRef(written).drop_front(index + 1)) {
      if (memory.getPlace(later.value) != memory.getPlace(entry.value))
        continue;
      const Argument &other = results[later.value];
      isGone |= isSameView(argument.tensor, other.tensor);
      auto [first, last] = getExtent(argument);
      auto [otherFirst, otherLast] = getExtent(other);
      if (first <= otherLast && otherFirst <= last)
        allowedRelativeL2 = std::numeric_limits<double>::infinity();
    }
    if (isGone)
      continue;
    const std::vector<Element> &elements =
        stored.at(memory.getPlace(entry.value));
    std::vector<double> expected, allowed;
    for (int64_t e : memory.getStoredElements(entry.value)) {
      expected.push_back(elements[e].expected);
      allowed.push_back(elements[e].allowed);
    }
    std::vector<double> actual = getElements(argument);
    // Codes that need not be exact are as far apart as their values are.
    const auto type = fp8attn_type(argument.tensor.type);
    for (size_t i = 0; i < actual.size(); ++i)
      if (reference::elementBytes(type) == 1 && allowed[i] != 0)
        actual[i] = reference::decodeElement(argument.getElement(i), type);
    checks.push_back(
        {argument.name,
         reference::compare(actual, expected, allowed, allowedRelativeL2)});
  }
  return checks;
}
