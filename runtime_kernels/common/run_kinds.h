//===- run_kinds.h - which key runs kernels have to expect ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel takes any key run. Where it becomes part of an object, the compiler
// knows which runs the object makes, and sets what is declared here to 0 before
// it propagates constants: what is for latent caches and for pages of other
// sizes would be a good part of objects (lib/Embedding/EmbeddedLibrary.cpp). In
// a library both are 1.
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
}

#endif // FP8ATTN_COMMON_RUN_KINDS_H
