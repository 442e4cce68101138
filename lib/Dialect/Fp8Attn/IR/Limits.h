//===- Limits.h - sizes that are accepted -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of caches, of dense tensors, and of tiles that are loaded from them. With
// them a page has at most 2^34 bytes, and kernels have scratch for a granule.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_DIALECT_FP8ATTN_IR_LIMITS_H
#define FP8ATTN_LIB_DIALECT_FP8ATTN_IR_LIMITS_H

#include "fp8attn/Runtime/kernels.h"

namespace mlir::fp8attn::detail {

/// Most heads of keys and values.
inline constexpr int64_t kMaxHeads = 1024;

/// Channels that the smallest vectors of any element type fill; what a head
/// size is a multiple of.
inline constexpr int64_t kHeadDimGranule = 8;
inline constexpr int64_t kMaxHeadDim = FP8ATTN_MAX_CHANNELS;

/// Most tokens of a page.
inline constexpr int64_t kMaxPageTokens = 4096;

/// Returns whether keys or values may have that many channels; false for
/// ShapedType::kDynamic.
inline bool isHeadDim(int64_t channels) {
  return channels >= kHeadDimGranule && channels <= kMaxHeadDim &&
         channels % kHeadDimGranule == 0;
}

} // namespace mlir::fp8attn::detail

#endif // FP8ATTN_LIB_DIALECT_FP8ATTN_IR_LIMITS_H
