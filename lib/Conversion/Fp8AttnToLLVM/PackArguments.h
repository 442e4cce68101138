//===- PackArguments.h - memrefs between functions --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How functions, and bodies of loops, take memrefs: as what their types do not
// say, which is a pointer and the dynamic offset, sizes and strides.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_PACKARGUMENTS_H
#define FP8ATTN_LIB_CONVERSION_PACKARGUMENTS_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp8attn {

/// Has functions and bodies of loops take their memrefs packed, and what calls
/// them pack these. Entry points still have to be made.
void packArguments(ModuleOp module, const LLVMTypeConverter &converter);

/// Returns whether a type is that of a memref whose strides and offset are
/// numbers, or dynamic.
bool isPacked(Type type);

/// Returns the type in which an argument of this type is handed on: of a memref
/// a struct of a pointer and the dynamic offset, sizes and strides; of another
/// what it is converted to.
Type getPackedType(Type type, const LLVMTypeConverter &converter);

/// Returns a converted value, of a memref of this type, as functions take it; a
/// value of another type as it is.
Value packMemRef(OpBuilder &builder, Location loc,
                 const LLVMTypeConverter &converter, Type type, Value value);

/// Returns the same of a value that is still to be converted.
Value packOperand(OpBuilder &builder, Location loc,
                  const LLVMTypeConverter &converter, Value operand);

/// Returns the converted value that packMemRef has packed.
Value unpackConverted(OpBuilder &builder, Location loc,
                      const LLVMTypeConverter &converter, Type type,
                      Value packed);

/// Returns the same of `type` for code that is still to be converted.
Value unpackMemRef(OpBuilder &builder, Location loc,
                   const LLVMTypeConverter &converter, Type type, Value packed);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_PACKARGUMENTS_H
