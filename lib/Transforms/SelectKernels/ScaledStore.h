//===- ScaledStore.h - cache writes whose scale differs -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels that write a cache divide all elements by one number. Where the
// scale differs by token or by channel, the division is made before them.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALEDSTORE_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALEDSTORE_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Tokens that are divided at a time: a row tile of the kernels.
inline constexpr int64_t kScaledTokens = 16;

/// Emits quotients[t, c] = source[first + t, c] / scale for the first `count`
/// <= kScaledTokens tokens of `op`, memref<16 x head_dim x f32>, computing the
/// scales first if the operation says so. Rows of skipped tokens are left.
void emitQuotients(OpBuilder &builder, StoreOp op, Value first, Value count,
                   Value quotients);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALEDSTORE_H
