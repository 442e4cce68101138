//===- HeadShapes.h - tensors of three dimensions ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention is of [batch, heads, tokens, channels]. Front ends also have
// tensors with their heads within the last dimension, or without heads.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_HEADSHAPES_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_HEADSHAPES_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns [batch, tokens, heads * channels] as [batch, heads, tokens,
/// channels], which copies; the last dimension is static and a multiple of
/// `heads`.
Value splitHeads(OpBuilder &builder, Location loc, Value value, int64_t heads);

/// Returns [batch, heads, tokens, channels] as [batch, tokens, heads *
/// channels], which copies; heads and channels are static.
Value joinHeads(OpBuilder &builder, Location loc, Value value);

/// Returns [batch, x, y, channels] as [batch, y, x, channels], which copies.
Value exchangeHeadsAndTokens(OpBuilder &builder, Location loc, Value value);

/// Returns [..., heads, channels] as [tokens, heads, channels], in place.
Value collapseTokens(OpBuilder &builder, Location loc, Value value);

/// Returns [batch, x, y] as [batch, 1, x, y], in place.
Value addHead(OpBuilder &builder, Location loc, Value value);

/// Returns [batch, 1, ...] without its second dimension, in place.
Value dropHead(OpBuilder &builder, Location loc, Value value);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_HEADSHAPES_H
