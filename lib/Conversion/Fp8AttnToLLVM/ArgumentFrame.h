//===- ArgumentFrame.h - memrefs and caches in memory -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How functions take memrefs and caches: as the address of an array of words of
// 64 bits, in which the members of all of them, packed, follow each other. Who
// calls makes the frame, and nobody writes to it afterwards.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_CONVERSION_ARGUMENTFRAME_H
#define FP8ATTN_LIB_CONVERSION_ARGUMENTFRAME_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::fp8attn {

/// Returns whether functions take an argument of this type in the frame.
bool isInFrame(Type type);

/// Returns the number of words of the frame of a function that takes such
/// arguments, 0 if none is in it.
int64_t getFrameWords(TypeRange types, const LLVMTypeConverter &converter);

/// Returns the address of a word of a frame.
Value getPlaceInFrame(OpBuilder &builder, Location loc, Value frame,
                      int64_t word);

/// Stores an argument of this type, as packMemRef returns it, to the frame from
/// `word` on. Returns the word behind it.
int64_t storeToFrame(OpBuilder &builder, Location loc, Value frame,
                     int64_t word, Value packed);

/// Returns the address in a frame of a memref or cache that is only handed on
/// (CheckLaterReadsOp); null if it has been loaded, or is not from a frame.
Value getHandedOnPlace(OpBuilder &builder, Location loc, Value argument);

/// Has functions take the address of their frame before their other arguments,
/// behind the context and memory, and calls of them make it.
void makeArgumentFrames(ArrayRef<func::FuncOp> functions, ModuleOp module,
                        const LLVMTypeConverter &converter);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_CONVERSION_ARGUMENTFRAME_H
