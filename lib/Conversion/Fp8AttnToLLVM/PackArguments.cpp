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
// Bodies of loops take it as values, functions in memory (ArgumentFrame.cpp).
//
//===----------------------------------------------------------------------===//

#include "PackArguments.h"
#include "ArgumentFrame.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

bool mlir::fp8attn::isPacked(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.isStrided();
}

/// What is allocated here is as it is aligned, so that descriptors have one
/// pointer twice.
Type mlir::fp8attn::getPackedType(Type type,
                                  const LLVMTypeConverter &converter) {
  Type converted = converter.convertType(type);
  if (!isPacked(type))
    return converted;
  auto memref = cast<MemRefType>(type);
  auto [strides, offset] = memref.getStridesAndOffset();
  const int64_t numDynamic = ShapedType::isDynamic(offset) +
                             memref.getNumDynamicDims() +
                             llvm::count_if(strides, ShapedType::isDynamic);
  Type pointer = cast<LLVM::LLVMStructType>(converted).getBody().front();
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
static Value buildDescriptor(OpBuilder &builder, Location loc,
                             const LLVMTypeConverter &converter,
                             MemRefType type, Value packed) {
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

Value mlir::fp8attn::unpackConverted(OpBuilder &builder, Location loc,
                                     const LLVMTypeConverter &converter,
                                     Type type, Value packed) {
  return isPacked(type) ? buildDescriptor(builder, loc, converter,
                                          cast<MemRefType>(type), packed)
                        : packed;
}

Value mlir::fp8attn::unpackMemRef(OpBuilder &builder, Location loc,
                                  const LLVMTypeConverter &converter, Type type,
                                  Value packed) {
  Value converted = unpackConverted(builder, loc, converter, type, packed);
  return UnrealizedConversionCastOp::create(builder, loc, type, converted)
      .getResult(0);
}

Value mlir::fp8attn::packOperand(OpBuilder &builder, Location loc,
                                 const LLVMTypeConverter &converter,
                                 Value operand) {
  Type type = operand.getType();
  Value converted = UnrealizedConversionCastOp::create(
                        builder, loc, converter.convertType(type), operand)
                        .getResult(0);
  return packMemRef(builder, loc, converter, type, converted);
}

/// Has the body of a loop take its memrefs packed.
static void packParameters(func::FuncOp function,
                           const LLVMTypeConverter &converter) {
  Block &entry = function.getBody().front();
  auto builder = OpBuilder::atBlockBegin(&entry);
  for (unsigned i = 0, e = entry.getNumArguments(); i < e; ++i) {
    BlockArgument argument = entry.getArgument(i);
    Type type = argument.getType();
    if (!isPacked(type))
      continue;
    Location loc = argument.getLoc();
    Value packed =
        entry.insertArgument(i + 1, getPackedType(type, converter), loc);
    argument.replaceAllUsesWith(
        unpackMemRef(builder, loc, converter, type, packed));
    entry.eraseArgument(i);
  }
  function.setType(builder.getFunctionType(entry.getArgumentTypes(),
                                           function.getResultTypes()));
}

void mlir::fp8attn::packArguments(ModuleOp module,
                                  const LLVMTypeConverter &converter) {
  llvm::SmallDenseSet<StringRef> bodies;
  module.walk([&](ParallelForOp loop) {
    bodies.insert(loop.getBody());
    OpBuilder builder(loop);
    for (OpOperand &operand : loop->getOpOperands())
      if (isPacked(operand.get().getType()))
        operand.set(
            packOperand(builder, loop.getLoc(), converter, operand.get()));
  });
  SmallVector<func::FuncOp> functions;
  // What is declared is the code of others, who know their memrefs.
  for (auto function : module.getOps<func::FuncOp>())
    if (bodies.contains(function.getName()))
      packParameters(function, converter);
    else if (!function.isExternal())
      functions.push_back(function);
  makeArgumentFrames(functions, module, converter);
}
