//===- DensePacking.h - dense keys and values in tiles ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels read keys and values in the layout of caches. A step of dense ones is
// brought into it by the kernels that write caches, in memory of the worker:
// one page of FP8ATTN_BLOCK_KEYS tokens, overwritten by the next step.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_DENSEPACKING_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_DENSEPACKING_H

#include "SelectKernels/KernelTable.h"
#include "Support/Scratch.h"

namespace mlir::fp8attn {

/// Emits the packing of one work item's keys and values.
class DensePacking {
public:
  /// Reserves memory in `buffers`, which must be built while this lives.
  DensePacking(LoadDenseOp key, LoadDenseOp value, Isa isa,
               ScratchBuilder &buffers);

  /// Emits what is done once for a work item, after the buffers are built.
  void emitPreparation(OpBuilder &builder, Location loc);

  /// Emits the packing of `numKeys` keys and values from `firstKey` on. Returns
  /// their run, in which they are keys 0 to numKeys - 1.
  Value emitStep(OpBuilder &builder, Location loc, Value firstKey,
                 Value numKeys);

private:
  /// Keys or values.
  struct Part {
    Part(LoadDenseOp load, CacheContent content, Isa isa);

    Value source;
    CacheType page;
    const KernelRow *store;
    /// The page's memory.
    Value bytes;
  };
  void emitStore(OpBuilder &builder, Location loc, const Part &part,
                 Value firstKey, Value numKeys);

  Part key, value;
  /// [FP8ATTN_BLOCK_KEYS]: token i goes to slot i.
  Value slots;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_DENSEPACKING_H
