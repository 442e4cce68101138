//===- ListOperands.h - what the heads of a list have -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Heads that have a list of keys of their own are attention of these heads
// alone: to the heads of the caches that they attend to, with their scales.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSESELECTION_LISTOPERANDS_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSESELECTION_LISTOPERANDS_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// The operands of a paged_attention that have a dimension of heads, with those
/// of one list; null where the operation has none.
struct ListOperands {
  /// The operands of an operation whose heads all see one list.
  explicit ListOperands(PagedAttentionOp op);
  /// Those of the query heads of list `list`, and of the heads of caches that
  /// they attend to.
  ListOperands(OpBuilder &builder, PagedAttentionOp op, Value list);

  /// [tokens, entries]
  Value selected;
  SmallVector<Value> caches;
  Value keyScale, valueScale, keyOuterScale, valueOuterScale;
  Value keyZeroPoint, valueZeroPoint;
  Value query, out, lse, sink, queryScale, outScale;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSESELECTION_LISTOPERANDS_H
