//===- PositionMask.h - masks of the places of loops ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a query sees may be said by comparing its number with that of a key.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_RAISELINALG_POSITIONMASK_H
#define FP8ATTN_LIB_IMPORT_RAISELINALG_POSITIONMASK_H

#include "Elements.h"

namespace mlir::fp8attn {

/// A window around the key that has the number of the query.
struct PositionMask {
  /// Keys before and behind it; all if absent.
  std::optional<int64_t> left, right;
  /// The loop over queries.
  Index queries;
};

/// Returns the window that a mask says, whose loop over keys is `keys`: a
/// selection of anything, or of 0, where conditions hold, and else of -inf.
/// Nothing if it says something else.
std::optional<PositionMask> matchPositionMask(const Element &mask, Digit keys);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_RAISELINALG_POSITIONMASK_H
