//===- tile_configuration.cpp - begins and ends the use of tiles ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Configures the tiles as all AMX kernels expect them, and releases them. Once
// for each parallel body, not for each kernel: the pair costs about as much as
// a small kernel.
//
//===----------------------------------------------------------------------===//

#include "x86_amx/tile_configuration.h"
#include "x86_amx/tiles.h"

extern "C" void FP8ATTN_TILE_KERNEL_NAME(begin)() {
  fp8attn::configureTiles(FP8ATTN_TILE_ROWS);
}

extern "C" void FP8ATTN_TILE_KERNEL_NAME(end)() { _tile_release(); }
