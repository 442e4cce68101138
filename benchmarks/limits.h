//===- limits.h - what the machine can do at best ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rates that no kernel can beat: dot products that touch registers only, and
// loads of a list of blocks that compute nothing.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_BENCHMARKS_LIMITS_H
#define FP8ATTN_BENCHMARKS_LIMITS_H

#include <cstddef>
#include <cstdint>

namespace fp8attn {

/// Operations of one call of the peak functions.
double dotPeakFlops();
double tilePeakFlops();

/// Runs vdpbf16ps on registers. Needs AVX-512 BF16.
void runDotPeak();

/// Runs tdpbf16ps on tile registers. Needs AMX-BF16 and a tile configuration.
void runTilePeak();

/// Loads every line of `count` blocks, in order. Needs AVX-512.
void readBlocks(const uint8_t *const *blocks, size_t count, size_t blockBytes);

} // namespace fp8attn

#endif // FP8ATTN_BENCHMARKS_LIMITS_H
