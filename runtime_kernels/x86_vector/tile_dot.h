//===- tile_dot.h - the register block of both GEMMs ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc[r][t] += sum over steps s, pairs p of  A[s][r][p] . B[t][s][p]
//
// A row of A is 16 pairs as RowDot::prepare leaves them, the next step a tile
// further (query or probability tiles). B are cache tiles, decoded in registers
// on the way; lanes of acc[r][t] are the 16 lanes of tile t. For scores, steps
// are blocks of 32 channels and tiles are 16 keys; for outputs, steps are
// granules of 32 keys and tiles are 16 channels.
//
// Each lane of acc is one chain of additions with pairs ascending, whatever the
// block's shape. The shape only serves to have enough chains in flight.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_TILE_DOT_H
#define FP8ATTN_X86_VECTOR_TILE_DOT_H

#include "x86_vector/product_rows.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Where a block's operands are, in bytes.
struct TileDotOperands {
  const uint8_t *a;
  const uint8_t *b;
  /// From one tile of B, and from one step of a tile of B, to the next.
  int64_t tileStride;
  int64_t stepStride;
  int64_t steps;
  /// What the second half of a tile of B is further than behind the first one.
  int64_t lateOffset = 0;
  /// From the rows of A for one tile of B to those for the next, in bytes.
  int64_t aTileStride = 0;
};

/// Nothing is fetched ahead: B is a decoded copy.
struct NoPrefetch {
  void fetch(int64_t, int64_t) const {}
  void endParts(int64_t) {}
};

/// Returns `address` such that the compiler does not know what it is.
inline const uint8_t *hideAddress(const uint8_t *address) {
  asm("" : "+r"(address));
  return address;
}

/// Where A is, for each tile side by side: an address of its own, though it is
/// the same, where products take an element of A from memory. One that several
/// products share would be loaded to a register for them, by an instruction
/// that goes where decoding goes.
template <int Tiles> struct AddressesOfA {
  const uint8_t *of[Tiles];

  AddressesOfA(const uint8_t *a, int64_t stride) {
    for (int t = 0; t < Tiles; ++t)
      of[t] =
          (kBroadcastsFromMemory && t > 0 ? hideAddress(a) : a) + t * stride;
  }
};

/// What is fetched ahead for a pair of rows of each tile.
template <class Decode, int Tiles>
constexpr int64_t kFetchedForPair = fetchedBytes(Tiles * Decode::kPairBytes);

/// Adds the products with pairs of rows [first, end) of a step.
template <int Rows, int Tiles, class Decode, class Prefetch, class Guard>
[[gnu::always_inline]] inline void
addRowPairs(const TileDotOperands &in, int64_t step, int64_t first, int64_t end,
            Decode &decode, Prefetch &prefetch, const Guard &guard,
            simd::Floats (&acc)[Rows][Tiles]) {
  constexpr int64_t kPairBytes = Decode::kPairBytes;
  const AddressesOfA<Tiles> a(in.a + step * RowDot::kTileBytes, in.aTileStride);
  const uint8_t *b = in.b + step * in.stepStride;
  // As straight code, all pairs would be eight times the code and no faster.
#pragma clang loop unroll(disable)
  for (int64_t pair = first; pair < end; ++pair) {
    prefetch.fetch(pair, kFetchedForPair<Decode, Tiles>);
    const uint8_t *lines =
        b + pair * kPairBytes + (pair < kTileRowPairs / 2 ? 0 : in.lateOffset);
    decltype(loadRows(decode, lines, pair, 0)) rows[Tiles];
#pragma GCC unroll 8
    for (int t = 0; t < Tiles; ++t)
      rows[t] = loadRows(decode, lines + t * in.tileStride, pair, t);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
#pragma GCC unroll 8
      for (int t = 0; t < Tiles; ++t) {
        const RowDot::Operand b[] = {operandOf(rows[t], half)};
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
          simd::Floats sum[] = {acc[r][t]};
          RowDot::addPair(a.of[t] + r * RowDot::kRowBytes, 2 * pair + half, b,
                          guard, sum);
          acc[r][t] = sum[0];
        }
      }
    }
  }
}

template <int Rows, int Tiles, class Decode, class Prefetch, class Guard>
[[gnu::always_inline]] inline void
tileDot(const TileDotOperands &in, Decode &decode, Prefetch &prefetch,
        const Guard &guard, simd::Floats (&acc)[Rows][Tiles]) {
  for (int64_t step = 0; step < in.steps; ++step) {
    addRowPairs(in, step, 0, kTileRowPairs, decode, prefetch, guard, acc);
    prefetch.endParts(kFetchedForPair<Decode, Tiles>);
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_TILE_DOT_H
