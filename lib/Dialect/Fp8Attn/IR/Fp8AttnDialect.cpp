//===- Fp8AttnDialect.cpp - registration of the dialect ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registers attributes, types and operations, and checks the dialect's
// discardable attributes.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using llvm::isAlnum;
using llvm::isDigit;
using namespace mlir::fp8attn;

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnDialect.cpp.inc"

void Fp8AttnDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.cpp.inc"
      >();
}

LogicalResult Fp8AttnDialect::verifyOperationAttribute(Operation *op,
                                                       NamedAttribute attr) {
  // isa_c1
  if (attr.getName() == kIsaAttrName &&
      !(isa<FunctionOpInterface>(op) && isa<IsaAttr>(attr.getValue())))
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
  // name_c1
  if (attr.getName() == kNameAttrName) {
    auto name = dyn_cast<StringAttr>(attr.getValue());
    if (!name || !isIdentifier(name.getValue()))
      return op->emitOpError("expects '")
             << kNameAttrName << "' of argument " << argIndex
             << " to be a C identifier, got " << attr.getValue();
  }
  return success();
}
