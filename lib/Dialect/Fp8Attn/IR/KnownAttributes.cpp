//===- KnownAttributes.cpp - no attribute is silently ignored -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the dialect says to attributes that nobody defined: those of its own
// operations that have no dialect's prefix, and those with its prefix on any
// operation, function argument or result. A misspelt option would otherwise be
// carried through the compiler without an effect.
//
//===----------------------------------------------------------------------===//

#include "NearestName.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::fp8attn;
using llvm::isAlnum;
using llvm::isDigit;

LogicalResult fp8attn::detail::verifyKnownAttributes(Operation *op) {
  // attr_c1
  for (NamedAttribute attr : op->getDiscardableAttrs()) {
    StringRef name = attr.getName().getValue();
    // Passes of MLIR note things for themselves between underscores.
    if (name.contains('.') || name.starts_with("__"))
      continue;
    SmallVector<StringRef> known;
    for (StringAttr defined : op->getName().getAttributeNames())
      // How operands are divided is nothing that a user writes.
      if (defined != "operandSegmentSizes")
        known.push_back(defined);
    return op->emitOpError("expects no attribute '")
           << name << "'" << getNameHint(name, known);
  }
  return success();
}

/// Reports an attribute of the dialect that is not one of those that `place`
/// can have.
static LogicalResult refuse(Operation *op, NamedAttribute attr,
                            const Twine &place, ArrayRef<StringRef> known) {
  StringRef name = attr.getName();
  return op->emitOpError("expects no attribute '")
         << name << "' on " << place
         << fp8attn::detail::getNameHint(name, known);
}

/// Checks the mark of an entry point.
static LogicalResult verifyEntry(Operation *op, Attribute mark) {
  constexpr StringLiteral kName = Fp8AttnDialect::kEntryAttrName;
  // entry_c1
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function || !isa<UnitAttr>(mark))
    return op->emitOpError("expects '")
           << kName << "' to be a unit attribute on a func.func, got " << mark;
  // entry_c2
  if (function.isExternal() || !function.isPublic())
    return op->emitOpError("expects a public function with a body at '")
           << kName << "', because hosts call it, got '" << function.getName()
           << "', which "
           << (function.isExternal() ? "has no body" : "is not public");
  // entry_c3
  if (function.getNumResults() != 0)
    return op->emitOpError("expects a function without results at '")
           << kName << "', because it returns a status, got "
           << function.getResultTypes();
  return success();
}

/// Returns whether an attribute is the text of a JSON array. Such a text has no
/// zero in it.
static bool isJsonArray(Attribute attr) {
  auto text = dyn_cast_or_null<StringAttr>(attr);
  if (!text)
    return false;
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text.getValue());
  if (value)
    return value->kind() == llvm::json::Value::Array;
  llvm::consumeError(value.takeError());
  return false;
}

/// Checks what a function says of itself.
static LogicalResult verifyDescription(Operation *op, Attribute attr) {
  // description_c1
  auto texts = dyn_cast<DictionaryAttr>(attr);
  if (isa<FunctionOpInterface>(op) && texts && texts.size() == 2 &&
      isJsonArray(texts.get("arguments")) &&
      isJsonArray(texts.get("operations")))
    return success();
  return op->emitOpError("expects '")
         << Fp8AttnDialect::kDescriptionAttrName
         << "' to be {arguments, operations}, texts of JSON arrays, on a "
            "function, got "
         << attr;
}

LogicalResult Fp8AttnDialect::verifyOperationAttribute(Operation *op,
                                                       NamedAttribute attr) {
  if (attr.getName() == kEntryAttrName)
    return verifyEntry(op, attr.getValue());
  if (attr.getName() == kDescriptionAttrName)
    return verifyDescription(op, attr.getValue());
  // attr_c2
  if (attr.getName() != kIsaAttrName)
    return refuse(op, attr, "an operation", {kIsaAttrName, kEntryAttrName});
  // isa_c1
  if (!isa<FunctionOpInterface>(op) || !isa<IsaAttr>(attr.getValue()))
    return op->emitOpError("expects '")
           << kIsaAttrName << "' to be an #fp8attn.isa on a function, got "
           << attr.getValue();
  return success();
}

/// Returns whether a name can be a parameter of a C function.
static bool isIdentifier(StringRef name) {
  return !name.empty() && !isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
}

LogicalResult Fp8AttnDialect::verifyRegionArgAttribute(Operation *op,
                                                       unsigned regionIndex,
                                                       unsigned argIndex,
                                                       NamedAttribute attr) {
  // attr_c2
  if (attr.getName() != kNameAttrName)
    return refuse(op, attr, "argument " + Twine(argIndex), {kNameAttrName});
  // name_c1
  auto name = dyn_cast<StringAttr>(attr.getValue());
  if (!name || !isIdentifier(name.getValue()))
    return op->emitOpError("expects '")
           << kNameAttrName << "' of argument " << argIndex
           << " to be a C identifier, got " << attr.getValue();
  return success();
}

LogicalResult Fp8AttnDialect::verifyRegionResultAttribute(Operation *op,
                                                          unsigned regionIndex,
                                                          unsigned resultIndex,
                                                          NamedAttribute attr) {
  // attr_c2
  return refuse(op, attr, "result " + Twine(resultIndex), {});
}
