//===- batch_lists.h - the lists that make a batch --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks of three lists that belong together: where each sequence begins among
// the queries, how many keys it has, and in which pages they are. Groups of
// sequences have three such lists, too: where each begins among the sequences,
// and the length and the pages of its prefix.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_BATCH_LISTS_H
#define FP8ATTN_LIB_RUNTIME_BATCH_LISTS_H

#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Runtime/visible_keys.h"

namespace fp8attn {

/// Three lists as a caller gives them, and what they are called in messages.
struct BatchLists {
  /// [numStarts], one more than there are lengths; `counted` is what the last
  /// start counts: "query tokens".
  const char *startsName, *counted;
  const int32_t *starts;
  int64_t numStarts;
  /// [numLens]
  const char *lensName;
  const int32_t *lens;
  int64_t numLens;
  /// [numTables, maxPages], rows `stride` apart.
  const char *tableName;
  const int32_t *table;
  int64_t numTables, maxPages, stride;
};

/// Returns a sequence of a batch as far as what its queries see depends on it.
inline fp8attn_work_item makeSequence(const int32_t *queryStart,
                                      const int32_t *seqLens, int64_t sequence,
                                      int64_t topLeft, int64_t left,
                                      int64_t right) {
  fp8attn_work_item item = {};
  item.seq_q = queryStart[sequence + 1] - queryStart[sequence];
  item.seq_k = seqLens[sequence];
  item.diagonal = fp8attn_diagonal(item.seq_q, item.seq_k, topLeft);
  item.left = left;
  item.right = right;
  return item;
}

/// Checks that the sizes agree, that starts rise from 0 to `end`, and that
/// lengths are at least 0 and no more than the pages of a row hold.
int32_t checkLists(fp8attn_context *context, const BatchLists &lists,
                   int64_t end, int64_t pageTokens);

/// Checks entries `pages` of row `index` of the table, and reads no other ones:
/// the rest may be anything.
int32_t checkPages(fp8attn_context *context, const BatchLists &lists,
                   int64_t index, fp8attn_key_range pages, int64_t numPages);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_BATCH_LISTS_H
