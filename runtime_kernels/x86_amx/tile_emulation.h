//===- tile_emulation.h - AMX tiles in plain C++ ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Redefines the fixed-register tile intrinsics that the AMX kernels use, so
// that the same sources run, and are tested, on CPUs without AMX, and so that
// AddressSanitizer sees every byte that a tile load or store touches.
//
// Modelled, after the instruction pages of the Intel 64 and IA-32 Architectures
// Software Developer's Manual, volume 2:
//  - LDTILECFG: the checks of palette 1, and that it zeroes all tiles;
//    TILERELEASE: the return to the initial state.
//  - TILELOADD, TILELOADDT1, TILESTORED, TILEZERO: configured rows and bytes
//    only; what is loaded beyond the configured row is zero.
//  - TDPBF16PS: even and odd elements of the pairs have a chain of fused
//    multiply-adds each, from zero, in order of the pairs; the two chains are
//    added, then the destination. Every operation rounds to nearest even,
//    denormal inputs count as zero, and denormal results become zero. (Only
//    the rarest flush differs: a result that rounds up to the smallest normal
//    number is kept.)
//  - The shape rules of TDPBF16PS, and use of a tile that is not configured.
// What the hardware answers with an exception is a trap here.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_TILE_EMULATION_H
#define FP8ATTN_X86_AMX_TILE_EMULATION_H

#include <stdint.h>

namespace fp8attn::tile_emulation {

constexpr int kNumTiles = 8;
constexpr int kMaxRows = 16;
constexpr int kMaxRowBytes = 64;
/// f32 elements, or pairs of bf16 elements, in a full row.
constexpr int kLanes = 16;

/// The 64 bytes that LDTILECFG reads.
struct Config {
  uint8_t palette;
  uint8_t startRow;
  uint8_t reserved0[14];
  uint16_t rowBytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(Config) == 64, "LDTILECFG reads 64 bytes");

/// The tile registers of a thread. All zero is the initial state.
struct State {
  Config config;
  alignas(64) uint8_t data[kNumTiles][kMaxRows][kMaxRowBytes];
};
inline thread_local State state = {};

inline void require(bool condition) {
  if (!condition)
    __builtin_trap();
}

inline void loadConfig(const void *source) {
  Config config;
  __builtin_memcpy(&config, source, sizeof(config));
  if (config.palette == 0) {
    state = {};
    return;
  }
  require(config.palette == 1 && config.startRow == 0);
  for (uint8_t byte : config.reserved0)
    require(byte == 0);
  for (int tile = 0; tile < kMaxRows; ++tile) {
    bool used = config.rowBytes[tile] != 0;
    require(used == (config.rows[tile] != 0));
    require(!used || tile < kNumTiles);
    require(config.rowBytes[tile] <= kMaxRowBytes);
    require(config.rows[tile] <= kMaxRows);
  }
  state = {};
  state.config = config;
}

inline void release() { state = {}; }

/// Traps unless `tile` may be used.
inline void requireConfigured(int tile) {
  require(state.config.palette == 1 && tile >= 0 && tile < kNumTiles &&
          state.config.rows[tile] != 0);
}

inline void zero(int tile) {
  requireConfigured(tile);
  __builtin_memset(state.data[tile], 0, sizeof(state.data[tile]));
}

inline void load(int tile, const void *base, int64_t stride) {
  zero(tile);
  for (int row = 0; row < state.config.rows[tile]; ++row)
    __builtin_memcpy(state.data[tile][row],
                     static_cast<const uint8_t *>(base) + row * stride,
                     state.config.rowBytes[tile]);
}

inline void store(int tile, void *base, int64_t stride) {
  requireConfigured(tile);
  for (int row = 0; row < state.config.rows[tile]; ++row)
    __builtin_memcpy(static_cast<uint8_t *>(base) + row * stride,
                     state.data[tile][row], state.config.rowBytes[tile]);
}

/// Returns the f32 number with these bits, or zero of its sign if it is
/// denormal.
inline float flushed(uint32_t bits) {
  constexpr uint32_t kExponent = 0x7f800000, kSign = 0x80000000;
  bits &= (bits & kExponent) == 0 ? kSign : ~uint32_t(0);
  float value;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}

inline float flushed(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return flushed(bits);
}

/// The two bf16 elements of each pair of a tile row, as f32.
struct Pairs {
  float even[kLanes];
  float odd[kLanes];

  explicit Pairs(const uint8_t *row) {
    uint32_t words[kLanes];
    __builtin_memcpy(words, row, sizeof(words));
    for (int lane = 0; lane < kLanes; ++lane) {
      even[lane] = flushed(words[lane] << 16);
      odd[lane] = flushed(words[lane] & 0xffff0000);
    }
  }
};

/// chain[n] += factor * values[n], in one rounding.
inline void multiplyAdd(float *chain, float factor, const float *values) {
  for (int lane = 0; lane < kLanes; ++lane)
    chain[lane] = flushed(__builtin_fmaf(factor, values[lane], chain[lane]));
}

inline void dotRow(int destination, int left, int right, int row) {
  float even[kLanes] = {}, odd[kLanes] = {};
  Pairs factors(state.data[left][row]);
  for (int k = 0; k < state.config.rows[right]; ++k) {
    Pairs values(state.data[right][k]);
    multiplyAdd(even, factors.even[k], values.even);
    multiplyAdd(odd, factors.odd[k], values.odd);
  }
  float sums[kLanes];
  __builtin_memcpy(sums, state.data[destination][row], sizeof(sums));
  for (int lane = 0; lane < kLanes; ++lane)
    sums[lane] = flushed(flushed(sums[lane]) + flushed(even[lane] + odd[lane]));
  __builtin_memcpy(state.data[destination][row], sums,
                   state.config.rowBytes[destination]);
}

inline void dotBf16(int destination, int left, int right) {
  requireConfigured(destination);
  requireConfigured(left);
  requireConfigured(right);
  require(destination != left && destination != right && left != right);
  const Config &config = state.config;
  require(config.rows[destination] == config.rows[left]);
  require(config.rowBytes[destination] == config.rowBytes[right]);
  require(config.rowBytes[left] == 4 * config.rows[right]);
  require(config.rowBytes[right] % 4 == 0);
  for (int row = 0; row < config.rows[destination]; ++row)
    dotRow(destination, left, right, row);
}

} // namespace fp8attn::tile_emulation

#undef _tile_loadd
#undef _tile_stream_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbf16ps
#define _tile_loadconfig(config) ::fp8attn::tile_emulation::loadConfig(config)
#define _tile_release() ::fp8attn::tile_emulation::release()
#define _tile_zero(tile) ::fp8attn::tile_emulation::zero(tile)
#define _tile_loadd(tile, base, stride)                                        \
  ::fp8attn::tile_emulation::load(tile, base, stride)
#define _tile_stream_loadd(tile, base, stride)                                 \
  ::fp8attn::tile_emulation::load(tile, base, stride)
#define _tile_stored(tile, base, stride)                                       \
  ::fp8attn::tile_emulation::store(tile, base, stride)
#define _tile_dpbf16ps(destination, left, right)                               \
  ::fp8attn::tile_emulation::dotBf16(destination, left, right)

#endif // FP8ATTN_X86_AMX_TILE_EMULATION_H
