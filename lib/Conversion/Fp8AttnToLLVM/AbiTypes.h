//===- AbiTypes.h - structs of the C ABI in LLVM ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The structs of Runtime/fp8attn.h, kernels.h and lowering_abi.h as LLVM types,
// with their members by name. unittests/Conversion compares sizes and offsets
// with the headers.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_ABITYPES_H
#define FP8ATTN_LIB_CONVERSION_ABITYPES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::fp8attn::abi {

/// fp8attn_context, up to the last member that generated code reads.
enum ContextMember {
  kContextWorkspace = 6,
};
LLVM::LLVMStructType getContextType(MLIRContext *context);

/// fp8attn_tensor.
enum TensorMember {
  kTensorData = 0,
  kTensorElementType = 1,
  kTensorRank = 2,
  kTensorSizes = 3,
  kTensorStrides = 4,
};
LLVM::LLVMStructType getTensorType(MLIRContext *context);

/// fp8attn_memory.
LLVM::LLVMStructType getMemoryType(MLIRContext *context);

/// fp8attn_operand.
LLVM::LLVMStructType getOperandType(MLIRContext *context);

/// fp8attn_tensor_spec.
LLVM::LLVMStructType getTensorSpecType(MLIRContext *context);

/// fp8attn_cache; also what a cache is inside of functions.
enum CacheMember { kCacheData = 0, kCacheNumPages = 1, kCachePageBytes = 2 };
LLVM::LLVMStructType getCacheType(MLIRContext *context);

/// fp8attn_work_item.
enum WorkItemMember {
  kWorkItemSequence = 0,
  kWorkItemKvHead = 1,
  kWorkItemGroup = 2,
  kWorkItemQueryBegin = 3,
  kWorkItemFirstRow = 6,
  kWorkItemNumRows = 7,
  kWorkItemDiagonal = 8,
  kWorkItemFirstKey = 11,
  kWorkItemNumKeys = 12,
  kWorkItemNumParts = 14,
};
LLVM::LLVMStructType getWorkItemType(MLIRContext *context);

/// fp8attn_key_run.
enum KeyRunMember { kKeyRunPages = 6 };
LLVM::LLVMStructType getKeyRunType(MLIRContext *context);

} // namespace mlir::fp8attn::abi

#endif // FP8ATTN_LIB_CONVERSION_ABITYPES_H
