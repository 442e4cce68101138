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

[[gnu::noinline]] inline void loadConfig(const void *source) {
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

[[gnu::noinline]] inline void load(int tile, const void *base, int64_t stride) {
  zero(tile);
  for (int row = 0; row < state.config.rows[tile]; ++row)
    __builtin_memcpy(state.data[tile][row],
                     static_cast<const uint8_t *>(base) + row * stride,
                     state.config.rowBytes[tile]);
}

[[gnu::noinline]] inline void store(int tile, void *base, int64_t stride) {
  requireConfigured(tile);
  for (int row = 0; row < state.config.rows[tile]; ++row)
    __builtin_memcpy(static_cast<uint8_t *>(base) + row * stride,
                     state.data[tile][row], state.config.rowBytes[tile]);
}

/// A row of f32 numbers, and their bits.
typedef float Lanes __attribute__((ext_vector_type(kLanes)));
typedef uint32_t LaneBits __attribute__((ext_vector_type(kLanes)));

/// Makes denormal numbers zeros of their sign. (Vectors are passed by
/// reference: how they are passed by value depends on what code is compiled
/// for.)
inline void flush(LaneBits &bits) {
  constexpr uint32_t kExponent = 0x7f800000, kMagnitude = 0x7fffffff;
  bits &= ~(LaneBits((bits & kExponent) == 0) & kMagnitude);
}

inline void flush(Lanes &values) {
  LaneBits bits;
  __builtin_memcpy(&bits, &values, sizeof(bits));
  flush(bits);
  __builtin_memcpy(&values, &bits, sizeof(bits));
}

/// The two bf16 elements of each pair of a tile row, as f32.
struct Pairs {
  alignas(64) float even[kLanes];
  alignas(64) float odd[kLanes];

  void decode(const uint8_t *row) {
    LaneBits words;
    __builtin_memcpy(&words, row, sizeof(words));
    LaneBits low = words << 16, high = words & 0xffff0000;
    flush(low);
    flush(high);
    __builtin_memcpy(even, &low, sizeof(even));
    __builtin_memcpy(odd, &high, sizeof(odd));
  }
};

/// chain[n] += factor * values[n], in one rounding.
inline void multiplyAdd(Lanes &chain, float factor, const float *values) {
  Lanes factors = factor, lanes;
  __builtin_memcpy(&lanes, values, sizeof(lanes));
  chain = __builtin_elementwise_fma(factors, lanes, chain);
  flush(chain);
}

/// Rows that go through a tile together: each waits for its own sums only.
constexpr int kRowsAtOnce = 4;
static_assert(kMaxRows % kRowsAtOnce == 0, "rows are computed in whole groups");

/// Adds the products of `kRowsAtOnce` rows of a tile, from `first` on, and of
/// `numPairs` rows of another. Rows that are not configured are left alone.
/// Which of several NaN a sum is depends on registers: it is the same one for
/// all rows.
inline void dotRows(int destination, int left, const Pairs *values,
                    int numPairs, int first) {
  Lanes even[kRowsAtOnce] = {}, odd[kRowsAtOnce] = {};
  Pairs factors[kRowsAtOnce];
  for (int i = 0; i < kRowsAtOnce; ++i)
    factors[i].decode(state.data[left][first + i]);
  for (int k = 0; k < numPairs; ++k)
    for (int i = 0; i < kRowsAtOnce; ++i) {
      multiplyAdd(even[i], factors[i].even[k], values[k].even);
      multiplyAdd(odd[i], factors[i].odd[k], values[k].odd);
    }
  for (int i = 0; i < kRowsAtOnce && first + i < state.config.rows[destination];
       ++i) {
    Lanes sums, products = even[i] + odd[i];
    __builtin_memcpy(&sums, state.data[destination][first + i], sizeof(sums));
    flush(sums);
    flush(products);
    sums += products;
    flush(sums);
    sums = sums == sums ? sums : Lanes(__builtin_nanf(""));
    __builtin_memcpy(state.data[destination][first + i], &sums,
                     state.config.rowBytes[destination]);
  }
}

[[gnu::noinline]] inline void dotBf16(int destination, int left, int right) {
  requireConfigured(destination);
  requireConfigured(left);
  requireConfigured(right);
  require(destination != left && destination != right && left != right);
  const Config &config = state.config;
  require(config.rows[destination] == config.rows[left]);
  require(config.rowBytes[destination] == config.rowBytes[right]);
  require(config.rowBytes[left] == 4 * config.rows[right]);
  require(config.rowBytes[right] % 4 == 0);
  Pairs values[kMaxRows];
  for (int k = 0; k < config.rows[right]; ++k)
    values[k].decode(state.data[right][k]);
  for (int row = 0; row < config.rows[destination]; row += kRowsAtOnce)
    dotRows(destination, left, values, config.rows[right], row);
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
