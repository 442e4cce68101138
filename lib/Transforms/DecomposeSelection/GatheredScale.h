//===- GatheredScale.h - factors of copied tokens ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where tokens are copied to other pages, so are their factors of a scale that
// depends on the page or the token.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSESELECTION_GATHEREDSCALE_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSESELECTION_GATHEREDSCALE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace mlir::fp8attn {

/// Tokens [first, end) of row `row` of `places`, as tile.gather_tokens copies
/// them to the places from `place` + `first` on.
struct GatheredTokens {
  Value places, row, first, end, place;
  int64_t pageTokens;
};

/// A scale of a cache of copied tokens.
struct GatheredScale {
  GatheredScale() = default;
  /// A scale as it is.
  GatheredScale(Value scale, AffineMapAttr map) : scale(scale), map(map) {}
  /// Allocates a scale for the copies of tokens in `numPages` pages of a cache
  /// that has `source`, with `sourceMap`, which may be null. Takes the source
  /// itself if it depends on neither page nor token.
  GatheredScale(OpBuilder &builder, Location loc, Value source,
                AffineMapAttr sourceMap, Value numPages, int64_t pageTokens);

  /// Returns whether it is memory that was allocated.
  bool isCopy() const { return static_cast<bool>(source); }

  /// Copies the factors of tokens.
  void gather(OpBuilder &builder, Location loc,
              const GatheredTokens &tokens) const;

  /// Null if there is none. Results of the map of a copy are page, token, and
  /// those of the source's that depend on neither.
  Value scale;
  AffineMapAttr map;

private:
  Value source;
  AffineMapAttr sourceMap;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSESELECTION_GATHEREDSCALE_H
