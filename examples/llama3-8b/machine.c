//===- machine.c - what the machine could do at best ------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A read of the cache for the memory, and chains of bf16 products in
// registers for the arithmetic.
//
//===----------------------------------------------------------------------===//

#include "machine.h"
#include "shape.h"

#include <time.h>

/// Results go here, so that the compiler keeps the work.
static volatile uint64_t sink;

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

struct paged_read {
  const uint8_t *cache;
  const int32_t *block_table;
};

/// Reads the keys and values of one head of a page, and fetches the same of the
/// next page: a limit must not wait for memory where a kernel need not.
static uint64_t read_page(const uint64_t *words, const uint64_t *next) {
  enum { kLineWords = 8 };
  uint64_t sums[kLineWords] = {0};
  for (int i = 0; i < 2 * kPartBytes / (int)sizeof *words; i += kLineWords) {
    __builtin_prefetch(next + i);
    for (int j = 0; j < kLineWords; ++j)
      sums[j] ^= words[i + j];
  }
  for (int j = 1; j < kLineWords; ++j)
    sums[0] ^= sums[j];
  return sums[0];
}

static void read_sequences(void *argument, int64_t begin, int64_t end,
                           int32_t worker) {
  (void)worker;
  const struct paged_read *read = argument;
  uint64_t sum = 0;
  for (int64_t i = begin; i < end; ++i) {
    const uint8_t *head = read->cache + i / kSequences * 2 * kPartBytes;
    const int32_t *pages =
        read->block_table + i % kSequences * kPagesPerSequence;
    const void *words = head + (int64_t)pages[0] * kPageBytes;
    for (int page = 1; page <= kPagesPerSequence; ++page) {
      const void *next = words;
      if (page < kPagesPerSequence)
        next = head + (int64_t)pages[page] * kPageBytes;
      sum ^= read_page(words, next);
      words = next;
    }
  }
  sink = sum;
}

double measure_paged_read(fp8attn_pool *pool, const uint8_t *cache,
                          const int32_t *block_table) {
  struct paged_read read = {cache, block_table};
  const double start = now();
  fp8attn_pool_parallel_for(pool, kKvHeads * kSequences, read_sequences, &read);
  return now() - start;
}

/// Rounds of the chains below: some hundred microseconds, so that a slow worker
/// can be helped out by the others.
enum { kRounds = 20000 };

/// Operations of one run of each chain: a multiply and an add for each product.
static const double avx2_operations = 2.0 * 8 * 12 * kRounds;
static const double avx512_operations = 2.0 * 16 * 16 * kRounds;
static const double avx512_bf16_operations = 2.0 * 32 * 16 * kRounds;
static const double amx_operations = 2.0 * 16 * 16 * 32 * 6 * kRounds;

#ifdef __x86_64__
#include <immintrin.h>

/// Independent accumulators: more than the latency of the instruction times its
/// throughput, fewer than the registers.
__attribute__((target("avx2,fma"))) static void run_avx2(void) {
  __m256 sums[12];
  const __m256 one = _mm256_set1_ps(1);
  for (int i = 0; i < 12; ++i)
    sums[i] = _mm256_setzero_ps();
  for (int round = 0; round < kRounds; ++round)
    for (int i = 0; i < 12; ++i) {
      sums[i] = _mm256_fmadd_ps(one, one, sums[i]);
      __asm__ volatile("" : "+x"(sums[i]));
    }
  for (int i = 1; i < 12; ++i)
    sums[0] = _mm256_add_ps(sums[0], sums[i]);
  sink = (uint64_t)_mm256_cvtss_f32(sums[0]);
}

__attribute__((target("avx512f"))) static void run_avx512(void) {
  __m512 sums[16];
  const __m512 one = _mm512_set1_ps(1);
  for (int i = 0; i < 16; ++i)
    sums[i] = _mm512_setzero_ps();
  for (int round = 0; round < kRounds; ++round)
    for (int i = 0; i < 16; ++i) {
      sums[i] = _mm512_fmadd_ps(one, one, sums[i]);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  for (int i = 1; i < 16; ++i)
    sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = (uint64_t)_mm512_reduce_add_ps(sums[0]);
}

__attribute__((target("avx512f,avx512bf16"))) static void
run_avx512_bf16(void) {
  __m512 sums[16];
  const __m512bh one = (__m512bh)_mm512_set1_epi16(0x3F80);
  for (int i = 0; i < 16; ++i)
    sums[i] = _mm512_setzero_ps();
  for (int round = 0; round < kRounds; ++round)
    for (int i = 0; i < 16; ++i) {
      sums[i] = _mm512_dpbf16_ps(sums[i], one, one);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  for (int i = 1; i < 16; ++i)
    sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = (uint64_t)_mm512_reduce_add_ps(sums[0]);
}

/// Six accumulators, as many as the kernels use.
__attribute__((target("amx-tile,amx-bf16"))) static void run_amx(void) {
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } configuration = {.palette = 1,
                     .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                     .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
  _tile_loadconfig(&configuration);
  _tile_zero(6);
  _tile_zero(7);
  for (int round = 0; round < kRounds; ++round) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
  _tile_release();
}
#else
static void run_avx2(void) {}
static void run_avx512(void) {}
static void run_avx512_bf16(void) {}
static void run_amx(void) {}
#endif

/// The best chain of each ISA.
static const struct chain {
  void (*run)(void);
  const double *operations;
} chains[] = {
    [FP8ATTN_ISA_AVX2] = {run_avx2, &avx2_operations},
    [FP8ATTN_ISA_AVX512] = {run_avx512, &avx512_operations},
    [FP8ATTN_ISA_AVX512_BF16] = {run_avx512_bf16, &avx512_bf16_operations},
    [FP8ATTN_ISA_AMX_BF16] = {run_amx, &amx_operations},
};

static void run_chains(void *argument, int64_t begin, int64_t end,
                       int32_t worker) {
  (void)worker;
  void (*const *run)(void) = argument;
  for (int64_t i = begin; i < end; ++i)
    (*run)();
}

double measure_peak(fp8attn_pool *pool, int num_workers, fp8attn_isa isa) {
  enum { kRunsPerWorker = 8 };
  if (isa == FP8ATTN_ISA_GENERIC)
    return 0;
  const struct chain *chain = &chains[isa];
  const int64_t count = (int64_t)kRunsPerWorker * num_workers;
  const double start = now();
  fp8attn_pool_parallel_for(pool, count, run_chains, (void *)&chain->run);
  const double seconds = now() - start;
  return (double)count * *chain->operations / seconds;
}
