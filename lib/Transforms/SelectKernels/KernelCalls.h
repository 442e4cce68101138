//===- KernelCalls.h - emitting kernel calls -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls of chosen rows, operands in the order of Runtime/kernels.h, and the
// replacement of tile operations that are one call or little more.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELCALLS_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELCALLS_H

#include "SelectKernels/KernelTable.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns `factor`, or the constant 1 if it is null.
Value orOne(OpBuilder &builder, Location loc, Value factor);

/// Appends a memref and the strides of its first `numStrides` dimensions.
void appendStrided(OpBuilder &builder, Location loc, Value memref,
                   unsigned numStrides, SmallVectorImpl<Value> &operands);

/// Emits the call of a row.
void emitKernelCall(OpBuilder &builder, Location loc, const KernelRow &row,
                    ValueRange operands);

/// What a kernel that stores is told of its tokens.
struct StoreOperands {
  /// memref<tokens x head_dim>; the element type is the row's `in`.
  Value source;
  /// Number of tokens.
  Value tokens;
  /// memref<tokens x i64>.
  Value slots;
  /// f32, null for 1.
  Value scale;
  /// memref<? x i8>: one head's part of the first page.
  Value pages;
  /// Distance between pages.
  Value pageBytes;
  /// memref<tokens x f32>, null if all have one scale.
  Value scales = Value();
  /// FP8ATTN_SCALES_...
  int64_t scalesFrom = FP8ATTN_SCALES_GIVEN;
};

/// Emits the call that stores tokens into pages of `cache`.
void emitStoreCall(OpBuilder &builder, Location loc, const KernelRow &row,
                   CacheType cache, const StoreOperands &operands);

/// Replaces a store into a cache.
void emitStoreCall(StoreOp op, const KernelRow &row);

/// Replaces a store of codes that have zero points, by no kernel.
void emitZeroPointStore(StoreOp op);

/// Replaces the merge of some rows.
void emitMergeCall(TileMergeOp op, const KernelRow &row);

/// Replaces the conversion of a row: tile.quantize or tile.dequantize.
void emitConvertCall(Operation *op, const KernelRow &row);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_KERNELCALLS_H
