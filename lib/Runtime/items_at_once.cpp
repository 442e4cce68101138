//===- items_at_once.cpp - work that is worth a thread --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread that sleeps takes 5 to 20 us to wake; an item of a short context,
// less. The estimate is rough on purpose: it has to tell 1 us from 50, on any
// ISA.
//
//===----------------------------------------------------------------------===//

#include "item_order.h"

#include <algorithm>

/// Returns the cost of the rows of a sequence and KV head, in elements.
static double costOf(int64_t rows, int64_t keys, int64_t channels) {
  if (rows == 0)
    return 0;
  const auto items = static_cast<double>((rows - 1) / FP8ATTN_BLOCK_ROWS + 1);
  const double readings =
      std::max(items, static_cast<double>(rows) / FP8ATTN_ROWS_OF_A_DECODING);
  return items * FP8ATTN_ITEM_ELEMENTS +
         readings * static_cast<double>(keys) * static_cast<double>(channels);
}

int64_t fp8attn_items_at_once(const fp8attn_context *context, int64_t num_items,
                              const int32_t *query_start,
                              const int32_t *seq_lens, int64_t num_seqs,
                              int64_t group, int64_t num_kv_heads,
                              int64_t channels, int64_t left) {
  const int64_t all = std::max<int64_t>(num_items, 1);
  if (!context->parallel_for)
    return all;
  double cost = 0;
  for (int64_t i = 0; i < num_seqs; ++i) {
    const int64_t queries = query_start[i + 1] - query_start[i];
    cost += costOf(queries * group,
                   fp8attn::mostSeenKeys(queries, seq_lens[i], left), channels);
  }
  const double atOnce = FP8ATTN_ELEMENTS_AT_ONCE *
                        static_cast<double>(num_items) /
                        (cost * static_cast<double>(num_kv_heads));
  // Of a batch without rows, NaN or infinity.
  if (!(atOnce < static_cast<double>(all)))
    return all;
  return std::max(static_cast<int64_t>(atOnce), int64_t(1));
}
