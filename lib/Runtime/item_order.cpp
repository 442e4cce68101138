//===- item_order.cpp - which work items come first -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A worker that takes a long item when others have none left is waited for. So
// sequences are sorted by what their longest block costs, in classes a fifth
// apart: a batch is sorted in two passes over it, and in one over the classes.
//
//===----------------------------------------------------------------------===//

#include "item_order.h"

#include <algorithm>

/// Classes for each power of two.
static constexpr int kClassBits = 2;
/// Costs are below 2^62: 31 bits of rows, as of a sequence's keys.
static constexpr int64_t kClasses = int64_t(63) << kClassBits;

/// Returns the class of a cost, 0 for the largest ones.
static int64_t classOf(int64_t cost) {
  const auto bits = static_cast<uint64_t>(std::max<int64_t>(cost, 1))
                    << kClassBits;
  const int power = 63 - kClassBits - __builtin_clzll(bits);
  const int64_t number =
      (int64_t(power) << kClassBits) +
      static_cast<int64_t>((bits >> power) & ((1 << kClassBits) - 1));
  return kClasses - 1 - number;
}

/// Writes the sequences of a batch, of which there are several, in the order of
/// the costs of their longest blocks.
static void sortSequences(fp8attn_ordered_sequence *order, int64_t rows,
                          const int32_t *queryStart, const int32_t *seqLens,
                          int64_t numSeqs, int64_t group, int64_t left) {
  const auto classOfSequence = [&](int64_t i) {
    const int64_t queries = queryStart[i + 1] - queryStart[i];
    return classOf(std::min(queries * group, rows) *
                   fp8attn::mostSeenKeys(queries, seqLens[i], left));
  };
  // Where the sequences of a class begin.
  int32_t begins[kClasses + 1] = {};
  for (int64_t i = 0; i < numSeqs; ++i)
    ++begins[classOfSequence(i) + 1];
  for (int64_t c = 0; c < kClasses; ++c)
    begins[c + 1] += begins[c];
  for (int64_t i = 0; i < numSeqs; ++i)
    order[begins[classOfSequence(i)]++].sequence = i;
}

void fp8attn::orderItems(const fp8attn_context *context, int64_t rows,
                         const int32_t *queryStart, const int32_t *seqLens,
                         int64_t numSeqs, int64_t group, int64_t left) {
  fp8attn_ordered_sequence *order = findOrder(context, numSeqs);
  if (!order)
    return;
  order[0].sequence = 0;
  if (numSeqs > 1)
    sortSequences(order, rows, queryStart, seqLens, numSeqs, group, left);
  int64_t block = 0;
  for (int64_t place = 0; place < numSeqs; ++place) {
    order[place].first_block = block;
    const int32_t *start = queryStart + order[place].sequence;
    block += ((start[1] - start[0]) * group + rows - 1) / rows;
  }
  order[numSeqs].first_block = block;
}
