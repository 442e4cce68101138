//===- ScaleLoads.h - loading scales through their maps -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code that finds the element of a scale for an element of a tensor, and loops
// that collect the scales of a step of keys, or of all channels, in memory, or
// visit those of the rows of a work item.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_SCALELOADS_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_SCALELOADS_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the map's results, given the value of each dimension that the map
/// uses (others may be null).
SmallVector<Value> getScaleIndices(OpBuilder &builder, Location loc,
                                   AffineMap map, ArrayRef<Value> dims);

/// Loads the scale, or the zero point, at the map's results, given the value of
/// each dimension that the map uses (others may be null), as f32.
Value loadScale(OpBuilder &builder, Location loc, Value scale, AffineMap map,
                ArrayRef<Value> dims);

/// Loads what the scales of a KV head are multiplied with: the only number, or
/// that of the head. Returns null if `outer` is.
Value loadOuterScale(OpBuilder &builder, Location loc, Value outer, Value head);

/// Returns the cache of the keys, or values, that `load`, with keys of a run,
/// is of.
TypedValue<CacheType> getCache(LoadScaleOp load, CacheContent content);

/// Emits buffer[c] = the scale of channel c, for a `load` without keys, to
/// memref<channels x f32>.
void emitChannelScales(OpBuilder &builder, LoadScaleOp load, Value buffer);

/// Emits buffer[j] = the scale of key firstKey + j, j < numKeys, for a `load`
/// with keys of rank 1, to memref<keys x f32>.
void emitKeyScales(OpBuilder &builder, LoadScaleOp load, Value firstKey,
                   Value numKeys, Value buffer);

/// Emits a loop over the first `rows` rows of the item of `load`, and calls
/// `use` with the number of a row in the item and its scale, an f32.
void forEachRowScale(
    OpBuilder &builder, Location loc, LoadRowScaleOp load, Value rows,
    function_ref<void(OpBuilder &body, Value row, Value scale)> use);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_SCALELOADS_H
