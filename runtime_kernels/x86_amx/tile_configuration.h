//===- tile_configuration.h - names of tile_begin and tile_end --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The emulated counterparts of fp8attn_uk_tile_begin_amx_bf16 and
// fp8attn_uk_tile_end_amx_bf16, which configure the emulated tiles of the
// calling thread: what emulated AMX kernels must be called between.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_TILE_CONFIGURATION_H
#define FP8ATTN_X86_AMX_TILE_CONFIGURATION_H

#include "fp8attn/Runtime/kernels.h"

extern "C" {
void fp8attn_uk_tile_begin_amx_bf16_emulated(void);
void fp8attn_uk_tile_end_amx_bf16_emulated(void);
}

/// The name under which the file being compiled must define `which` (begin or
/// end).
#ifdef FP8ATTN_EMULATE_AMX
#define FP8ATTN_TILE_KERNEL_NAME(which)                                        \
  fp8attn_uk_tile_##which##_amx_bf16_emulated
#else
#define FP8ATTN_TILE_KERNEL_NAME(which) fp8attn_uk_tile_##which##_amx_bf16
#endif

#endif // FP8ATTN_X86_AMX_TILE_CONFIGURATION_H
