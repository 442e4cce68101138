//===- item_order.h - which work items come first ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What prepares the loop over work items and what finds one have in common.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_ITEM_ORDER_H
#define FP8ATTN_LIB_RUNTIME_ITEM_ORDER_H

#include "fp8attn/Runtime/lowering_abi.h"

namespace fp8attn {

/// Returns the workers of the context's loops.
inline int64_t workersOf(const fp8attn_context *context) {
  return context->parallel_for ? context->num_workers : 1;
}

/// Returns where the order of `num_seqs` sequences is in the workspace: an
/// entry for each, and one for their end. Null if they are taken as they come.
inline fp8attn_ordered_sequence *findOrder(const fp8attn_context *context,
                                           int64_t numSeqs) {
  if (!context || workersOf(context) == 1 ||
      numSeqs > FP8ATTN_MAX_ORDERED_SEQUENCES)
    return nullptr;
  return reinterpret_cast<fp8attn_ordered_sequence *>(
      static_cast<char *>(context->workspace) +
      FP8ATTN_MAX_DIVIDED_BLOCKS * sizeof(int32_t));
}

/// Returns how many of a sequence's keys its queries see, all of them together,
/// at most.
inline int64_t mostSeenKeys(int64_t queries, int64_t keys, int64_t left) {
  // Not left + queries < keys, whose sum may overflow.
  return left < keys - queries ? left + queries : keys;
}

/// Writes the order of a batch, in blocks of up to `rows` rows, to the
/// workspace, if it has one.
void orderItems(const fp8attn_context *context, int64_t rows,
                const int32_t *queryStart, const int32_t *seqLens,
                int64_t numSeqs, int64_t group, int64_t left);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_ITEM_ORDER_H
