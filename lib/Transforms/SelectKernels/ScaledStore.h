//===- ScaledStore.h - cache writes whose scale differs -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels that write a cache divide a token by one number. Where the scale
// differs by token, they are given those of a block of tokens, or compute them.
// Where it differs by channel, the division is made before them. Codes that
// have zero points are stored without a kernel.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALEDSTORE_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALEDSTORE_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Whether tokens of `op`, whose scales differ, are divided before they are
/// stored: where scales differ within a token, or are computed by the rule of
/// Microscaling, which no kernel knows.
bool needsQuotients(StoreOp op);

/// Emits scales[t] = the scale of each of the first `count` tokens of `slots`
/// that have a slot, to memref<tokens x f32>.
void emitTokenScales(OpBuilder &builder, StoreOp op, Value slots, Value count,
                     Value scales);

/// Emits the stores of such scales, which a kernel has computed, to their
/// places.
void emitComputedScales(OpBuilder &builder, StoreOp op, Value slots,
                        Value count, Value scales);

/// Tokens that are divided at a time: a row tile of the kernels.
inline constexpr int64_t kScaledTokens = 16;

/// Emits quotients[t, c] = source[first + t, c] / scale for `count` <=
/// kScaledTokens tokens, whose `slots` are those of `op` from `first` on, to
/// memref<16 x head_dim x f32>, computing the scales first if the operation
/// says so. Rows of skipped tokens are left.
void emitQuotients(OpBuilder &builder, StoreOp op, Value first, Value slots,
                   Value count, Value quotients);

/// Emits a loop over the first `count` tokens of `slots` that have a slot;
/// `build` emits its body for a token and its (page, head, token) and, null,
/// channel.
void forEachSlot(OpBuilder &builder, StoreOp op, Value slots, Value count,
                 function_ref<void(OpBuilder &, Value, ArrayRef<Value>)> build);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_SCALEDSTORE_H
