//===- Operands.cpp - operands as checks see them -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is known of an operand is a constant, which a function of the module
// copies and completes: a call for each operand is less code than its stores,
// and a check of hundreds of operands remains fast to compile, because LLVM
// orders the instructions between two calls.
//
//===----------------------------------------------------------------------===//

#include "Operands.h"
#include "AbiTypes.h"
#include "PackArguments.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Target/ElementTypes.h"

using namespace mlir;
using namespace mlir::fp8attn;

OperandShape::OperandShape(Type type) : type(type) {
  if (auto cache = dyn_cast<CacheType>(type)) {
    elementType = FP8ATTN_TYPE_I8;
    sizes = {ShapedType::kDynamic, cache.getPageBytes()};
    strides = {ShapedType::kDynamic, 1};
    return;
  }
  auto memref = cast<MemRefType>(type);
  elementType = getAbiType(memref.getElementType());
  llvm::append_range(sizes, memref.getShape());
  strides = memref.getStridesAndOffset().first;
}

void OperandShape::forget() {
  llvm::fill(sizes, ShapedType::kDynamic);
  llvm::fill(strides, ShapedType::kDynamic);
}

/// Returns a symbol for all operands of that type, sizes and strides.
static std::string getSymbol(const OperandShape &shape, const Twine &begin) {
  std::string symbol = begin.str();
  llvm::raw_string_ostream stream(symbol);
  stream << "." << shape.elementType;
  for (ArrayRef<int64_t> numbers : {shape.sizes, shape.strides})
    for (int64_t number : numbers)
      if (ShapedType::isDynamic(number))
        stream << ".n";
      else
        stream << "." << number;
  return symbol;
}

/// Returns an fp8attn_operand with all that is known. What is dynamic is 0.
static Value buildOperand(OpBuilder &builder, Location loc,
                          ModuleSymbols &symbols, const OperandShape &shape,
                          StringRef name) {
  Value operand = LLVM::ZeroOp::create(
      builder, loc, abi::getOperandType(builder.getContext()));
  auto set = [&](Value value, ArrayRef<int64_t> position) {
    operand =
        LLVM::InsertValueOp::create(builder, loc, operand, value, position);
  };
  auto setDim = [&](int64_t number, int64_t member, int64_t dim) {
    if (!ShapedType::isDynamic(number))
      set(makeInteger(builder, loc, 64, number), {1, member, dim});
  };
  set(makeString(builder, loc, symbols, name), {0});
  set(makeInteger(builder, loc, 32, shape.elementType),
      {1, abi::kTensorElementType});
  set(makeInteger(builder, loc, 32, shape.sizes.size()), {1, abi::kTensorRank});
  for (auto [dim, size, stride] : llvm::enumerate(shape.sizes, shape.strides)) {
    setDim(size, abi::kTensorSizes, dim);
    setDim(stride, abi::kTensorStrides, dim);
  }
  return operand;
}

/// Returns the address of that as a constant of the module.
static Value makeOperandConstant(OpBuilder &builder, Location loc,
                                 ModuleSymbols &symbols,
                                 const OperandShape &shape, StringRef name) {
  return symbols.getOrMakeConstant(
      builder, loc, getSymbol(shape, "fp8attn.operand." + name),
      abi::getOperandType(builder.getContext()), [&] {
        return buildOperand(builder, symbols.getModule().getLoc(), symbols,
                            shape, name);
      });
}

static Value getMember(OpBuilder &builder, Location loc, Value operand,
                       ArrayRef<LLVM::GEPArg> position) {
  return LLVM::GEPOp::create(
      builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
      abi::getOperandType(builder.getContext()), operand, position);
}

namespace {
/// A member of the tensor of an operand that is not known, and its value.
struct DynamicMember {
  abi::TensorMember member;
  int32_t dim;
  Value value;
};
} // namespace

/// Returns the dynamic sizes and strides.
static SmallVector<DynamicMember> getDynamicMembers(OpBuilder &builder,
                                                    Location loc,
                                                    const OperandShape &shape,
                                                    Value value) {
  if (isa<CacheType>(shape.type))
    return {{abi::kTensorSizes, 0,
             getCacheMember(builder, loc, value, abi::kCacheNumPages)},
            {abi::kTensorStrides, 0,
             getCacheMember(builder, loc, value, abi::kCachePageBytes)}};
  SmallVector<DynamicMember> members;
  MemRefDescriptor descriptor(value);
  for (int32_t dim = 0, rank = shape.sizes.size(); dim < rank; ++dim) {
    if (ShapedType::isDynamic(shape.sizes[dim]))
      members.push_back(
          {abi::kTensorSizes, dim, descriptor.size(builder, loc, dim)});
    if (ShapedType::isDynamic(shape.strides[dim]))
      members.push_back(
          {abi::kTensorStrides, dim, descriptor.stride(builder, loc, dim)});
  }
  return members;
}

