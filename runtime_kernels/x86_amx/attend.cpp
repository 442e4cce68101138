//===- attend.cpp - attention of few rows over a whole run ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The attend rows of kernels.def on AMX tiles (attend.h), for one row tile.
//
//===----------------------------------------------------------------------===//

#include "x86_amx/attend.h"
#include "common/kernel_declarations.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Below this number of keys a configuration of fewer rows than 16 costs more
/// than it gains: two LDTILECFG are about 270 cycles, and what is gained about
/// a tenth of 6 cycles for each 64 channels.
constexpr int64_t kKeysWorthConfiguring = 128;

/// See fp8attn_uk_attend_fn.
template <class Format>
static void attend(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const void *query, int64_t rows,
                   int64_t keyChannels, int64_t valueChannels,
                   const float *rowScale, const int32_t *rowBegin,
                   const int32_t *rowLimit, int64_t exponent, float *rowMax,
                   float *rowSum, float *acc, void *scratchMemory) {
  using Scratch = AttendScratch<Format, 1>;
  static_assert(sizeof(Scratch) <= FP8ATTN_KERNEL_SCRATCH_BYTES);
  initRows(rows, valueChannels, rowMax, rowSum, acc);
  if (numKeys == 0)
    return;
  const bool fewRows =
      rows < FP8ATTN_TILE_ROWS && numKeys >= kKeysWorthConfiguring;
  if (fewRows)
    configureTiles(rows);
  attendKeys<OneRowTile, Format>(
      run, firstKey, firstKey + numKeys, query, rows, keyChannels,
      valueChannels, {rowScale, rowBegin, rowLimit, rowMax, rowSum}, exponent,
      acc, *static_cast<Scratch *>(scratchMemory));
  if (fewRows)
    configureTiles(FP8ATTN_TILE_ROWS);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_ATTEND(Format, cache)                                          \
  extern "C" void FP8ATTN_KERNEL_NAME(attend, bf16, cache, f32, 16, 256, 32,   \
                                      amx_bf16)(                               \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const float *row_scale,                          \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::attend<fp8attn::Format>(                                          \
        *run, first_key, num_keys, query_tiles, rows, key_channels,            \
        value_channels, row_scale, row_begin, row_limit, exponent, row_max,    \
        row_sum, acc, scratch);                                                \
  }

FP8ATTN_ATTEND(E4M3, e4m3)
FP8ATTN_ATTEND(E5M2, e5m2)
FP8ATTN_ATTEND(I8, i8)
FP8ATTN_ATTEND(E2M1, e2m1)
FP8ATTN_ATTEND(I4, i4)
FP8ATTN_ATTEND(Bf16, bf16)
