//===- Views.h - parts of a memref -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decompositions hand rows and blocks of their operands to tile operations.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_VIEWS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_VIEWS_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the view of `memref` at `offsets` of `sizes`, reduced to the
/// dimensions of `shape`.
inline Value viewOf(OpBuilder &builder, Location loc, Value memref,
                    ArrayRef<OpFoldResult> offsets,
                    ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> shape) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  auto reduced = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
      shape, type, offsets, sizes, strides));
  return memref::SubViewOp::create(builder, loc, reduced, memref, offsets,
                                   sizes, strides);
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_VIEWS_H
