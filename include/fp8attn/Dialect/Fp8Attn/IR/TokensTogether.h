//===- TokensTogether.h - contiguous tokens of a page -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How the layout `pairs` follows from the size of pages.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_TOKENSTOGETHER_H
#define FP8ATTN_DIALECT_FP8ATTN_IR_TOKENSTOGETHER_H

#include <stdint.h>

namespace mlir::fp8attn {

/// Returns the tokens that are contiguous in pages of `pairs`: 32, a granule of
/// the kernels; 16, tiles of keys and halves of tiles of values; or 1, a row of
/// channels.
inline int64_t getTokensTogether(int64_t pageTokens) {
  if (pageTokens % 32 == 0)
    return 32;
  return pageTokens % 16 == 0 ? 16 : 1;
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_TOKENSTOGETHER_H
