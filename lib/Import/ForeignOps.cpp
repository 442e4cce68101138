//===- ForeignOps.cpp - operations of dialects that are not linked --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operation that is not registered keeps its properties as a dictionary.
//
//===----------------------------------------------------------------------===//

#include "ForeignOps.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isForeign(Operation *op, StringRef name) {
  return op->getName().getStringRef() == name;
}

Attribute mlir::fp8attn::getForeignAttr(Operation *op, StringRef name) {
  if (Attribute attribute = op->getDiscardableAttr(name))
    return attribute;
  auto properties =
      dyn_cast_if_present<DictionaryAttr>(op->getPropertiesAsAttribute());
  return properties ? properties.get(name) : Attribute();
}

Value mlir::fp8attn::createForeignCast(OpBuilder &builder, Location loc,
                                       StringRef name, Type result,
                                       Value operand) {
  OperationState state(loc, name, operand, result);
  return builder.create(state)->getResult(0);
}
