//===- reference.h - attention in double precision --------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the compiled entry points are compared with.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_LLAMA3_8B_REFERENCE_H
#define FP8ATTN_EXAMPLES_LLAMA3_8B_REFERENCE_H

#include <stdint.h>

/// Decodes the first `tokens` tokens of one KV head of a sequence from the
/// cache, times the scales, into keys and values, [tokens, kHeadDim] each.
void reference_decode_head(const uint8_t *cache, const int32_t *pages,
                           int64_t tokens, int64_t head, float key_scale,
                           float value_scale, double *keys, double *values);

/// Attention of one query row, bf16 [kHeadDim], to the first `tokens` tokens
/// (at least 1, at most kContext) of decoded keys and values.
void reference_row(const uint16_t *query, const double *keys,
                   const double *values, int64_t tokens, double *out);

/// Returns the value of a bf16 word.
float bf16_to_float(uint16_t word);

/// Returns the nearest bf16 word of a finite value, ties to even.
uint16_t bf16_from_float(float value);

#endif // FP8ATTN_EXAMPLES_LLAMA3_8B_REFERENCE_H
