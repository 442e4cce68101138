//===- latent_value_stream.h - weighted values of latent keys ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As value_stream.h, of up to four row tiles, over values that are the first
// channels of keys in the cache: beside the products with a tile of values,
// which takes the multiplier as long as vectors take to make another, the tile
// six places ahead is made of keys (latent_tiles.h). Nothing that is made is
// used twice, and nothing but sums leaves the first-level cache: a line that is
// written to the second level costs as much as making half of one again.
//
// Words of NaN and infinity are wrong: such steps are not for this.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_VALUE_STREAM_H
#define FP8ATTN_X86_AMX_LATENT_VALUE_STREAM_H

#include "x86_amx/latent_tiles.h"
#include "x86_amx/value_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles in the ring, and how far ahead of its use one is made. They differ by
/// two: a load waits for a fresh store whose address equals its own modulo 4
/// KB.
constexpr int64_t kLatentRingTiles = 8;
constexpr int64_t kLatentLookAhead = 6;
constexpr int64_t kLatentRingBytes = kLatentRingTiles * FP8ATTN_TILE_BYTES;

/// Most row tiles of a product.
constexpr int kLatentRowTiles = 4;

/// Operands of a step.
struct LatentValueStep {
  /// Probability tiles [row tiles][kStepGranules].
  const uint8_t *probs;
  /// Granules of keys, and bytes from one of their halves to the other.
  const uint8_t *keys[kStepGranules];
  int64_t halfBytes;
  int64_t granules;
  int64_t columns;
  /// Accumulator tiles [row tiles][columns], and whether they begin as what is
  /// there.
  uint8_t *acc;
  Start start;
  /// Of the rows: gets the denominators of the step added.
  float *rowSum;
};

/// The tiles of values of a step in the order of use, over and over again.
template <class Format> class LatentWalk {
public:
  explicit LatentWalk(const LatentValueStep &step)
      : keys(step.keys), granules(step.granules),
        end(step.columns * kLatentBlockBytes<Format>) {}

  /// Returns the first half of the next tile.
  [[gnu::always_inline]] const uint8_t *next() {
    const uint8_t *early = keys[granule] + offset;
    if (++granule == granules) {
      granule = 0;
      offset += kLatentBlockBytes<Format>;
      if (offset == end)
        offset = 0;
    }
    return early;
  }

private:
  const uint8_t *const *keys;
  int64_t granules, end;
  int64_t granule = 0, offset = 0;
};

/// The accumulators of `Tiles` row tiles.
template <int Tiles> struct LatentSums {
  static_assert(Tiles <= kLatentRowTiles);
  /// Left operands take turns.
  static constexpr int kLaterLeft = kLeft - 1;
  static_assert(kLaterLeft >= kAccumulators + kLatentRowTiles);

  [[gnu::always_inline]] static void zero() {
    _tile_zero(0);
    if constexpr (Tiles > 1)
      _tile_zero(1);
    if constexpr (Tiles > 2)
      _tile_zero(2);
    if constexpr (Tiles > 3)
      _tile_zero(3);
  }

  [[gnu::always_inline]] static void load(const uint8_t *sums, int64_t pitch) {
    _tile_stream_loadd(0, sums, kTileStride);
    if constexpr (Tiles > 1)
      _tile_stream_loadd(1, sums + pitch, kTileStride);
    if constexpr (Tiles > 2)
      _tile_stream_loadd(2, sums + 2 * pitch, kTileStride);
    if constexpr (Tiles > 3)
      _tile_stream_loadd(3, sums + 3 * pitch, kTileStride);
  }

  [[gnu::always_inline]] static void store(uint8_t *sums, int64_t pitch) {
    _tile_stored(0, sums, kTileStride);
    if constexpr (Tiles > 1)
      _tile_stored(1, sums + pitch, kTileStride);
    if constexpr (Tiles > 2)
      _tile_stored(2, sums + 2 * pitch, kTileStride);
    if constexpr (Tiles > 3)
      _tile_stored(3, sums + 3 * pitch, kTileStride);
  }

  /// Adds the products of a granule: `left` has the row tiles, kProbPitch bytes
  /// apart. work(tile) comes after the product of each row tile.
  template <typename Work>
  [[gnu::always_inline]] static void multiply(const uint8_t *left,
                                              const uint8_t *right, Work work) {
    _tile_loadd(kRight, right, kTileStride);
    _tile_loadd(kLeft, left, kTileStride);
    _tile_dpbf16ps(0, kLeft, kRight);
    work(0);
    if constexpr (Tiles > 1) {
      _tile_loadd(kLaterLeft, left + kProbPitch, kTileStride);
      _tile_dpbf16ps(1, kLaterLeft, kRight);
      work(1);
    }
    if constexpr (Tiles > 2) {
      _tile_loadd(kLeft, left + 2 * kProbPitch, kTileStride);
      _tile_dpbf16ps(2, kLeft, kRight);
      work(2);
    }
    if constexpr (Tiles > 3) {
      _tile_loadd(kLaterLeft, left + 3 * kProbPitch, kTileStride);
      _tile_dpbf16ps(3, kLaterLeft, kRight);
      work(3);
    }
  }
};

