//===- store_kernels.h - defines a cache type's stores ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C functions around the templates of store.h, as in attention_kernels.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_STORE_KERNELS_H
#define FP8ATTN_X86_VECTOR_STORE_KERNELS_H

#include "common/kernel_declarations.h"
#include "x86_vector/store.h"

/// Defines store_key and store_value into caches of `Format`, which the table
/// calls `cache`, of elements that it calls `in`.
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
      int64_t channels, const int64_t *slots, float scale, float *scales,      \
      int64_t scales_from, uint8_t *cache, int64_t page_bytes,                 \
      int64_t page_tokens) {                                                   \
    fp8attn::function<Format, Element>(                                        \
        static_cast<const Element::Storage *>(source), token_stride, channels, \
        {slots, tokens, page_tokens, page_bytes, cache},                       \
        {scale, scales, scales_from});                                         \
  }

/// Defines both stores of all types of elements that are no codes.
#define FP8ATTN_DEFINE_ALL_STORE_KERNELS(Format, cache)                        \
  FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, fp8attn::Bf16, bf16)             \
  FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, fp8attn::F16, f16)               \
  FP8ATTN_DEFINE_STORE_KERNELS(Format, cache, fp8attn::F32, f32)

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

#endif // FP8ATTN_X86_VECTOR_STORE_KERNELS_H
