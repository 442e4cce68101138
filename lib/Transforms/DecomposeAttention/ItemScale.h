//===- ItemScale.h - the scale of a work item -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What decomposition makes of the scale of keys or values: a number, or factors
// for keys, for channels or for both, by what its map depends on.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ITEMSCALE_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ITEMSCALE_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// The scale, or the zero points, of the keys, or the values, of a work item.
struct ItemScale {
  /// Null if the elements are not scaled.
  Value scale;
  AffineMap map;
  /// The KV head.
  Value head;
  int64_t channels = 0;
  /// Tokens in a page; 0 if keys are dense.
  int64_t pageTokens = 0;
  /// Whether elements have a factor each, whatever the scale differs by.
  bool byElement = false;
  /// The factor, if it is the same for all steps of keys: a number or one for
  /// each channel.
  Value factor;
  /// A number that all factors are multiplied with, null if there is none.
  Value outer;
};

/// Returns the scale, with its factor if that is the same for all keys. `outer`
/// is what its elements are multiplied with, or null.
ItemScale makeItemScale(OpBuilder &builder, Location loc, Value scale,
                        std::optional<AffineMap> map, Value outer,
                        int64_t channels, int64_t pageTokens, Value head,
                        bool byElement);

/// Returns the factors of the step of keys of `run` at `firstKey`, or those
/// that all steps share; null if there is no scale.
Value makeStepFactor(OpBuilder &builder, Location loc, const ItemScale &scale,
                     Value run, Value firstKey);

/// Decodes a tile if it is of codes, subtracts its zero points if there are
/// some, and multiplies it by its factor, and then by `outer` if there is one:
/// elements are rounded in between if each has a factor of its own.
Value decodeAndScale(OpBuilder &builder, Location loc, Value tile,
                     Value zeroPoints, Value factor, Value outer);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ITEMSCALE_H
