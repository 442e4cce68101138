//===- AbiTypes.cpp - structs of the C ABI in the LLVM dialect ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "fp8attn/Runtime/fp8attn.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::fp8attn;

static LLVM::LLVMStructType
makeStruct(MLIRContext *context,
           function_ref<SmallVector<Type>(Type ptr, Type i32, Type i64)> make) {
  return LLVM::LLVMStructType::getLiteral(
      context,
      make(LLVM::LLVMPointerType::get(context), IntegerType::get(context, 32),
           IntegerType::get(context, 64)));
}

LLVM::LLVMStructType abi::getContextType(MLIRContext *context) {
  return makeStruct(context, [](Type ptr, Type i32, Type i64) {
    return SmallVector<Type>{i32, i32, ptr, ptr, i32, i32, ptr, i64};
  });
}

LLVM::LLVMStructType abi::getTensorType(MLIRContext *context) {
  return makeStruct(context, [](Type ptr, Type i32, Type i64) {
    Type dims = LLVM::LLVMArrayType::get(i64, FP8ATTN_MAX_RANK);
    return SmallVector<Type>{ptr, i32, i32, dims, dims};
  });
}

LLVM::LLVMStructType abi::getMemoryType(MLIRContext *context) {
  return makeStruct(context, [](Type ptr, Type i32, Type i64) {
    return SmallVector<Type>{ptr, ptr};
  });
}

LLVM::LLVMStructType abi::getOperandType(MLIRContext *context) {
  return LLVM::LLVMStructType::getLiteral(
      context, {LLVM::LLVMPointerType::get(context), getTensorType(context)});
}

LLVM::LLVMStructType abi::getTensorSpecType(MLIRContext *context) {
  // The name takes the place of the data; all else is alike.
  return getTensorType(context);
}

LLVM::LLVMStructType abi::getCacheType(MLIRContext *context) {
  return makeStruct(context, [](Type ptr, Type i32, Type i64) {
    return SmallVector<Type>{ptr, i64, i64};
  });
}

LLVM::LLVMStructType abi::getWorkItemType(MLIRContext *context) {
  return makeStruct(context, [](Type ptr, Type i32, Type i64) {
    return SmallVector<Type>(21, i64);
  });
}

LLVM::LLVMStructType abi::getKeyRunType(MLIRContext *context) {
  return makeStruct(context, [](Type ptr, Type i32, Type i64) {
    // The last five are those of the next run.
    return SmallVector<Type>{ptr, ptr, i64, i64, i64, i64, ptr, i64,
                             i64, i64, ptr, ptr, ptr, i64, i64};
  });
}