/// Returns the function that completes operands with such members. It takes the
/// operand, the constant, the address of the data and the members.
static LLVM::LLVMFuncOp getStoreFunction(OpBuilder &builder,
                                         ModuleSymbols &symbols,
                                         ArrayRef<DynamicMember> members) {
  std::string name = "fp8attn.store_operand";
  for (const DynamicMember &member : members)
    name += (member.member == abi::kTensorSizes ? ".size" : ".stride") +
            std::to_string(member.dim);
  SmallVector<Type> types(3, LLVM::LLVMPointerType::get(builder.getContext()));
  types.append(members.size(), builder.getI64Type());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(builder.getContext()), types);
  return symbols.getOrMakeFunction(builder, name, type, [&](Block &block) {
    Location loc = symbols.getModule().getLoc();
    Value operand = block.getArgument(0);
    LLVM::MemcpyOp::create(
        builder, loc, operand, block.getArgument(1),
        makeInteger(builder, loc, 64, sizeof(fp8attn_operand)),
        /*isVolatile=*/false);
    LLVM::StoreOp::create(
        builder, loc, block.getArgument(2),
        getMember(builder, loc, operand, {0, 1, abi::kTensorData}));
    for (auto [member, value] :
         llvm::zip_equal(members, block.getArguments().drop_front(3)))
      LLVM::StoreOp::create(
          builder, loc, value,
          getMember(builder, loc, operand, {0, 1, member.member, member.dim}));
    LLVM::ReturnOp::create(builder, loc, ValueRange());
  });
}

/// Returns the address of the data of an operand.
static Value getData(OpBuilder &builder, Location loc,
                     const LLVMTypeConverter &converter, Type type,
                     Value value) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref ? getElementPointer(builder, loc, converter, value, memref)
                : getCacheMember(builder, loc, value, abi::kCacheData);
}

/// Completes the operand at `place`.
static void callStore(OpBuilder &builder, Location loc, ModuleSymbols &symbols,
                      Value place, Value constant, Value data,
                      ArrayRef<DynamicMember> members) {
  SmallVector<Value> arguments = {place, constant, data};
  for (const DynamicMember &member : members)
    arguments.push_back(member.value);
  LLVM::CallOp::create(builder, loc,
                       getStoreFunction(builder, symbols, members), arguments);
}

Value mlir::fp8attn::storeOperand(OpBuilder &builder, Location loc,
                                  ModuleSymbols &symbols,
                                  const LLVMTypeConverter &converter,
                                  Value operands, int32_t index,
                                  const OperandShape &shape, Value value,
                                  StringRef name) {
  Value data = getData(builder, loc, converter, shape.type, value);
  SmallVector<DynamicMember> members =
      getDynamicMembers(builder, loc, shape, value);
  Value place = getMember(builder, loc, operands, {index});
  Value constant = makeOperandConstant(builder, loc, symbols, shape, name);
  callStore(builder, loc, symbols, place, constant, data, members);
  return place;
}

/// Returns the function that completes operands of this type with an argument
/// in a frame. It takes the operand, the constant and the address in the frame.
static LLVM::LLVMFuncOp
getArgumentStoreFunction(OpBuilder &builder, ModuleSymbols &symbols,
                         const LLVMTypeConverter &converter,
                         const OperandShape &shape) {
  std::string name = getSymbol(shape, "fp8attn.store_argument");
  if (auto memref = dyn_cast<MemRefType>(shape.type)) {
    const int64_t offset = memref.getStridesAndOffset().second;
    name += ShapedType::isDynamic(offset) ? ".from.n"
                                          : ".from." + std::to_string(offset);
  }
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                  {pointer, pointer, pointer});
  return symbols.getOrMakeFunction(builder, name, type, [&](Block &block) {
    Location loc = symbols.getModule().getLoc();
    Value packed =
        LLVM::LoadOp::create(builder, loc, getPackedType(shape.type, converter),
                             block.getArgument(2));
    Value value = unpackConverted(builder, loc, converter, shape.type, packed);
    Value data = getData(builder, loc, converter, shape.type, value);
    callStore(builder, loc, symbols, block.getArgument(0), block.getArgument(1),
              data, getDynamicMembers(builder, loc, shape, value));
    LLVM::ReturnOp::create(builder, loc, ValueRange());
  });
}

void mlir::fp8attn::storeOperandOfFrame(OpBuilder &builder, Location loc,
                                        ModuleSymbols &symbols,
                                        const LLVMTypeConverter &converter,
                                        Value operands, int32_t index,
                                        const OperandShape &shape, Value place,
                                        StringRef name) {
  LLVM::CallOp::create(
      builder, loc,
      getArgumentStoreFunction(builder, symbols, converter, shape),
      ValueRange{getMember(builder, loc, operands, {index}),
                 makeOperandConstant(builder, loc, symbols, shape, name),
                 place});
}
