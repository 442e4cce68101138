//===- PackArguments.cpp - memrefs between functions ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A memref has a pointer, sizes and strides, most of which its type says. What
// functions and bodies of loops take is what it does not say: a function of
// many operations is made of little else than calls.
//
//===----------------------------------------------------------------------===//

#include "PackArguments.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns whether strides and offset of a type are numbers, or dynamic.
static bool isPacked(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.isStrided();
}

/// Returns a struct of a pointer and the dynamic offset, sizes and strides.
/// What is allocated here is as it is aligned, so that descriptors have one
/// pointer twice.
static LLVM::LLVMStructType getPackedType(MemRefType type,
                                          const LLVMTypeConverter &converter) {
  auto [strides, offset] = type.getStridesAndOffset();
  const int64_t numDynamic = ShapedType::isDynamic(offset) +
                             type.getNumDynamicDims() +
                             llvm::count_if(strides, ShapedType::isDynamic);
  Type pointer =
      cast<LLVM::LLVMStructType>(converter.convertType(type)).getBody().front();
  SmallVector<Type> members(1 + numDynamic, converter.getIndexType());
  members.front() = pointer;
  return LLVM::LLVMStructType::getLiteral(type.getContext(), members);
}

Value mlir::fp8attn::packMemRef(OpBuilder &builder, Location loc,
                                const LLVMTypeConverter &converter, Type type,
                                Value value) {
  if (!isPacked(type))
    return value;
  auto memref = cast<MemRefType>(type);
  auto [strides, offset] = memref.getStridesAndOffset();
  MemRefDescriptor descriptor(value);
  SmallVector<Value> members = {descriptor.alignedPtr(builder, loc)};
  if (ShapedType::isDynamic(offset))
    members.push_back(descriptor.offset(builder, loc));
  for (int64_t dim = 0; dim < memref.getRank(); ++dim) {
    if (memref.isDynamicDim(dim))
      members.push_back(descriptor.size(builder, loc, dim));
    if (ShapedType::isDynamic(strides[dim]))
      members.push_back(descriptor.stride(builder, loc, dim));
  }
  return packStruct(builder, loc, getPackedType(memref, converter), members);
}

/// Returns the descriptor of a memref.
static Value unpackMemRef(OpBuilder &builder, Location loc,
                          const LLVMTypeConverter &converter, MemRefType type,
                          Value packed) {
  MemRefDescriptor descriptor =
      MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  int64_t next = 0;
  auto take = [&]() -> Value {
    return LLVM::ExtractValueOp::create(builder, loc, packed, next++);
  };
  Value pointer = take();
  descriptor.setAllocatedPtr(builder, loc, pointer);
  descriptor.setAlignedPtr(builder, loc, pointer);
  auto [strides, offset] = type.getStridesAndOffset();
  if (ShapedType::isDynamic(offset))
    descriptor.setOffset(builder, loc, take());
  else
    descriptor.setConstantOffset(builder, loc, offset);
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (type.isDynamicDim(dim))
      descriptor.setSize(builder, loc, dim, take());
    else
      descriptor.setConstantSize(builder, loc, dim, type.getDimSize(dim));
    if (ShapedType::isDynamic(strides[dim]))
      descriptor.setStride(builder, loc, dim, take());
    else
      descriptor.setConstantStride(builder, loc, dim, strides[dim]);
  }
  return descriptor;
}

/// Has a function take its memrefs packed.
static void packArguments(func::FuncOp function,
                          const LLVMTypeConverter &converter) {
  Location loc = function.getLoc();
  auto builder = OpBuilder::atBlockBegin(&function.getBody().front());
  for (BlockArgument argument : function.getArguments()) {
    if (!isPacked(argument.getType()))
      continue;
    auto type = cast<MemRefType>(argument.getType());
    auto memref =
        UnrealizedConversionCastOp::create(builder, loc, type, Value(argument));
    argument.replaceAllUsesExcept(memref.getResult(0), memref);
    argument.setType(getPackedType(type, converter));
    builder.setInsertionPoint(memref);
    memref.setOperand(0, unpackMemRef(builder, loc, converter, type, argument));
    builder.setInsertionPointAfter(memref);
  }
  function.setType(builder.getFunctionType(
      function.getBody().getArgumentTypes(), function.getResultTypes()));
}

void mlir::fp8attn::packArguments(ModuleOp module,
                                  const LLVMTypeConverter &converter) {
  // What is declared is the code of others, who know their memrefs.
  llvm::SmallDenseSet<StringRef> declared;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isExternal())
      declared.insert(function.getName());
    else
      ::packArguments(function, converter);
  module.walk([&](Operation *op) {
    auto call = dyn_cast<func::CallOp>(op);
    if (!isa<ParallelForOp>(op) &&
        (!call || declared.contains(call.getCallee())))
      return;
    OpBuilder builder(op);
    for (OpOperand &operand : op->getOpOperands()) {
      Type type = operand.get().getType();
      if (!isPacked(type))
        continue;
      Value descriptor =
          UnrealizedConversionCastOp::create(
              builder, op->getLoc(), converter.convertType(type), operand.get())
              .getResult(0);
      operand.set(
          packMemRef(builder, op->getLoc(), converter, type, descriptor));
    }
  });
}
