//===- Batch.h - the batch of the calls of the fuzzer -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_FUZZ_BATCH_H
#define FP8ATTN_FUZZ_BATCH_H

#include "Call.h"

/// Query tokens of a batch, and its sequences.
inline constexpr int64_t kTokens = 5, kSequences = 2;

/// query_start, seq_lens and block_table: a chunk of a prompt and a decode.
struct Batch {
  Batch(Call &call, std::initializer_list<int32_t> seqLens,
        std::initializer_list<int32_t> pages)
      : starts(call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kSequences + 1},
                                      {0, 4, 5})),
        lens(call.addTable<int32_t>(FP8ATTN_TYPE_I32, {kSequences}, seqLens)),
        table(call.addTable<int32_t>(
            FP8ATTN_TYPE_I32,
            {kSequences, static_cast<int64_t>(pages.size()) / kSequences},
            pages)) {}
  /// Of four pages of 32 tokens.
  explicit Batch(Call &call) : Batch(call, {70, 20}, {2, 0, 3, 1, -1, -1}) {}

  fp8attn_tensor &starts, &lens, &table;
};

#endif // FP8ATTN_FUZZ_BATCH_H
