//===- IndexedAttention.h - attention by common loops -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Front ends also say by maps what the dimensions of operands are: which loops
// they are read by, in which order.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_SUPPORT_INDEXEDATTENTION_H
#define FP8ATTN_LIB_IMPORT_SUPPORT_INDEXEDATTENTION_H

#include "AttentionImport.h"

#include "mlir/IR/AffineMap.h"

namespace mlir::fp8attn {

/// A tensor, and the loops that its dimensions are: projections of them.
struct IndexedTensor {
  Value tensor;
  AffineMap map;
};

/// Attention over loops: those that queries share with keys are batch entries
/// and KV heads, others of queries are the heads of a group and, last, queries.
struct IndexedAttention {
  IndexedTensor query, key, value;
  /// Of null if there is none.
  IndexedTensor mask;
  /// Where the result goes, which may be written there. The tensor may be null;
  /// then it is as the result is.
  IndexedTensor out;
  /// The results, of which the second is the log-sum-exp; of null if that is
  /// not wanted.
  RankedTensorType outType, lseType;
  AffineMap lseMap;
  /// Builds the place of a loop and returns the new score; null if scores stay.
  using LoopReader = llvm::function_ref<Value(OpBuilder &, unsigned loop)>;
  std::function<Value(OpBuilder &, Location, Value score, LoopReader)> score;
};

/// Builds the attention, with the scale and what else `options` has, and
/// returns its results as they are wanted. If it cannot be meant exactly,
/// returns failure, and says why in `why`.
FailureOr<SmallVector<Value>>
buildIndexedAttention(OpBuilder &builder, Location loc,
                      const IndexedAttention &attention,
                      const AttentionImport &options, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_SUPPORT_INDEXEDATTENTION_H
