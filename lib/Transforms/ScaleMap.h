//===- ScaleMap.h - loading a scale through its map -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A scale operand comes with a map to its indices; a result that is a plain
// dimension names the index to use.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SCALEMAP_H
#define FP8ATTN_LIB_TRANSFORMS_SCALEMAP_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Loads the scale at the map's results, given the value of each dimension
/// that the map uses. Results must be plain dimensions (the verifiers see to
/// that).
inline Value loadScale(OpBuilder &builder, Location loc, Value scale,
                       AffineMap map, ArrayRef<Value> dims) {
  SmallVector<Value> indices;
  for (AffineExpr result : map.getResults())
    indices.push_back(dims[cast<AffineDimExpr>(result).getPosition()]);
  return memref::LoadOp::create(builder, loc, scale, indices);
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SCALEMAP_H
