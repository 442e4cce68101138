//===- qk.cpp - scores of a step of keys ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The qk rows of kernels.def on AMX tiles: a tile of 16 tokens x 32 channels is
// read, decoded and multiplied by all row tiles at a time (step.h). For K keys
// and D channels a call reads K * D elements of the cache, once, and does
// 2 * rows * K * D flops, K and rows rounded up to tiles. It reads whole
// granules and tiles and nothing else, and fetches what the next call reads for
// few rows (prefetching_tiles.h). Scratch holds the tiles decoded ahead.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "x86_amx/prefetching_tiles.h"
#include "x86_amx/step.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_qk_fn.
template <class Format>
static void qk(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
               const void *query, int64_t rows, int64_t channels, float *scores,
               void *scratch) {
  withRowTiles(rows, [&](auto rowTiles) {
    TileStream<Format, PrefetchingStepTiles<Format>> keys(
        {run, Operand::kKeys, firstKey, numKeys, channels, rowTiles},
        static_cast<uint8_t *>(scratch));
    computeScores<rowTiles>(query, channels, numKeys, scores, keys);
  });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_QK(Format, cache)                                              \
  extern "C" void FP8ATTN_KERNEL_NAME(qk, bf16, cache, f32, 48, 256, 32,       \
                                      amx_bf16)(                               \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t channels, float *scores,  \
      void *scratch) {                                                         \
    fp8attn::qk<fp8attn::Format>(*run, first_key, num_keys, query_tiles, rows, \
                                 channels, scores, scratch);                   \
  }

FP8ATTN_QK(E4M3, e4m3)
FP8ATTN_QK(E5M2, e5m2)
FP8ATTN_QK(I8, i8)
FP8ATTN_QK(E2M1, e2m1)
FP8ATTN_QK(I4, i4)
FP8ATTN_QK(Bf16, bf16)
