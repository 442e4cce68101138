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

/// What the lists are called in messages.
struct ListNames {
  const char *starts, *lens, *table;
  /// What the last start counts: "query tokens".
  const char *counted;
};

/// Checks the sizes that the caller gave: a start more than `numLens`, and as
/// many rows of the table.
int32_t checkCounts(fp8attn_context *context, const ListNames &names,
                    int64_t numStarts, int64_t numLens, int64_t numTables);

/// Checks that numLens + 1 starts rise from 0 to `end`.
int32_t checkStarts(fp8attn_context *context, const ListNames &names,
                    const int32_t *starts, int64_t numLens, int64_t end);

/// Checks that lengths are at least 0, and no more than maxPages pages hold.
int32_t checkLens(fp8attn_context *context, const ListNames &names,
                  const int32_t *lens, int64_t numLens, int64_t maxPages,
                  int64_t pageTokens);

/// Checks entries `pages` of row `index` of the table, and reads no other ones:
/// the rest may be anything. `length` is that of the row.
int32_t checkPages(fp8attn_context *context, const ListNames &names,
                   const int32_t *table, int64_t stride, int64_t index,
                   int32_t length, fp8attn_key_range pages, int64_t numPages);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_BATCH_LISTS_H
