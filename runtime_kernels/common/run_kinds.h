//===- run_kinds.h - which calls kernels have to expect ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel takes any key run, any number of rows, and scales of any kind. Where
// it becomes part of an object, the compiler knows what the object calls it
// with, and changes what is declared here before it propagates constants: what
// is for others would be a good part of objects
// (lib/Embedding/EmbeddedLibrary.cpp). In a library all are 1.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_RUN_KINDS_H
#define FP8ATTN_COMMON_RUN_KINDS_H

#include <stdint.h>

extern "C" {

/// Whether there are runs whose values are the first channels of the keys.
[[gnu::visibility("hidden")]] extern const uint8_t fp8attn_has_latent_runs;

/// Whether there are runs whose pages are no multiple of FP8ATTN_GRANULE.
[[gnu::visibility("hidden")]] extern const uint8_t fp8attn_has_small_pages;

/// Whether there are new tokens that have a scale each.
[[gnu::visibility("hidden")]] extern const uint8_t fp8attn_has_token_scales;

/// What all numbers of rows are multiples of, a power of two up to 8: a token's
/// query heads for each KV head come together, and blocks of rows are cut at
/// multiples of 16. A kernel must be right for other numbers nevertheless.
[[gnu::visibility("hidden")]] extern const uint8_t fp8attn_row_multiple;
}

#endif // FP8ATTN_COMMON_RUN_KINDS_H
