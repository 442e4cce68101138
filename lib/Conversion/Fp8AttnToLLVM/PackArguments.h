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

/// Returns a converted value, of a memref of this type, as functions take it; a
/// value of another type as it is.
Value packMemRef(OpBuilder &builder, Location loc,
                 const LLVMTypeConverter &converter, Type type, Value value);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_PACKARGUMENTS_H
