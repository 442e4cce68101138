//===- attend.cpp - attention of few rows over a whole run ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The attend rows of kernels.def on AMX tiles: the phases of qk, softmax and pv
// in steps of keys, over one stream of cache tiles, so that decoding and
// prefetching ahead do not stop where a phase or a page ends. A call reads
// every key and value once; flops as in qk and pv.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "x86_amx/step.h"
#include "x86_vector/softmax.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Operands of one row tile between the phases.
template <class Stream> struct AttendScratch {
  alignas(64) float scores[FP8ATTN_DECODE_ROWS * FP8ATTN_BLOCK_KEYS];
  alignas(64) uint16_t probs[FP8ATTN_DECODE_ROWS * FP8ATTN_BLOCK_KEYS];
  alignas(64) uint8_t decoded[Stream::kScratchBytes];
};

/// Empties the state of the online softmax for one row tile.
static void initRows(int64_t rows, int64_t channels, float *rowMax,
                     float *rowSum, float *acc) {
  for (int64_t row = 0; row < rows; ++row) {
    rowMax[row] = -__builtin_inff();
    rowSum[row] = 0;
  }
  _tile_zero(kAccumulators);
  for (int64_t c = 0; c < channels; c += kFloatColumns)
    _tile_stored(kAccumulators, acc + c * FP8ATTN_TILE_ROWS, kTileStride);
}

/// See fp8attn_uk_attend_fn.
template <class Format>
static void attend(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const void *query, int64_t rows,
                   int64_t keyChannels, int64_t valueChannels,
                   const float *rowScale, const int32_t *rowBegin,
                   const int32_t *rowLimit, int64_t exponent, float *rowMax,
                   float *rowSum, float *acc, void *scratchMemory) {
  using Stream = TileStream<Format, RunTiles<Format>>;
  using Scratch = AttendScratch<Stream>;
  static_assert(sizeof(Scratch) <= FP8ATTN_KERNEL_SCRATCH_BYTES);
  auto &scratch = *static_cast<Scratch *>(scratchMemory);
  initRows(rows, valueChannels, rowMax, rowSum, acc);
  if (numKeys == 0)
    return;
  const int64_t end = firstKey + numKeys;
  Stream tiles(
      {run, firstKey, end, keyChannels, valueChannels, columnsPerSet(1)},
      scratch.decoded);
  for (int64_t first = firstKey, keys; first < end; first += keys) {
    keys = stepKeys(first, end);
    computeScores<1>(query, keyChannels, keys, scratch.scores, tiles);
    softmaxStep(first, keys, rows, scratch.scores, rowScale, rowBegin, rowLimit,
                exponent, valueChannels, rowMax, rowSum, acc, scratch.probs);
    addWeightedValues<1, Format>(run, first, keys, scratch.probs, rows,
                                 valueChannels, acc, tiles);
  }
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
FP8ATTN_ATTEND(Bf16, bf16)
