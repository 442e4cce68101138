//===- tiles.h - tile registers by role, and their configuration *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What all AMX kernels agree on: eight tiles of 16 rows x 64 bytes (palette 1),
// configured by fp8attn_uk_tile_begin_amx_bf16 for a whole parallel body
// (attend takes fewer rows for itself), and the part that each register plays.
// Include this header, not <immintrin.h>: with FP8ATTN_EMULATE_AMX the
// intrinsics are plain C++ (see tile_emulation.h).
//
// Only the fixed-register intrinsics are used. Their tile numbers must be
// constants.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_TILES_H
#define FP8ATTN_X86_AMX_TILES_H

#include "common/kernel_namespace.h"
#include "fp8attn/Runtime/kernels.h"

#include <immintrin.h>
#include <stdint.h>

#ifdef FP8ATTN_EMULATE_AMX
#include "x86_amx/tile_emulation.h"
#elif !defined(__clang__)
#error "GCC's tile intrinsics do not say that they use memory: use clang"
#endif

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bytes between the rows of a tile in memory: tiles are contiguous.
constexpr int64_t kTileStride = 64;

/// Bytes of a bf16 word.
constexpr int64_t kWordBytes = 2;

/// Accumulators that compute at a time.
constexpr int kAccumulatorsPerSet = 3;

/// Tile registers by role. Accumulators are two sets: while one computes, the
/// other is stored.
enum TileRegister : int {
  kAccumulators = 0,
  /// The operand with query rows: a query or probability tile.
  kLeft = kAccumulators + 2 * kAccumulatorsPerSet,
  /// The operand from the cache: a key or value tile.
  kRight,
};
constexpr int kNumTiles = 8;
static_assert(kRight < kNumTiles, "there are eight tiles");

/// The operand of LDTILECFG.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1;
  uint8_t startRow = 0;
  uint8_t reserved[14] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfiguration) == 64, "LDTILECFG reads 64 bytes");

/// Configures tiles of `rows` rows, 1 to 16, and of 16 rows for the operand
/// from the cache, all of 64 bytes. Their contents are lost.
inline void configureTiles(int64_t rows) {
  TileConfiguration configuration;
  for (int tile = 0; tile < kNumTiles; ++tile) {
    configuration.rowBytes[tile] = kTileStride;
    configuration.rows[tile] =
        static_cast<uint8_t>(tile == kRight ? FP8ATTN_TILE_ROWS : rows);
  }
  _tile_loadconfig(&configuration);
}

/// Stores zeros in the rows that are configured of the tiles in `bytes` bytes.
/// The first accumulator is lost.
inline void storeZeros(void *to, int64_t bytes) {
  _tile_zero(kAccumulators);
  for (int64_t i = 0; i < bytes; i += FP8ATTN_TILE_BYTES)
    _tile_stored(kAccumulators, static_cast<uint8_t *>(to) + i, kTileStride);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_TILES_H
