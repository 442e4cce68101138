//===- machine.h - what the machine could do at best ------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The limits that the example's times are compared with, measured in the same
// run and by the same threads, because a shared machine's speed changes.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_LLAMA3_8B_MACHINE_H
#define FP8ATTN_EXAMPLES_LLAMA3_8B_MACHINE_H

#include "fp8attn/Runtime/fp8attn.h"

/// Returns a monotone time in seconds.
double now(void);

/// Reads all pages of all sequences, in the order in which decoding reads
/// them, and returns the seconds that it took. block_table is
/// [kSequences, kPagesPerSequence].
double measure_paged_read(fp8attn_pool *pool, const uint8_t *cache,
                          const int32_t *block_table);

/// Multiplies bf16 registers of the given ISA without touching memory, and
/// returns the operations per second of all workers together, or 0 for an ISA
/// without bf16 products.
double measure_peak(fp8attn_pool *pool, int num_workers, fp8attn_isa isa);

#endif // FP8ATTN_EXAMPLES_LLAMA3_8B_MACHINE_H
