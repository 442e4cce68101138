//===- ScoreLoop.h - vector code of a score region -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generates the loops that apply a score region between the kernels for scores
// and for the softmax.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCORELOOP_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCORELOOP_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// One step of the loop over keys, as kernels see it (Runtime/kernels.h).
struct ScoreStep {
  Value firstKey;
  Value numKeys;
  /// The first row among those of the work item, null if it is row 0.
  Value firstRow;
  Value rows;
  /// memref<row tiles x key tiles x 16 x 16 x f32>, read and written.
  Value scores;
  /// memref<rows x f32>, memref<rows x i32> twice.
  Value rowScale;
  /// memref<keys x f32>, or null: a factor for each key of the step.
  Value keyFactors;
  Value rowBegin;
  Value rowLimit;
};

/// Emits scores[r, j] = region(scores[r, j] * rowScale[r] * keyFactors[j], ...)
/// for each key that each row sees. The region's loads are made for no other.
void emitScoreLoop(OpBuilder &builder, Location loc, ModifyOp modify,
                   const ScoreStep &step);

/// Emits rows[r] = value for all of memref<rows x f32>, a multiple of 16.
void fillRows(OpBuilder &builder, Location loc, Value rows, Value value);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCORELOOP_H
