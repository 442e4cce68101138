//===- problem.h - a serving engine in small --------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The memory of eight conversations, and calls of the compiled entry points.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_LLAMA3_8B_PROBLEM_H
#define FP8ATTN_EXAMPLES_LLAMA3_8B_PROBLEM_H

#include "fp8attn/Runtime/fp8attn.h"
#include "shape.h"

#include <stddef.h>

/// The caller's side of a call: memory, and what describes it.
struct problem {
  uint16_t *key, *value, *query, *out;
  int64_t *slots;
  float key_scale[kKvHeads], value_scale[kKvHeads];
  int32_t block_table[kPages];
  fp8attn_cache cache;
  fp8attn_context context;
};

/// Returns aligned memory; ends the program if there is none.
void *allocate(size_t bytes);

/// Fills with random keys, values and queries; puts the pages in random order.
/// `pool` has `workers` workers. problem_free releases the memory.
void problem_init(struct problem *p, fp8attn_pool *pool, int workers);
void problem_free(struct problem *p);

/// These call entry points and return the seconds; they end the program if a
/// call fails. run_write writes `tokens` tokens from the `first` of all on;
/// run_prefill computes the first conversation's prompt, run_decode a token of
/// each conversation.
double run_write(struct problem *p, int64_t first, int64_t tokens);
double run_prefill(struct problem *p);
double run_decode(struct problem *p);

#endif // FP8ATTN_EXAMPLES_LLAMA3_8B_PROBLEM_H
