//===- KernelCalls.h - emitting kernel calls -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces matched tile operations by calls of chosen rows, operands in the
// order of Runtime/kernels.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_KERNELCALLS_H
#define FP8ATTN_LIB_TRANSFORMS_KERNELCALLS_H

#include "AttentionMatch.h"
#include "KernelSelection.h"

namespace mlir::fp8attn {

/// Replaces the matched attention by calls of the candidate's rows and of
/// `isa`'s rows around them, and erases it.
void emitAttentionCalls(AttentionMatch match,
                        const AttentionCandidate &candidate, Isa isa);

/// Replaces a store into a cache.
void emitStoreCall(StoreOp op, const KernelRow &row);

/// Replaces the merge of some rows.
void emitMergeCall(TileMergeOp op, const KernelRow &row);

/// Replaces the conversion of a row: tile.quantize or tile.dequantize.
void emitConvertCall(Operation *op, const KernelRow &row);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_KERNELCALLS_H
