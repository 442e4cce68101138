//===- RuntimeFunctions.cpp - what generated code calls -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RuntimeFunctions.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::fp8attn;

static Type typeOf(MLIRContext *context, char letter) {
  switch (letter) {
  case 'v':
    return LLVM::LLVMVoidType::get(context);
  case 'p':
    return LLVM::LLVMPointerType::get(context);
  case 'i':
    return IntegerType::get(context, 32);
  case 'l':
    return IntegerType::get(context, 64);
  }
  llvm_unreachable("a signature has an unknown letter");
}

LLVM::LLVMFuncOp mlir::fp8attn::getOrDeclare(OpBuilder &builder,
                                             ModuleSymbols &symbols,
                                             StringRef name,
                                             LLVM::LLVMFunctionType type) {
  if (auto function = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return function;
  ModuleOp module = symbols.getModule();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  return symbols.add(
      LLVM::LLVMFuncOp::create(builder, module.getLoc(), name, type));
}

LLVM::CallOp mlir::fp8attn::callRuntime(OpBuilder &builder, Location loc,
                                        ModuleSymbols &symbols,
                                        const RuntimeFunction &function,
                                        ValueRange operands) {
  SmallVector<Type> types;
  for (char letter : function.signature)
    types.push_back(typeOf(builder.getContext(), letter));
  auto type =
      LLVM::LLVMFunctionType::get(types.front(), ArrayRef(types).drop_front());
  LLVM::LLVMFuncOp callee = getOrDeclare(builder, symbols, function.name, type);
  return LLVM::CallOp::create(builder, loc, callee, operands);
}

Value mlir::fp8attn::makeInteger(OpBuilder &builder, Location loc,
                                 unsigned bits, int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getIntegerType(bits),
                                  value);
}

Value mlir::fp8attn::allocateOnStack(OpBuilder &builder, Operation *user,
                                     Type type, int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  auto function = user->getParentOfType<FunctionOpInterface>();
  builder.setInsertionPointToStart(&function.getFunctionBody().front());
  return LLVM::AllocaOp::create(
      builder, user->getLoc(), LLVM::LLVMPointerType::get(user->getContext()),
      type, makeInteger(builder, user->getLoc(), 64, count));
}

Value mlir::fp8attn::storeToArray(OpBuilder &builder, Operation *user,
                                  ValueRange numbers) {
  Location loc = user->getLoc();
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  Value array = allocateOnStack(builder, user, i64, numbers.size());
  for (auto [i, number] : llvm::enumerate(numbers)) {
    Value place = LLVM::GEPOp::create(builder, loc, pointer, i64, array,
                                      ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(builder, loc, number, place);
  }
  return array;
}

Value mlir::fp8attn::makeString(OpBuilder &builder, Location loc,
                                ModuleSymbols &symbols, StringRef text) {
  return makeString(builder, loc, symbols, text,
                    ("fp8attn.text." + text).str());
}

Value mlir::fp8attn::makeString(OpBuilder &builder, Location loc,
                                ModuleSymbols &symbols, StringRef text,
                                StringRef symbol) {
  ModuleOp module = symbols.getModule();
  auto global = symbols.lookup<LLVM::GlobalOp>(symbol);
  if (!global) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    std::string terminated = (text + StringRef("\0", 1)).str();
    auto type =
        LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size());
    global = symbols.add(
        LLVM::GlobalOp::create(builder, module.getLoc(), type,
                               /*isConstant=*/true, LLVM::Linkage::Private,
                               symbol, builder.getStringAttr(terminated)));
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

Value mlir::fp8attn::packStruct(OpBuilder &builder, Location loc, Type type,
                                ValueRange members) {
  Value packed = LLVM::PoisonOp::create(builder, loc, type);
  for (auto [index, member] : llvm::enumerate(members))
    packed = LLVM::InsertValueOp::create(builder, loc, packed, member, index);
  return packed;
}

void mlir::fp8attn::returnWithStatus(OpBuilder &builder, Location loc,
                                     Value status, ValueRange results) {
  auto function = builder.getInsertionBlock()
                      ->getParent()
                      ->getParentOfType<LLVM::LLVMFuncOp>();
  Type type = function.getFunctionType().getReturnType();
  Value value = status;
  if (isa<LLVM::LLVMStructType>(type)) {
    SmallVector<Value> members = {status};
    llvm::append_range(members, results);
    value = packStruct(builder, loc, type, members);
  }
  LLVM::ReturnOp::create(builder, loc, value);
}
