//===- main.c - Llama 3 8B attention over an FP8 cache ----------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes eight prompts of 2,048 tokens into a paged cache whose pages are in
// random order, runs the prefill of one and a decode step of all eight through
// the compiled entry points, compares the results with double precision, and
// prints times beside what the machine can do.
// Exits with 1 if a call fails or a result is off by more than kMostError.
//
//===----------------------------------------------------------------------===//

#include "machine.h"
#include "problem.h"
#include "reference.h"
#include "shape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Largest relative L2 error that is not a mistake (docs/Numerics.md).
static const double kMostError = 3e-3;

/// The reference is slow: it looks at each 61st token of the prefill (all
/// heads), and at all of the decode.
enum { kReferenceStep = 61 };

/// Returns the relative L2 error of p->out: each `step`th token of each
/// sequence, from the last one back, all heads.
static double compare(const struct problem *p, int sequences, int queries,
                      int step) {
  double *keys = allocate(kContext * kHeadDim * sizeof(double));
  double *values = allocate(kContext * kHeadDim * sizeof(double));
  double difference = 0, total = 0;
  for (int sequence = 0; sequence < sequences; ++sequence)
    for (int head = 0; head < kKvHeads; ++head) {
      reference_decode_head(p->cache.data,
                            p->block_table + sequence * kPagesPerSequence,
                            kContext, head, p->key_scale[head],
                            p->value_scale[head], keys, values);
      for (int token = queries - 1; token >= 0; token -= step)
        for (int i = 0; i < kGroup; ++i) {
          const int64_t row =
              ((int64_t)sequence * queries + token) * kQueryHeads +
              head * kGroup + i;
          double expected[kHeadDim];
          reference_row(p->query + row * kHeadDim, keys, values,
                        kContext - queries + token + 1, expected);
          for (int channel = 0; channel < kHeadDim; ++channel) {
            const double error =
                bf16_to_float(p->out[row * kHeadDim + channel]) -
                expected[channel];
            difference += error * error;
            total += expected[channel] * expected[channel];
          }
        }
    }
  free(keys);
  free(values);
  return sqrt(difference / total);
}

/// Prints the error and returns whether it is small enough.
static int report_error(const char *name, double error) {
  const int good = error <= kMostError; // false for a NaN, too
  printf("%-8s relative L2 error %.2e, at most %.0e: %s\n", name, error,
         kMostError, good ? "ok" : "WRONG");
  return good;
}

enum { kWrite, kPrefill, kDecode, kRead, kPeak, kNumSeries };

static int by_value(const void *left, const void *right) {
  const double l = *(const double *)left, r = *(const double *)right;
  return (l > r) - (l < r);
}

/// Prints a rate from the median and the best time of a sorted series.
static void report_time(const char *name, const double *times, int count,
                        double amount, const char *unit, double limit,
                        const char *limit_name) {
  const double median = times[count / 2], best = times[0];
  printf("%-8s median %8.3f ms, best %8.3f ms; %7.1f %s", name, median * 1e3,
         best * 1e3, amount / median * 1e-9, unit);
  if (limit > 0)
    printf(" = %.2f of %.1f %s (%s)", amount / median / limit, limit * 1e-9,
           unit, limit_name);
  printf("\n");
}

static void measure(struct problem *p, fp8attn_pool *pool, int repeat) {
  double *series[kNumSeries];
  for (int i = 0; i < kNumSeries; ++i)
    series[i] = allocate((size_t)repeat * sizeof(double));
  const fp8attn_isa isa = (fp8attn_isa)p->context.isa;
  for (int i = 0; i < repeat; ++i) {
    series[kWrite][i] = run_write(p, i % kSequences * kContext, kContext);
    series[kPeak][i] = measure_peak(pool, p->context.num_workers, isa);
    series[kPrefill][i] = run_prefill(p);
    // Both find in the CPU's caches what a read of all pages leaves there.
    measure_paged_read(pool, p->cache.data, p->block_table);
    series[kRead][i] = measure_paged_read(pool, p->cache.data, p->block_table);
    series[kDecode][i] = run_decode(p);
  }
  for (int i = 0; i < kNumSeries; ++i)
    qsort(series[i], (size_t)repeat, sizeof(double), by_value);

  const double cache_bytes = (double)kPages * kPageBytes;
  const double prefill_operations =
      4.0 * kHeadDim * kQueryHeads * (kContext * (kContext + 1.0) / 2);
  report_time("kv_write", series[kWrite], repeat,
              2.0 * kContext * kKvHeads * kHeadDim * 2, "GB/s of bf16", 0, "");
  report_time("prefill", series[kPrefill], repeat, prefill_operations,
              "GFLOP/s", series[kPeak][repeat / 2], "bf16 registers only");
  report_time("decode", series[kDecode], repeat, cache_bytes, "GB/s of cache",
              cache_bytes / series[kRead][repeat / 2],
              "read of the same pages, prefetched");
  for (int i = 0; i < kNumSeries; ++i)
    free(series[i]);
}

/// Returns the number after option `name`, or `missing` if it is not there.
static int option(int argc, char **argv, const char *name, int missing) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], name) == 0)
      return atoi(argv[i + 1]);
  return missing;
}

int main(int argc, char **argv) {
  const int threads = option(argc, argv, "--threads", 1);
  const int repeat = option(argc, argv, "--repeat", 9);
  fp8attn_pool *pool = fp8attn_pool_create(threads);
  if (!pool || repeat < 1) {
    fprintf(stderr, "usage: %s [--threads N] [--repeat N], N at least 1\n",
            argv[0]);
    return 1;
  }
  static struct problem problem;
  problem_init(&problem, pool, threads);

  run_write(&problem, 0, (int64_t)kSequences * kContext);
  run_prefill(&problem);
  printf("ISA      %s%s%s; %d thread%s\n",
         fp8attn_isa_string((fp8attn_isa)problem.context.isa),
         problem.context.message[0] ? ": " : "", problem.context.message,
         threads, threads == 1 ? "" : "s");
  int good =
      report_error("prefill", compare(&problem, 1, kContext, kReferenceStep));
  run_decode(&problem);
  good &= report_error("decode", compare(&problem, kSequences, 1, 1));
  measure(&problem, pool, repeat);

  problem_free(&problem);
  fp8attn_pool_destroy(pool);
  return good ? 0 : 1;
}
