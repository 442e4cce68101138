//===- AttentionDecomposition.h - attention to tiles -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The two operations that fp8attn-decompose-attention decomposes, a file each.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ATTENTIONDECOMPOSITION_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ATTENTIONDECOMPOSITION_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// Replaces an operation by a loop over work items.
void decompose(PagedAttentionOp op);
void decompose(AttentionOp op);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ATTENTIONDECOMPOSITION_H
