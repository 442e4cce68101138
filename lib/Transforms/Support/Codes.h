//===- Codes.h - numbers of the codes of caches -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What code that quantises and decodes elements has to know of their types:
// FP8, f4E2M1FN, and i8 and i4, which are no types of floats.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the largest number that quantising to elements of the type gives.
float largestCode(Type element);

/// Returns the values, f32, of codes, a vector or scalar of i8, exactly. Of
/// types of 4 bits, the others are 0.
Value valuesOfCodes(OpBuilder &builder, Location loc, Value codes,
                    Type element);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H
