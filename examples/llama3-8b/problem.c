//===- problem.c - a serving engine in small --------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a host of compiled entry points does: it owns the memory, describes it,
// and asks how much workspace they need.
//
//===----------------------------------------------------------------------===//

#include "problem.h"
#include "attention.h"
#include "machine.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(kPageBytes == DECODE_CACHE_PAGE_BYTES,
               "shape.h and attention.mlir differ");

void *allocate(size_t bytes) {
  void *memory = aligned_alloc(
      FP8ATTN_ALIGNMENT, (bytes + FP8ATTN_ALIGNMENT - 1) & -FP8ATTN_ALIGNMENT);
  if (!memory) {
    fprintf(stderr, "out of memory\n");
    exit(1);
  }
  return memory;
}

static uint32_t random_bits(void) {
  static uint64_t state = 0x9E3779B97F4A7C15;
  state = state * 6364136223846793005 + 1442695040888963407;
  return (uint32_t)(state >> 32);
}

/// Fills with about normal numbers: a sum of twelve uniform ones.
static void fill_normal(uint16_t *words, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    float sum = -6;
    for (int j = 0; j < 12; ++j)
      sum += (float)random_bits() * 0x1p-32f;
    words[i] = bf16_from_float(sum);
  }
}

/// Sets each head's scale so that its largest magnitude becomes 448.
static void choose_scales(const uint16_t *words, int64_t tokens,
                          float *scales) {
  for (int head = 0; head < kKvHeads; ++head) {
    float most = 0;
    for (int64_t token = 0; token < tokens; ++token)
      for (int channel = 0; channel < kHeadDim; ++channel)
        most = fmaxf(
            most, fabsf(bf16_to_float(
                      words[(token * kKvHeads + head) * kHeadDim + channel])));
    scales[head] = most / 448;
  }
}

void problem_init(struct problem *p, fp8attn_pool *pool, int workers) {
  const int64_t tokens = (int64_t)kSequences * kContext;
  const int64_t elements = tokens * kKvHeads * kHeadDim;
  p->key = allocate(elements * sizeof(uint16_t));
  p->value = allocate(elements * sizeof(uint16_t));
  fill_normal(p->key, elements);
  fill_normal(p->value, elements);
  choose_scales(p->key, tokens, p->key_scale);
  choose_scales(p->value, tokens, p->value_scale);

  const int64_t query_elements = (int64_t)kContext * kQueryHeads * kHeadDim;
  p->query = allocate(query_elements * sizeof(uint16_t));
  p->out = allocate(query_elements * sizeof(uint16_t));
  fill_normal(p->query, query_elements);

  for (int i = 0; i < kPages; ++i) {
    const int j = (int)(random_bits() % (uint32_t)(i + 1));
    p->block_table[i] = p->block_table[j];
    p->block_table[j] = i;
  }
  p->slots = allocate(tokens * sizeof(int64_t));
  for (int64_t i = 0; i < tokens; ++i)
    p->slots[i] = (int64_t)p->block_table[i / kPageTokens] * kPageTokens +
                  i % kPageTokens;
  p->cache = (fp8attn_cache){allocate((size_t)kPages * kPageBytes), kPages,
                             kPageBytes};

  fp8attn_context_init(&p->context);
  p->context.parallel_for = fp8attn_pool_parallel_for;
  p->context.pool = pool;
  p->context.num_workers = workers;
  const int64_t needed[] = {kv_write_workspace_bytes(workers),
                            prefill_workspace_bytes(workers),
                            decode_workspace_bytes(workers)};
  for (int i = 0; i < 3; ++i)
    if (p->context.workspace_bytes < needed[i])
      p->context.workspace_bytes = needed[i];
  p->context.workspace = allocate((size_t)p->context.workspace_bytes);
}

void problem_free(struct problem *p) {
  free(p->key);
  free(p->value);
  free(p->query);
  free(p->out);
  free(p->slots);
  free(p->cache.data);
  free(p->context.workspace);
}

