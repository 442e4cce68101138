//===- AttentionBody.h - body of a work item --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What paged and dense attention have in common: the loop over keys of a block
// of rows, in tile operations, with every scale explicit.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ATTENTIONBODY_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ATTENTIONBODY_H

#include "DecomposeAttention/ItemScale.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

namespace mlir::fp8attn {

/// What a body needs to know of the operation and the work item.
struct ItemContext {
  AttentionInterface op;
  Value item;
  /// [tokens, heads, channels], tokens as the item counts them.
  Value query, out;
  /// [tokens, heads], null if absent.
  Value lse;
  ItemScale keyScale, valueScale;
  /// Zero points, each element having one; their scales are null if there are
  /// none.
  ItemScale keyZeroPoint, valueZeroPoint;
  /// Maps to the scales of the query and of the result from (sequence, token,
  /// head); null where there is none.
  AffineMap queryScaleMap, outScaleMap;
  /// Keys and values in pages; null if they are dense.
  Value run;
  /// The cache of the last channels of keys that are in pages, if these are
  /// bf16 behind codes, else null. Elements are then decoded one by one.
  TypedValue<CacheType> rope;
  /// [keys, channels] of the item's head, null if they are in pages.
  Value denseKeys, denseValues;
  /// The position of query 0; null if keys are in pages and no mask counts from
  /// it.
  Value diagonal;
  /// Element types of the tiles.
  Type keyType, valueType;
};

/// Returns the head of keys or values, of which there are `numHeads`, that the
/// query heads of group `head` of an item share.
Value shareHead(OpBuilder &builder, Location loc, AttentionInterface op,
                Value head, int64_t numHeads);

/// Finds the scales and zero points of the item's head of the keys and of that
/// of the values; pageTokens is 0 if keys are dense.
void makeScales(OpBuilder &builder, Location loc, Value keyHead,
                Value valueHead, int64_t pageTokens, ItemContext &context);

/// Finds the maps to the scales of the item's rows. `dims` are the dimensions
/// of the query, but for the last, as those of (sequence, token, head).
void makeRowScaleMaps(ArrayRef<unsigned> dims, ItemContext &context);

/// Builds a body for few rows and one for up to `mostRows`.
void buildBodies(OpBuilder &builder, Location loc, const ItemContext &context,
                 Value numRows, int64_t mostRows);

/// Returns one side of a window as an attribute, null if it has no end.
IntegerAttr windowSide(Builder &builder, std::optional<int64_t> keys);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEATTENTION_ATTENTIONBODY_H
