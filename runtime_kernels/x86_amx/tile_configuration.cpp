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

namespace {

/// The operand of LDTILECFG: palette 1, eight tiles of 16 rows x 64 bytes.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1;
  uint8_t startRow = 0;
  uint8_t reserved[14] = {};
  uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64, "LDTILECFG reads 64 bytes");

} // namespace

static constexpr TileConfiguration configuration;

extern "C" void FP8ATTN_TILE_KERNEL_NAME(begin)() {
  _tile_loadconfig(&configuration);
}

extern "C" void FP8ATTN_TILE_KERNEL_NAME(end)() { _tile_release(); }
