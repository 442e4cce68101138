//===- cache_kernels.h - defines a format's rows of the table ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C functions around the templates: one macro defines all kernels that read or
// write a cache of one element type, so that a new type is a file of one line.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_CACHE_KERNELS_H
#define FP8ATTN_X86_VECTOR_CACHE_KERNELS_H

#include "common/kernel_declarations.h"
#include "x86_vector/attend.h"
#include "x86_vector/store.h"

/// Defines qk, pv, attend, store_key and store_value for caches of `Format`,
/// which the table calls `cache`.
#define FP8ATTN_DEFINE_CACHE_KERNELS(Format, cache)                            \
  extern "C" void FP8ATTN_KERNEL_NAME(qk, bf16, cache, f32, 48, 256, 32,       \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t channels, float *scores,  \
      void *scratch) {                                                         \
    fp8attn::PrefetchStream ahead(*run, first_key, rows,                       \
                                  fp8attn::StepPart::kKeys);                   \
    fp8attn::qkStep<Format>(                                                   \
        *run, first_key, num_keys, static_cast<const uint8_t *>(query_tiles),  \
        rows, channels, scores, static_cast<uint8_t *>(scratch), ahead);       \
  }                                                                            \
  extern "C" void FP8ATTN_KERNEL_NAME(pv, bf16, cache, f32, 48, 256, 16,       \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *probs, int64_t rows, int64_t channels, float *acc,           \
      void *scratch) {                                                         \
    fp8attn::PrefetchStream ahead(*run, first_key, rows,                       \
                                  fp8attn::StepPart::kValues);                 \
    fp8attn::pvStep<Format>(                                                   \
        *run, first_key, num_keys, static_cast<const uint8_t *>(probs), rows,  \
        channels, acc, static_cast<uint8_t *>(scratch), ahead);                \
  }                                                                            \
  extern "C" void FP8ATTN_KERNEL_NAME(attend, bf16, cache, f32, 16, 256, 32,   \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const fp8attn_key_run *run, const void *query_tiles, int64_t rows,       \
      int64_t key_channels, int64_t value_channels, const float *row_scale,    \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::attendRun<Format>(                                                \
        *run, static_cast<const uint8_t *>(query_tiles), rows, key_channels,   \
        value_channels, row_scale, row_begin, row_limit, exponent, row_max,    \
        row_sum, acc, *static_cast<fp8attn::AttendScratch *>(scratch));        \
  }                                                                            \
  FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, fp8attn::Bf16, bf16)             \
  FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, fp8attn::F16, f16)               \
  FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, fp8attn::F32, f32)

/// Both stores of elements that the table calls `in`.
#define FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, Element, in)               \
  FP8ATTN_DEFINE_STORE_KERNEL(store_key, storeKeys, Format, cache, Element,    \
                              in)                                              \
  FP8ATTN_DEFINE_STORE_KERNEL(store_value, storeValues, Format, cache,         \
                              Element, in)

#define FP8ATTN_DEFINE_STORE_KERNEL(op, function, Format, cacheType, Element,  \
                                    in)                                        \
  extern "C" void FP8ATTN_KERNEL_NAME(op, in, cacheType, f32, 16, 1, 32,       \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const void *source, int64_t token_stride, int64_t tokens,                \
      int64_t channels, const int64_t *slots, float scale, uint8_t *cache,     \
      int64_t page_bytes, int64_t page_tokens) {                               \
    fp8attn::function<Format, Element>(                                        \
        static_cast<const Element::Storage *>(source), token_stride, tokens,   \
        channels, slots, scale, cache, page_bytes, page_tokens);               \
  }

/// Defines quantize for `Format`, which the table calls `cache`.
#define FP8ATTN_DEFINE_QUANTIZE_KERNELS(Format, cache)                         \
  FP8ATTN_DEFINE_QUANTIZE_KERNEL(Format, cache, fp8attn::Bf16, bf16)           \
  FP8ATTN_DEFINE_QUANTIZE_KERNEL(Format, cache, fp8attn::F16, f16)             \
  FP8ATTN_DEFINE_QUANTIZE_KERNEL(Format, cache, fp8attn::F32, f32)

#define FP8ATTN_DEFINE_QUANTIZE_KERNEL(Format, cache, Element, in)             \
  extern "C" void FP8ATTN_KERNEL_NAME(quantize, in, cache, f32, 1, 1, 1,       \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const void *source, int64_t count, float scale, void *destination) {     \
    fp8attn::quantizeDense<Format, Element>(                                   \
        static_cast<const Element::Storage *>(source), count, scale,           \
        static_cast<uint8_t *>(destination));                                  \
  }

#endif // FP8ATTN_X86_VECTOR_CACHE_KERNELS_H
