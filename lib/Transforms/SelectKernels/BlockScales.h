//===- BlockScales.h - scales of blocks for kernels -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scales that differ by key and by block of channels, where kernels multiply by
// them: powers of two, or those of NVFP4, whose places are at fixed distances.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_BLOCKSCALES_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_BLOCKSCALES_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// The kernels that multiply keys or values by scales of blocks.
struct BlockKernels {
  /// What the table of kernels calls a cache of such elements and scales.
  StringRef cache;
  /// Why they cannot be used; empty if they can.
  std::string obstacle;
};

/// Returns those for what `load` loads for the keys or values of `cache`.
BlockKernels findBlockKernels(LoadScaleOp load, CacheType cache);

/// Returns the operands of qk_blocks and pv_blocks that say where the scales
/// are, if there is no obstacle.
SmallVector<Value> emitBlockScales(OpBuilder &builder, Location loc,
                                   LoadScaleOp load);

/// Returns why prefill_mixed cannot take what `load` loads for the codes in
/// `cache`, with the bf16 channels of `rope` behind them; empty if it can.
std::string findMixedObstacle(LoadScaleOp load, CacheType cache,
                              CacheType rope);

/// Returns the operands of prefill_mixed that say where bf16 channels and the
/// scales are, if there is no obstacle.
SmallVector<Value> emitMixedParts(OpBuilder &builder, Location loc,
                                  LoadScaleOp load, TypedValue<CacheType> rope);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_BLOCKSCALES_H
