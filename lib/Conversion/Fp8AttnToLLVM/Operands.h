//===- Operands.h - operands as checks see them -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An fp8attn_operand: a name, and the tensor that a memref is or that the bytes
// of the pages of a cache are, which may have gaps between them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_OPERANDS_H
#define FP8ATTN_LIB_CONVERSION_OPERANDS_H

#include "ModuleSymbols.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

namespace mlir::fp8attn {

/// What an operand is but for its address: sizes and strides of a tensor, in
/// the terms of the runtime.
struct OperandShape {
  /// Of a memref or a cache.
  explicit OperandShape(Type type);

  /// Takes nothing for granted that the type says.
  void forget();

  Type type;
  int32_t elementType;
  /// In elements, of one rank.
  SmallVector<int64_t> sizes, strides;
};

/// Fills in operand `index` of an array on the stack and returns its address.
/// `value` is converted.
Value storeOperand(OpBuilder &builder, Location loc, ModuleSymbols &symbols,
                   const LLVMTypeConverter &converter, Value operands,
                   int32_t index, const OperandShape &shape, Value value,
                   StringRef name);

/// Does the same of an argument that is at `place` in a frame.
void storeOperandOfFrame(OpBuilder &builder, Location loc,
                         ModuleSymbols &symbols,
                         const LLVMTypeConverter &converter, Value operands,
                         int32_t index, const OperandShape &shape, Value place,
                         StringRef name);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_OPERANDS_H
