//===- TorchValues.cpp - constants and tensors of torch -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Types are read from their text, as that is the same whether torch's dialect
// is registered or not.
//
//===----------------------------------------------------------------------===//

#include "TorchValues.h"

#include "Support/ForeignOps.h"
#include "Support/OwnDiagnostics.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr StringRef kToBuiltin = "torch_c.to_builtin_tensor";
static constexpr StringRef kFromBuiltin = "torch_c.from_builtin_tensor";

/// Returns the operation that made the value, if it has the name.
static Operation *getMaker(Value value, StringRef name) {
  Operation *maker = value.getDefiningOp();
  return maker && isForeign(maker, name) ? maker : nullptr;
}

/// Returns the value of a constant that an operation of the name made; null if
/// it is none.
template <typename AttrT>
static AttrT getConstant(Value value, StringRef name) {
  Operation *maker = getMaker(value, name);
  return maker ? getForeignAttr<AttrT>(maker, "value") : AttrT();
}

bool mlir::fp8attn::isTorchNone(Value value) {
  return getMaker(value, "torch.constant.none");
}

std::optional<bool> mlir::fp8attn::getTorchBool(Value value) {
  auto number = getConstant<IntegerAttr>(value, "torch.constant.bool");
  return number ? std::optional(!number.getValue().isZero()) : std::nullopt;
}

std::optional<int64_t> mlir::fp8attn::getTorchInt(Value value) {
  auto number = getConstant<IntegerAttr>(value, "torch.constant.int");
  return number && number.getValue().isSignedIntN(64)
             ? std::optional(number.getValue().getSExtValue())
             : std::nullopt;
}

std::optional<StringRef> mlir::fp8attn::getTorchString(Value value) {
  auto text = getConstant<StringAttr>(value, "torch.constant.str");
  return text ? std::optional(text.getValue()) : std::nullopt;
}

std::optional<double> mlir::fp8attn::getTorchFloat(Value value) {
  auto number = getConstant<FloatAttr>(value, "torch.constant.float");
  return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
}

/// Returns the type that torch's says behind `prefix`.
static RankedTensorType parseTensor(Type type, StringRef prefix) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  StringRef rest = text;
  if (!rest.consume_front(prefix) || !rest.consume_back(">"))
    return nullptr;
  auto [sizes, element] = rest.split("],");
  SmallVector<int64_t> shape;
  SmallVector<StringRef> parts;
  sizes.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    int64_t size;
    if (part.trim() == "?")
      shape.push_back(ShapedType::kDynamic);
    else if (!part.trim().getAsInteger(/*Radix=*/10, size) && size >= 0)
      shape.push_back(size);
    else
      return nullptr;
  }
  // What is no type of MLIR is none of a tensor.
  OwnDiagnostics silence(type.getContext());
  Type parsed = parseType(element.trim(), type.getContext());
  return parsed && RankedTensorType::isValidElementType(parsed)
             ? RankedTensorType::get(shape, parsed)
             : nullptr;
}

RankedTensorType mlir::fp8attn::getBuiltinTensor(Type type) {
  return parseTensor(type, "!torch.vtensor<[");
}

RankedTensorType mlir::fp8attn::getTorchTensor(Type type) {
  RankedTensorType fixed = getBuiltinTensor(type);
  return fixed ? fixed : parseTensor(type, "!torch.tensor<[");
}

/// Returns what `value` was made of by `from`, if that is of the type, or what
/// `to` makes of it.
static Value toBuiltin(OpBuilder &builder, Location loc, Value value, Type type,
                       StringRef from, StringRef to) {
  Operation *maker = getMaker(value, from);
  if (maker && maker->getNumOperands() == 1 &&
      maker->getOperand(0).getType() == type)
    return maker->getOperand(0);
  return createForeignCast(builder, loc, to, type, value);
}

Value mlir::fp8attn::toBuiltinTensor(OpBuilder &builder, Location loc,
                                     Value value) {
  RankedTensorType type = getBuiltinTensor(value.getType());
  // MLIR's integers have no sign of their own.
  if (auto integer = dyn_cast<IntegerType>(type.getElementType()))
    type = type.clone(builder.getIntegerType(integer.getWidth()));
  return toBuiltin(builder, loc, value, type, kFromBuiltin, kToBuiltin);
}

bool mlir::fp8attn::isTorchFloat(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text == "!torch.float";
}

Value mlir::fp8attn::toBuiltinFloat(OpBuilder &builder, Location loc,
                                    Value value) {
  return toBuiltin(builder, loc, value, builder.getF64Type(),
                   "torch_c.from_f64", "torch_c.to_f64");
}

bool mlir::fp8attn::isTorchUnused(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isForeign(user, "torch.bind_symbolic_shape") && user->use_empty();
  });
}

void mlir::fp8attn::replaceByBuiltinTensor(OpBuilder &builder, Value old,
                                           Value tensor) {
  for (Operation *user : llvm::make_early_inc_range(old.getUsers()))
    if (isForeign(user, kToBuiltin) && user->getNumOperands() == 1 &&
        user->getNumResults() == 1 &&
        user->getResult(0).getType() == tensor.getType()) {
      user->getResult(0).replaceAllUsesWith(tensor);
      user->erase();
    }
  if (!old.use_empty())
    old.replaceAllUsesWith(createForeignCast(
        builder, tensor.getLoc(), kFromBuiltin, old.getType(), tensor));
}
