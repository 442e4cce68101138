//===- RowGathering.h - tiles out of tokens that are rows -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In pages whose size is no multiple of 16, a token is a row of channels
// (docs/Layout.md), and the tokens of a granule may be anywhere. Here they
// become tiles of `pairs`, as in a granule of other pages.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ROWGATHERING_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ROWGATHERING_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// Where rows come from, and where they go.
struct GatheredRows {
  CacheContent content;
  /// Of a row, a multiple of 16.
  int64_t channels;
  /// Of an element, in bits.
  int64_t elementBits;
  /// Bytes, memref<? x i8>, of the rows; where the row of each token of the
  /// granule begins there, memref<FP8ATTN_GRANULE x i64>; and bytes of one page
  /// of `pairs`.
  Value rows, begins, page;
  /// (token, channel) -> byte of the page, whose channel `firstChannel` is the
  /// first one of the rows.
  AffineMap map;
  int64_t firstChannel;
};

/// Copies a granule of rows, the first of which becomes token `firstToken` of
/// the page.
void gatherGranule(OpBuilder &builder, Location loc,
                   const GatheredRows &gathered, Value firstToken);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_ROWGATHERING_H
