//===- ScaleLoops.h - vector code that applies scales -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Multiplies the packed operands of kernels (Runtime/kernels.h) by factors that
// differ by key or by channel. The operands are in the worker's scratch, hot in
// the L1 cache, so that a pass over them costs little beside the GEMMs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALELOOPS_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALELOOPS_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Divides the factors of memref<n x f32> by the power of two above the largest
/// of the first `count`, and returns half of that power, an f32 in any case:
/// then no product with them overflows that did not before. Factors from
/// `count` on become 0.
Value normalizeFactors(OpBuilder &builder, Location loc, Value factors,
                       int64_t count);

/// Emits tiles[r, c] *= factors[c], f32, for the first `columns` columns (an
/// index, rounded up to 16) and all rows below `rows`. Scores and accumulators.
void emitScaleColumns(OpBuilder &builder, Location loc, Value tiles, Value rows,
                      Value columns, Value factors);

/// Emits tiles[r, c] *= factors[c], of bf16 rounded to nearest even, or of f32,
/// for the first `columns` columns (an index, rounded up to 32) and all rows
/// below `rows`. A zero stays one, whatever its factor. Queries and
/// probabilities.
void emitScaleProducts(OpBuilder &builder, Location loc, Value tiles,
                       Value rows, Value columns, Value factors);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALELOOPS_H
