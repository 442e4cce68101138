//===- AttentionCalls.h - emitting the calls of attention -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces the tile operations of one work item's attention by calls of the
// chosen kernels.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONCALLS_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONCALLS_H

#include "SelectKernels/AttentionMatch.h"
#include "SelectKernels/KernelSelection.h"

namespace mlir::fp8attn {

/// Emits the calls of one work item before its loop, and erases what they
/// replace.
void emitAttentionCalls(AttentionMatch match,
                        const AttentionCandidate &candidate, Isa isa);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ATTENTIONCALLS_H
