//===- CallOptions.cpp - options of calls of StableHLO --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Front ends write True and False as Python does.
//
//===----------------------------------------------------------------------===//

#include "CallOptions.h"

#include "ForeignOps.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

CallOptions::CallOptions(Operation *op)
    : op(op), isCall(isForeign(op, "stablehlo.custom_call")),
      isComposite(isForeign(op, "stablehlo.composite")) {}

Attribute CallOptions::get(StringRef name) const {
  if (!isCall && !isComposite)
    return getForeignAttr(op, name);
  auto options = getForeignAttr<DictionaryAttr>(
      op, isCall ? "mhlo.frontend_attributes" : "composite_attributes");
  return options ? options.get(name) : Attribute();
}

LogicalResult CallOptions::read(StringRef name, std::optional<bool> &value,
                                std::string &why) const {
  Attribute attribute = get(name);
  if (!attribute)
    return success();
  auto text = dyn_cast<StringAttr>(attribute);
  if (auto boolean = dyn_cast<BoolAttr>(attribute))
    value = boolean.getValue();
  else if (text && text.getValue().equals_insensitive("true"))
    value = true;
  else if (text && text.getValue().equals_insensitive("false"))
    value = false;
  else
    why = llvm::formatv("expects {0} to be true or false, got {1}", name,
                        attribute);
  return success(value.has_value());
}

LogicalResult CallOptions::read(StringRef name, std::optional<double> &value,
                                std::string &why) const {
  Attribute attribute = get(name);
  if (!attribute)
    return success();
  double number;
  auto text = dyn_cast<StringAttr>(attribute);
  if (auto real = dyn_cast<FloatAttr>(attribute))
    value = real.getValueAsDouble();
  else if (auto integer = dyn_cast<IntegerAttr>(attribute))
    value = integer.getValue().roundToDouble(/*isSigned=*/false);
  else if (text && llvm::to_float(text.getValue(), number))
    value = number;
  else
    why = llvm::formatv("expects {0} to be a number, got {1}", name, attribute);
  return success(value.has_value());
}
