//===- pv.cpp - weighted values of a step of keys -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pv rows of kernels.def on AMX tiles: a tile of 32 tokens x 16 channels is
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

/// See fp8attn_uk_pv_fn.
template <class Format>
static void pv(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
               const void *probs, int64_t rows, int64_t channels, float *acc,
               void *scratch) {
  withRowTiles(rows, [&](auto rowTiles) {
    TileStream<Format, PrefetchingStepTiles<Format>> values(
        {run, Operand::kValues, firstKey, numKeys, channels, rowTiles},
        static_cast<uint8_t *>(scratch));
    addWeightedValues<rowTiles, Format>(run, firstKey, numKeys, probs, rows,
                                        channels, acc, values);
  });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_PV(Format, cache)                                              \
  extern "C" void FP8ATTN_KERNEL_NAME(pv, bf16, cache, f32, 48, 256, 16,       \
                                      amx_bf16)(                               \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *probs, int64_t rows, int64_t channels, float *acc,           \
      void *scratch) {                                                         \
    fp8attn::pv<fp8attn::Format>(*run, first_key, num_keys, probs, rows,       \
                                 channels, acc, scratch);                      \
  }

FP8ATTN_PV(E4M3, e4m3)
FP8ATTN_PV(E5M2, e5m2)
FP8ATTN_PV(I8, i8)
FP8ATTN_PV(E2M1, e2m1)
FP8ATTN_PV(I4, i4)
FP8ATTN_PV(Bf16, bf16)
