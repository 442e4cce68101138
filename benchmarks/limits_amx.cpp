//===- limits_amx.cpp - peak of tdpbf16ps ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with the AMX flags; called only on hosts that have it, between
// tile_begin and tile_end.
//
//===----------------------------------------------------------------------===//

#include "limits.h"

#include <immintrin.h>

namespace fp8attn {

constexpr int kTileRounds = 20000;
constexpr double kFlopsPerTileDot = 2 * 16 * 16 * 32;

double tilePeakFlops() { return kFlopsPerTileDot * 6 * kTileRounds; }

void runTilePeak() {
  _tile_zero(6);
  _tile_zero(7);
  for (int i = 0; i < kTileRounds; ++i) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
}

} // namespace fp8attn
