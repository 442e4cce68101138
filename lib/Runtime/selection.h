//===- selection.h - the keys that a query may select -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a query token is in a batch, for the check of its list of keys and for
// what is done with it, which must agree on which keys it sees.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_SELECTION_H
#define FP8ATTN_LIB_RUNTIME_SELECTION_H

#include "batch_lists.h"

namespace fp8attn {

/// Returns the end of the keys that query token `token`, which is one of
/// `sequence`, sees: they begin with the first.
inline int64_t findVisibleEnd(const int32_t *queryStart, const int32_t *seqLens,
                              int64_t sequence, int64_t token, int64_t topLeft,
                              int64_t right) {
  const fp8attn_work_item item = makeSequence(
      queryStart, seqLens, sequence, topLeft, FP8ATTN_UNBOUNDED, right);
  return fp8attn_visible_keys(&item, token - queryStart[sequence]).end;
}

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_SELECTION_H