static void check(const struct problem *p, fp8attn_status status) {
  if (status == FP8ATTN_OK)
    return;
  fprintf(stderr, "%s: %s\n", fp8attn_status_string(status),
          p->context.message);
  exit(1);
}

double run_write(struct problem *p, int64_t first, int64_t tokens) {
  const int64_t offset = first * kKvHeads * kHeadDim;
  const fp8attn_tensor key = fp8attn_tensor_make(
      p->key + offset, FP8ATTN_TYPE_BF16, 3, tokens, kKvHeads, kHeadDim, 0);
  const fp8attn_tensor value = fp8attn_tensor_make(
      p->value + offset, FP8ATTN_TYPE_BF16, 3, tokens, kKvHeads, kHeadDim, 0);
  const fp8attn_tensor slots = fp8attn_tensor_make(
      p->slots + first, FP8ATTN_TYPE_I64, 1, tokens, 0, 0, 0);
  const fp8attn_tensor key_scale =
      fp8attn_tensor_make(p->key_scale, FP8ATTN_TYPE_F32, 1, kKvHeads, 0, 0, 0);
  const fp8attn_tensor value_scale = fp8attn_tensor_make(
      p->value_scale, FP8ATTN_TYPE_F32, 1, kKvHeads, 0, 0, 0);
  const double start = now();
  check(p, kv_write(&p->context, &key, &value, &slots, &key_scale, &value_scale,
                    &p->cache));
  return now() - start;
}

typedef fp8attn_status (*attention_fn)(
    fp8attn_context *context, const fp8attn_tensor *query,
    const fp8attn_cache *cache, const fp8attn_tensor *key_scale,
    const fp8attn_tensor *value_scale, const fp8attn_tensor *query_start,
    const fp8attn_tensor *seq_lens, const fp8attn_tensor *block_table,
    const fp8attn_tensor *out);

/// Attention of the first `sequences` sequences with `queries` tokens each;
/// returns the seconds.
static double run_attention(struct problem *p, attention_fn attention,
                            int sequences, int queries) {
  int32_t starts[kSequences + 1], lengths[kSequences];
  for (int i = 0; i <= sequences; ++i)
    starts[i] = i * queries;
  for (int i = 0; i < sequences; ++i)
    lengths[i] = kContext;
  const int64_t tokens = (int64_t)sequences * queries;
  const fp8attn_tensor query = fp8attn_tensor_make(
      p->query, FP8ATTN_TYPE_BF16, 3, tokens, kQueryHeads, kHeadDim, 0);
  const fp8attn_tensor out = fp8attn_tensor_make(
      p->out, FP8ATTN_TYPE_BF16, 3, tokens, kQueryHeads, kHeadDim, 0);
  const fp8attn_tensor key_scale =
      fp8attn_tensor_make(p->key_scale, FP8ATTN_TYPE_F32, 1, kKvHeads, 0, 0, 0);
  const fp8attn_tensor value_scale = fp8attn_tensor_make(
      p->value_scale, FP8ATTN_TYPE_F32, 1, kKvHeads, 0, 0, 0);
  const fp8attn_tensor query_start =
      fp8attn_tensor_make(starts, FP8ATTN_TYPE_I32, 1, sequences + 1, 0, 0, 0);
  const fp8attn_tensor seq_lens =
      fp8attn_tensor_make(lengths, FP8ATTN_TYPE_I32, 1, sequences, 0, 0, 0);
  const fp8attn_tensor block_table = fp8attn_tensor_make(
      p->block_table, FP8ATTN_TYPE_I32, 2, sequences, kPagesPerSequence, 0, 0);
  const double start = now();
  check(p, attention(&p->context, &query, &p->cache, &key_scale, &value_scale,
                     &query_start, &seq_lens, &block_table, &out));
  return now() - start;
}

double run_prefill(struct problem *p) {
  return run_attention(p, prefill, 1, kContext);
}

double run_decode(struct problem *p) {
  return run_attention(p, decode, kSequences, 1);
}
