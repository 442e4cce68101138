//===- Codes.h - numbers of the codes of caches -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What code that quantises and decodes elements has to know of their types:
// FP8, and i8, which is no type of floats.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the largest number that quantising to elements of the type gives.
float largestCode(Type element);

/// Returns the values, f32, of codes, a vector or scalar of i8, exactly.
Value valuesOfCodes(OpBuilder &builder, Location loc, Value codes,
                    Type element);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H
