//===- Fp8AttnModuleOps.cpp - beside code of others -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers of calls of entry points, and of memory that becomes a cache. Each
// check carries the tag of its constraint in docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Returns whether an argument may be passed for a parameter: a memref may be
/// of another shape and other strides, which the call checks, as long as
/// nothing contradicts the parameter's shape.
static bool isPassable(Type argument, Type parameter) {
  if (argument == parameter)
    return true;
  auto from = dyn_cast<MemRefType>(argument);
  auto to = dyn_cast<MemRefType>(parameter);
  return from && to && from.getElementType() == to.getElementType() &&
         from.isStrided() && !from.getMemorySpace() &&
         succeeded(verifyCompatibleShape(from, to));
}

/// Returns whether the entry point that `call` calls stands in the module of
/// the model, where it may have any form.
static bool isCallOfSplitModule(CallOp call, SymbolTableCollection &symbols) {
  Operation *around = SymbolTable::getNearestSymbolTable(call);
  auto name = StringAttr::get(call.getContext(), Fp8AttnDialect::kModelName);
  auto model = symbols.lookupSymbolIn<ModuleOp>(around, name);
  return model && symbols.lookupSymbolIn(model, call.getCalleeAttr().getAttr());
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  if (isCallOfSplitModule(*this, symbolTable))
    return success();
  auto callee =
      symbolTable.lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  // call_c1
  if (!callee || !callee->hasAttr(Fp8AttnDialect::kEntryAttrName)) {
    InFlightDiagnostic diagnostic = emitOpError("expects a function with '")
                                    << Fp8AttnDialect::kEntryAttrName << "', ";
    if (!callee)
      return diagnostic << "found no function '" << getCallee() << "'";
    diagnostic << "got '" << getCallee() << "' without it";
    diagnostic.attachNote(callee.getLoc()) << "the function is here";
    return diagnostic;
  }
  auto note = [&](InFlightDiagnostic diagnostic) -> LogicalResult {
    diagnostic.attachNote(callee.getLoc()) << "the entry point is here";
    return diagnostic;
  };
  // call_c2
  if (callee.getNumArguments() != getArguments().size())
    return note(emitOpError("expects the context and then the ")
                << callee.getNumArguments() << " arguments of '" << getCallee()
                << "', got " << getArguments().size());
  // call_c3
  for (auto [index, types] : llvm::enumerate(
           llvm::zip(getArguments().getTypes(), callee.getArgumentTypes())))
    if (auto [argument, parameter] = types; !isPassable(argument, parameter))
      return note(emitOpError("expects argument ")
                  << index << " to be what '" << getCallee() << "' takes ("
                  << parameter << "), got " << argument);
  return success();
}

Value CacheViewOp::getViewSource() { return getSource(); }

LogicalResult CacheViewOp::verify() {
  MemRefType source = getSource().getType();
  CacheType cache = getCache().getType();
  // cache_view_c1
  Type byte = IntegerType::get(getContext(), 8);
  if (cache.getElementBits() < 8 && source.getElementType() != byte)
    return emitOpError("expects memory of i8, because two elements of ")
           << cache.getElementType() << " are in a byte, got " << source;
  if (cache.isMixed() && source.getElementType() != byte)
    return emitOpError(
               "expects memory of i8, because the channels of a key are "
               "of two element types, got ")
           << source;
  if (source.getElementType() != byte &&
      source.getElementType() != cache.getElementType())
    return emitOpError("expects memory of i8 or of ")
           << cache.getElementType() << ", elements of the cache, got "
           << source;
  // cache_view_c2
  if (source.getMemorySpace() || source.getRank() == 0 ||
      source.getNumContiguousTrailingDims() != source.getRank())
    return emitOpError("expects memory whose elements lie one after the other, "
                       "in the default memory space, got ")
           << source;
  // cache_view_c3
  int64_t bytes = source.getElementType() == byte ? 1 : cache.getElementBytes();
  for (int64_t size : source.getShape())
    // More than any memory has is refused by whoever makes it.
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(bytes, size, bytes))
      return success();
  if (cache.getLayout() && bytes % cache.getPageBytes() != 0)
    return emitOpError("expects memory of whole pages of ")
           << cache.getPageBytes() << " bytes, got " << bytes << " bytes of "
           << source;
  return success();
}