/// Adds the denominators of rows `row` of the row tiles of a step.
template <int Tiles>
inline void addProbSums(const LatentValueStep &step, int64_t row) {
  ProbSums<1, Tiles> sums(step.probs, row);
  for (int64_t granule = 0; granule < step.granules; ++granule)
    for (int tile = 0; tile < Tiles; ++tile)
      sums.add(granule, tile);
  sums.addTo(step.rowSum + row);
}

/// Adds the weighted values of a step to `Tiles` row tiles, and the
/// denominators: beside each column those of a row of each row tile, until
/// there are none left. `ring` is kLatentRingBytes.
template <class Format, int Tiles>
[[gnu::noinline]] void streamLatentValues(const LatentValueStep &operands,
                                          uint8_t *ring) {
  using Sums = LatentSums<Tiles>;
  // Tile intrinsics may write any memory: a copy has no address.
  const uint8_t *const probs = operands.probs;
  const int64_t halfBytes = operands.halfBytes, granules = operands.granules;
  const int64_t columns = operands.columns;
  const int64_t pitch = columns * FP8ATTN_TILE_BYTES;
  const Start start = operands.start;
  float *const rowSum = operands.rowSum;
  uint8_t *acc = operands.acc;
  LatentWalk<Format> walk(operands);
  const LatentTiles<Format> tiles;
  Decoder<Format, Specials::kIgnore> decoder;
  int64_t made = 0, used = 0;
  for (; made < kLatentLookAhead * FP8ATTN_TILE_BYTES;
       made += FP8ATTN_TILE_BYTES) {
    const uint8_t *const early = walk.next();
    tiles.decode(decoder, early, halfBytes, ring + made);
  }
  const auto addColumn = [&](auto rows,
                             int64_t row) __attribute__((always_inline)) {
    ProbSums<rows, Tiles> sums(probs, row);
    if (start == Start::kZero)
      Sums::zero();
    else
      Sums::load(acc, pitch);
#pragma clang loop unroll(disable)
    for (int64_t granule = 0; granule < granules; ++granule) {
      const uint8_t *const early = walk.next();
      uint8_t *const to = ring + (made & (kLatentRingBytes - 1));
      Sums::multiply(probs + granule * FP8ATTN_TILE_BYTES,
                     ring + (used & (kLatentRingBytes - 1)),
                     [&](int tile) __attribute__((always_inline)) {
                       sums.add(granule, tile);
                       if (tile == (Tiles - 1) / 2)
                         tiles.decodeBlock(decoder, early, to);
                       if (tile == Tiles - 1)
                         tiles.decodeBlock(decoder, early + halfBytes,
                                           to + kLatentWordBytes);
                     });
      made += FP8ATTN_TILE_BYTES;
      used += FP8ATTN_TILE_BYTES;
    }
    Sums::store(acc, pitch);
    acc += FP8ATTN_TILE_BYTES;
    if constexpr (rows > 0)
      sums.addTo(rowSum + row);
  };
  int64_t column = 0;
#pragma clang loop unroll(disable)
  for (; column < columns && column < FP8ATTN_TILE_ROWS; ++column)
    addColumn(std::integral_constant<int, 1>(), column);
#pragma clang loop unroll(disable)
  for (; column < columns; ++column)
    addColumn(std::integral_constant<int, 0>(), 0);
  // Of few columns.
  for (int64_t row = columns; row < FP8ATTN_TILE_ROWS; ++row)
    addProbSums<Tiles>(operands, row);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_VALUE_STREAM_H
