//===- PackedCodes.h - codes of which two are in a byte ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Codes of 4 bits are moved as bytes. In rows, and in groups of four tokens of
// `pairs`, those of a byte follow each other where bytes would: they have
// indices as if they were bytes, even ones in the low halves.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_PACKEDCODES_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_PACKEDCODES_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Loads `count` codes, an even number, from an even index on.
Value loadPackedCodes(OpBuilder &builder, Location loc, Value part, Value index,
                      int64_t count);

/// Stores as many codes as the vector has, whose other bits are 0.
void storePackedCodes(OpBuilder &builder, Location loc, Value codes, Value part,
                      Value index);

/// Returns the code at bit `shift`, an i8, of the byte at an even index.
Value loadPackedCode(OpBuilder &builder, Location loc, Value part, Value index,
                     Value shift);

/// Stores a code there. The other half may be written at the same time.
void storePackedCode(OpBuilder &builder, Location loc, Value code, Value part,
                     Value index, Value shift);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_PACKEDCODES_H
