//===- TorchRepeats.cpp - heads that torch repeats ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dimension of 1 is added behind the heads, expanded, and made one with them;
// heads stand before tokens then, or are brought there.
//
//===----------------------------------------------------------------------===//

#include "TorchRepeats.h"

#include "Support/ForeignOps.h"
#include "TorchValues.h"

#include "mlir/AsmParser/AsmParser.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Keys or values whose heads were repeated.
struct Repeated {
  /// What was repeated; heads are the second dimension, or the third if they
  /// are exchanged with tokens by `transpose`.
  Value tensor;
  Operation *transpose = nullptr;
  int64_t times;
};
} // namespace

/// Returns the operation that made a value, if it has one of the names and so
/// many operands.
static Operation *getMaker(Value value, ArrayRef<StringRef> names,
                           unsigned operands) {
  Operation *maker = value.getDefiningOp();
  const bool isFound = maker && maker->getNumOperands() >= operands &&
                       maker->getNumResults() == 1 &&
                       llvm::any_of(names, [&](StringRef name) {
                         return isForeign(maker, name);
                       });
  return isFound ? maker : nullptr;
}

/// Returns a value before copies of it.
static Value skipCopies(Value value) {
  while (
      Operation *copy = getMaker(
          value, {"torch.aten.clone", "torch.prims.convert_element_type"}, 1)) {
    if (copy->getOperand(0).getType() != value.getType())
      break;
    value = copy->getOperand(0);
  }
  return value;
}

/// Returns what was repeated; nothing if it was not.
static std::optional<Repeated> findRepeated(Value value) {
  Repeated found;
  int64_t heads = 1;
  value = skipCopies(value);
  if (Operation *transpose = getMaker(value, {"torch.aten.transpose.int"}, 3)) {
    if (getTorchInt(transpose->getOperand(1)) != 1 ||
        getTorchInt(transpose->getOperand(2)) != 2)
      return std::nullopt;
    found.transpose = transpose;
    value = skipCopies(transpose->getOperand(0));
    heads = 2;
  }
  Operation *view = getMaker(
      value,
      {"torch.aten.view", "torch.aten._unsafe_view", "torch.aten.reshape"}, 1);
  Operation *expand =
      view ? getMaker(skipCopies(view->getOperand(0)), {"torch.aten.expand"}, 1)
           : nullptr;
  Operation *unsqueeze = expand ? getMaker(skipCopies(expand->getOperand(0)),
                                           {"torch.aten.unsqueeze"}, 2)
                                : nullptr;
  if (!unsqueeze)
    return std::nullopt;
  RankedTensorType many = getBuiltinTensor(view->getResult(0).getType());
  RankedTensorType wide = getBuiltinTensor(expand->getResult(0).getType());
  RankedTensorType few = getBuiltinTensor(unsqueeze->getOperand(0).getType());
  std::optional<int64_t> added = getTorchInt(unsqueeze->getOperand(1));
  if (!many || !wide || !few || !added || many.getRank() != 4 ||
      few.getRank() != 4 || wide.getRank() != 5 ||
      (*added < 0 ? *added + 5 : *added) != heads + 1)
    return std::nullopt;
  // With one size that is not known, a view cannot mean another.
  found.times = wide.getDimSize(heads + 1);
  SmallVector<int64_t> expected(few.getShape());
  if (ShapedType::isDynamic(expected[heads]) ||
      ShapedType::isDynamic(found.times) ||
      llvm::count(expected, ShapedType::kDynamic) > 1)
    return std::nullopt;
  expected.insert(expected.begin() + heads + 1, found.times);
  if (wide.getShape() != ArrayRef(expected))
    return std::nullopt;
  expected.erase(expected.begin() + heads + 1);
  expected[heads] *= found.times;
  if (many.getShape() != ArrayRef(expected) ||
      many.getElementType() != few.getElementType())
    return std::nullopt;
  found.tensor = unsqueeze->getOperand(0);
  return found;
}

/// Returns what was repeated, with heads before tokens.
static Value bringHeadsForward(OpBuilder &builder, const Repeated &repeated) {
  if (!repeated.transpose)
    return repeated.tensor;
  RankedTensorType type = getBuiltinTensor(repeated.tensor.getType());
  std::string text = "!torch.vtensor<[";
  llvm::raw_string_ostream stream(text);
  llvm::interleave(
      ArrayRef<int64_t>{0, 2, 1, 3}, stream,
      [&](int64_t dimension) {
        if (type.isDynamicDim(dimension))
          stream << "?";
        else
          stream << type.getDimSize(dimension);
      },
      ",");
  stream << "]," << type.getElementType() << ">";
  Operation *old = repeated.transpose;
  OperationState state(
      old->getLoc(), old->getName().getStringRef(),
      {repeated.tensor, old->getOperand(1), old->getOperand(2)},
      parseType(text, builder.getContext()));
  return builder.create(state)->getResult(0);
}

void mlir::fp8attn::dropRepeatedHeads(OpBuilder &builder, Value &key,
                                      Value &value) {
  std::optional<Repeated> keys = findRepeated(key);
  std::optional<Repeated> values = findRepeated(value);
  if (!keys || !values || keys->times != values->times)
    return;
  key = bringHeadsForward(builder, *keys);
  value = bringHeadsForward(builder, *values);
}

void mlir::fp8attn::eraseUnusedShapes(ArrayRef<Value> unused) {
  static constexpr StringLiteral kShapes[] = {
      "torch.aten._unsafe_view",
      "torch.aten.clone",
      "torch.aten.expand",
      "torch.aten.reshape",
      "torch.aten.transpose.int",
      "torch.aten.unsqueeze",
      "torch.aten.view",
      "torch.prim.ListConstruct",
      "torch.prims.convert_element_type"};
  auto isShape = [](Operation *op) {
    StringRef name = op->getName().getStringRef();
    return llvm::is_contained(kShapes, name) ||
           name.starts_with("torch.constant.") || name.starts_with("torch_c.");
  };
  llvm::SetVector<Operation *> makers;
  SmallVector<Value> values(unused);
  while (!values.empty()) {
    Operation *maker = values.pop_back_val().getDefiningOp();
    if (maker && isShape(maker) && makers.insert(maker))
      llvm::append_range(values, maker->getOperands());
  }
  eraseUnused(std::move(makers));
}
