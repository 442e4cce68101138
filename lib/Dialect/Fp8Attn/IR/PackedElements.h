//===- PackedElements.h - bytes of elements in a row ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the elements of a row are, some of which are half a byte.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_PACKEDELEMENTS_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_PACKEDELEMENTS_H

#include "mlir/IR/AffineExpr.h"

namespace mlir::fp8attn::detail {

/// Returns the byte of an element, counted from the first one on: of 4 bits,
/// that of two.
inline AffineExpr byteOfElement(AffineExpr element, int64_t elementBits) {
  return elementBits == 4 ? element.floorDiv(2) : element * (elementBits / 8);
}

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_PACKEDELEMENTS_H
