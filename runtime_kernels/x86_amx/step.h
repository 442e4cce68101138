//===- step.h - the two GEMMs of a step of keys -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scores[r][j] = sum over c of query[r][c] * word(firstKey + j, c)
//   acc[r][c]   += sum over j of probs[r][j] * word(firstKey + j, c)
// for 1 <= numKeys <= FP8ATTN_BLOCK_KEYS keys, as the separate kernels and the
// fused one use them: what differs is the walk of the stream. All operands but
// the cache are tiles (Runtime/kernels.h). Expects configured tiles.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_STEP_H
#define FP8ATTN_X86_AMX_STEP_H

#include "x86_amx/gemm.h"
#include "x86_amx/special_values.h"
#include "x86_amx/tile_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of a row of scores, and of a row of probabilities.
constexpr int64_t kScoreTiles = FP8ATTN_BLOCK_KEYS / kFloatColumns;
constexpr int64_t kProbTiles = FP8ATTN_BLOCK_KEYS / kBf16Columns;

/// Computes the scores of a step of keys. `channels` is the key head size.
template <int RowTiles, class Stream>
inline void computeScores(const void *query, int64_t channels, int64_t numKeys,
                          float *scores, Stream &keys) {
  const int64_t depth = channels / kBf16Columns;
  multiplyTiles<RowTiles>({Start::kZero,
                           {static_cast<const uint8_t *>(query), depth},
                           depth,
                           {reinterpret_cast<uint8_t *>(scores), kScoreTiles},
                           roundUp(numKeys, FP8ATTN_GRANULE) / kFloatColumns},
                          keys);
}

/// Adds the weighted values of a step of keys as their words say. `channels` is
/// the value head size.
template <int RowTiles, class Stream>
inline void addWeightedWords(int64_t numKeys, const void *probs,
                             int64_t channels, float *acc, Stream &values) {
  const int64_t columns = channels / kFloatColumns;
  multiplyTiles<RowTiles>({Start::kMemory,
                           {static_cast<const uint8_t *>(probs), kProbTiles},
                           roundUp(numKeys, FP8ATTN_GRANULE) / kBf16Columns,
                           {reinterpret_cast<uint8_t *>(acc), columns},
                           columns},
                          values);
}

/// Adds the weighted values of a step of keys, NaN and infinity included.
template <int RowTiles, class Format, class Stream>
inline void addWeightedValues(const fp8attn_key_run &run, int64_t firstKey,
                              int64_t numKeys, const void *probs, int64_t rows,
                              int64_t channels, float *acc, Stream &values) {
  addWeightedWords<RowTiles>(numKeys, probs, channels, acc, values);
  if (values.sawSpecialValue()) [[unlikely]]
    addSpecialValues<Format>(run, firstKey, numKeys,
                             static_cast<const uint16_t *>(probs), rows,
                             channels, acc);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_STEP_H
