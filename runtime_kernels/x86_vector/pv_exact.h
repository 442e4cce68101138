//===- pv_exact.h - granules of values with NaN or infinity ------*- C++ -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The slow path of pv, for any vector ISA: a granule with NaN or infinity. A
// value reaches only rows whose probability for its key is not 0. Everything
// else is added exactly as on the fast path: same chain, same order.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PV_EXACT_H
#define FP8ATTN_X86_VECTOR_PV_EXACT_H

#include "x86_vector/row_blocks.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// acc of `Rows` rows and `Tiles` tiles of channels += what is multiplied, if
/// the decoder saw no special value, which is returned.
template <int Rows, int Tiles, class Decode, class Prefetch, class Guard>
[[gnu::always_inline]] inline bool
addTileDot(const TileDotOperands &in, float *acc, Decode &decoder,
           Prefetch &prefetch, const Guard &guard) {
  simd::Floats sums[Rows][Tiles];
  for (int r = 0; r < Rows; ++r)
    for (int t = 0; t < Tiles; ++t)
      sums[r][t] = simd::loadFloats(acc + t * kTileFloats + r * kLanes);
  tileDot(in, decoder, prefetch, guard, sums);
  if (decoder.sawSpecial())
    return true;
  for (int r = 0; r < Rows; ++r)
    for (int t = 0; t < Tiles; ++t)
      simd::storeFloats(acc + t * kTileFloats + r * kLanes, sums[r][t]);
  return false;
}

/// The same of probs * granules. `probs` (prepared, here and below) and `acc`
/// are the first row in its first tile; granules are `stride` bytes apart.
/// Tiles are whole ones beside each other, or if `Halves`, halves of them, the
/// second ones at `late`. Each has probabilities of its own, so many bytes
/// behind those of the one before.
template <class Format, Specials Mode, int Rows, int Tiles, bool Halves = false,
          class Prefetch, class Guard>
inline bool pvBlock(const uint8_t *values, int64_t granules, int64_t stride,
                    const uint8_t *probs, float *acc, Prefetch &prefetch,
                    const Guard &guard, const uint8_t *late = nullptr,
                    int64_t probTileStride = 0) {
  constexpr int64_t kHalfBytes = kCacheTileBytes<Format> / 2;
  Decoder<Format, Mode> decoder;
  const TileDotOperands in = {
      probs,         values,   Halves ? kHalfBytes : 2 * kHalfBytes,
      stride,        granules, Halves ? late - values - kHalfBytes : 0,
      probTileStride};
  return addTileDot<Rows, Tiles>(in, acc, decoder, prefetch, guard);
}

/// Decodes channels [16 * firstTile, 16 * (firstTile + tiles)) of a granule,
/// which are at `values`, exactly and adds them for all rows. `probs` is the
/// granule's tile of the first rows; `acc` all of acc; scratch holds `tiles`
/// KB.
template <class Format>
[[gnu::noinline]] void pvExact(const uint8_t *values, const uint8_t *probs,
                               int64_t rows, int64_t channels,
                               int64_t firstTile, int64_t tiles, float *acc,
                               uint8_t *scratch) {
  decodeTiles<Format, Specials::kExact>(values, tiles, scratch);
  NoPrefetch none;
  for (int64_t r = 0; r < rows; r += kBlockRows)
    for (int64_t t = 0; t < tiles; ++t)
      pvBlock<Bf16, Specials::kIgnore, kBlockRows, 1>(
          scratch + t * FP8ATTN_TILE_BYTES, 1, 0,
          preparedRowOf(probs, r, kProbTiles),
          rowOf(acc, r, channels / kLanes) + (firstTile + t) * kTileFloats,
          none, RowDot::ZeroGuard());
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PV_EXACT_H
