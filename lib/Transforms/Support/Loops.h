//===- Loops.h - loops without results --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops that decomposition and kernel selection write most.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_LOOPS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_LOOPS_H

#include "Support/Constants.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::fp8attn {

/// Emits a loop from 0 to before `end` in steps of `step`; `build` emits its
/// body for an index.
inline void forEach(OpBuilder &builder, Location loc, Value end, int64_t step,
                    function_ref<void(OpBuilder &, Value)> build) {
  scf::ForOp::create(builder, loc, constantIndex(builder, loc, 0), end,
                     constantIndex(builder, loc, step), ValueRange(),
                     [&](OpBuilder &body, Location loc, Value i, ValueRange) {
                       build(body, i);
                       scf::YieldOp::create(body, loc);
                     });
}
inline void forEach(OpBuilder &builder, Location loc, int64_t end, int64_t step,
                    function_ref<void(OpBuilder &, Value)> build) {
  forEach(builder, loc, constantIndex(builder, loc, end), step, build);
}

/// Emits a loop over [begin, end) in pieces that end at multiples of `size` or
/// with the range; `build` emits its body for the piece from `first` to before
/// `pieceEnd`.
inline void forEachPiece(
    OpBuilder &builder, Location loc, Value begin, Value end, Value size,
    function_ref<void(OpBuilder &, Location, Value first, Value pieceEnd)>
        build) {
  Value before = arith::RemUIOp::create(builder, loc, begin, size);
  Value aligned = arith::SubIOp::create(builder, loc, begin, before);
  scf::ForOp::create(
      builder, loc, aligned, end, size, ValueRange(),
      [&](OpBuilder &body, Location loc, Value piece, ValueRange) {
        Value first = arith::MaxUIOp::create(body, loc, piece, begin);
        Value pieceEnd = arith::AddIOp::create(body, loc, piece, size);
        pieceEnd = arith::MinUIOp::create(body, loc, pieceEnd, end);
        build(body, loc, first, pieceEnd);
        scf::YieldOp::create(body, loc);
      });
}

/// Emits a loop over [0, count) whose iterations may run on any thread.
inline void forEachInParallel(OpBuilder &builder, Location loc, Value count,
                              function_ref<void(OpBuilder &, Value)> build) {
  scf::ForallOp::create(builder, loc, ArrayRef<OpFoldResult>{count},
                        ValueRange(), std::nullopt,
                        [&](OpBuilder &body, Location loc, ValueRange indices) {
                          build(body, indices.front());
                          scf::InParallelOp::create(body, loc);
                        });
}

/// As above; `atOnce` neighbours, or what is left of them, run one after the
/// other: as many as make more work than to wake a thread for them.
inline void forEachInParallel(OpBuilder &builder, Location loc, Value count,
                              Value atOnce,
                              function_ref<void(OpBuilder &, Value)> build) {
  forEachInParallel(builder, loc,
                    GroupedOp::create(builder, loc, count, atOnce), build);
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_LOOPS_H
