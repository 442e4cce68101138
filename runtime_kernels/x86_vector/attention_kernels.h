//===- attention_kernels.h - defines qk, pv, attend and prefill -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C functions around the templates: one macro defines all kernels that read a
// cache of one element type, so that a new type is a file of one line.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_ATTENTION_KERNELS_H
#define FP8ATTN_X86_VECTOR_ATTENTION_KERNELS_H

#include "common/kernel_declarations.h"
#include "common/products.h"
#include "x86_vector/attend.h"
#include "x86_vector/prefill.h"

/// Defines qk, pv, attend and prefill for caches of `Format`, which the table
/// calls `cache`.
#define FP8ATTN_DEFINE_ATTENTION_KERNELS(Format, cache)                        \
  extern "C" void FP8ATTN_KERNEL_NAME(qk, FP8ATTN_KERNEL_PRODUCTS, cache, f32, \
                                      48, 256, 32, FP8ATTN_KERNEL_ISA)(        \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t channels, float *scores,  \
      void *scratch) {                                                         \
    fp8attn::PrefetchStream ahead(*run, run->first_key, first_key, rows,       \
                                  fp8attn::StepPart::kKeys);                   \
    fp8attn::qkStep<Format>(                                                   \
        *run, first_key, num_keys, static_cast<const uint8_t *>(query_tiles),  \
        rows, channels, scores, static_cast<uint8_t *>(scratch), ahead);       \
  }                                                                            \
  extern "C" void FP8ATTN_KERNEL_NAME(pv, FP8ATTN_KERNEL_PRODUCTS, cache, f32, \
                                      48, 256, 16, FP8ATTN_KERNEL_ISA)(        \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *probs, int64_t rows, int64_t channels, float *acc,           \
      void *scratch) {                                                         \
    fp8attn::PrefetchStream ahead(*run, run->first_key, first_key, rows,       \
                                  fp8attn::StepPart::kValues);                 \
    fp8attn::pvStep<Format>(                                                   \
        *run, first_key, num_keys, static_cast<const uint8_t *>(probs), rows,  \
        channels, acc, static_cast<uint8_t *>(scratch), ahead);                \
  }                                                                            \
  extern "C" void FP8ATTN_KERNEL_NAME(attend, FP8ATTN_KERNEL_PRODUCTS, cache,  \
                                      f32, 16, 256, 32, FP8ATTN_KERNEL_ISA)(   \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const float *row_scale,                          \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::attendRun<Format>(                                                \
        *run, first_key, num_keys, static_cast<const uint8_t *>(query_tiles),  \
        rows, key_channels, value_channels, row_scale, row_begin, row_limit,   \
        exponent, row_max, row_sum, acc,                                       \
        *static_cast<fp8attn::AttendScratch *>(scratch));                      \
  }                                                                            \
  extern "C" void FP8ATTN_KERNEL_NAME(prefill, FP8ATTN_KERNEL_PRODUCTS, cache, \
                                      f32, 1056, 256, 32, FP8ATTN_KERNEL_ISA)( \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const float *row_scale,                          \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::prefillRun<Format>(                                               \
        *run, first_key, num_keys, static_cast<const uint8_t *>(query_tiles),  \
        rows, key_channels, value_channels,                                    \
        {row_scale, row_begin, row_limit, row_max, row_sum}, exponent, acc,    \
        scratch);                                                              \
  }

#endif // FP8ATTN_X86_VECTOR_ATTENTION_KERNELS_H
