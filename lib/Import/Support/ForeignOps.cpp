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
  return op->getName().getStringRef() == name &&
         (op->isRegistered() || op->getNextNode());
}

Attribute mlir::fp8attn::getForeignAttr(Operation *op, StringRef name) {
  if (Attribute attribute = op->getDiscardableAttr(name))
    return attribute;
  auto properties =
      dyn_cast_if_present<DictionaryAttr>(op->getPropertiesAsAttribute());
  return properties ? properties.get(name) : Attribute();
}

bool mlir::fp8attn::hasForeignText(Operation *op, StringRef name,
                                   StringRef text) {
  auto attribute = getForeignAttr<StringAttr>(op, name);
  return attribute && attribute.getValue() == text;
}

void mlir::fp8attn::eraseUnusedMakers(ArrayRef<Value> values,
                                      ArrayRef<StringRef> prefixes) {
  llvm::SmallSetVector<Operation *, 8> makers;
  for (Value value : values)
    if (Operation *maker = value.getDefiningOp())
      makers.insert(maker);
  for (Operation *maker : makers) {
    StringRef name = maker->getName().getStringRef();
    if (maker->use_empty() && llvm::any_of(prefixes, [&](StringRef prefix) {
          return name.starts_with(prefix);
        }))
      maker->erase();
  }
}

void mlir::fp8attn::eraseUnused(llvm::SetVector<Operation *> operations) {
  auto isUnused = [](Operation *op) { return op->use_empty(); };
  for (auto next = llvm::find_if(operations, isUnused);
       next != operations.end(); next = llvm::find_if(operations, isUnused)) {
    Operation *op = *next;
    operations.remove(op);
    op->erase();
  }
}

Value mlir::fp8attn::createForeignCast(OpBuilder &builder, Location loc,
                                       StringRef name, Type result,
                                       Value operand) {
  OperationState state(loc, name, operand, result);
  return builder.create(state)->getResult(0);
}
