//===- special_values.h - adds NaN and infinite values ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a tile multiplication cannot do: a value that is NaN or infinite reaches
// only rows whose probability for its key is not 0, though 0 * NaN is NaN. The
// tile stream puts 0 in the place of such values; this adds
//   acc[r][c] += probs[r][j] * value[j][c]  for these values and rows
// afterwards. Once an accumulator is NaN or infinite the order of the sum no
// longer matters, but for infinities of both signs, which give NaN either way.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_SPECIAL_VALUES_H
#define FP8ATTN_X86_AMX_SPECIAL_VALUES_H

#include "common/fp8_format.h"
#include "common/tile_layout.h"
#include "x86_amx/tile_stream.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Adds `value` of (key, channel) to the rows that see it.
inline void addSpecialValue(float value, int64_t key, int64_t channel,
                            const uint16_t *probs, int64_t rows,
                            int64_t channels, float *acc) {
  for (int64_t row = 0; row < rows; ++row) {
    const float prob = Bf16::decode(
        probs[tileIndex<kBf16Columns>(row, key, FP8ATTN_BLOCK_KEYS)]);
    if (prob != 0)
      acc[tileIndex<kFloatColumns>(row, channel, channels)] += prob * value;
  }
}

/// Adds the special values of keys [firstKey, firstKey + numKeys) of the run.
/// `probs` and `acc` as in fp8attn_uk_pv_fn.
template <class Format>
[[gnu::noinline, gnu::cold]] void
addSpecialValues(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
                 const uint16_t *probs, int64_t rows, int64_t channels,
                 float *acc) {
  alignas(kLineBytes) uint8_t memory[kCacheTileBytes<Format>];
  for (int64_t key = 0; key < numKeys; key += FP8ATTN_GRANULE)
    for (int64_t first = 0; first < channels; first += kLanes) {
      const uint8_t *tile = valueTiles<Format>(run, firstKey + key, channels,
                                               first / kLanes, 1, memory);
      if (!hasSpecial<Format>(tile))
        continue;
      for (int64_t token = 0; token < FP8ATTN_GRANULE; ++token)
        for (int64_t lane = 0; lane < kLanes; ++lane) {
          const float value =
              Format::decode(tileCode<Format>(tile, lane, token));
          if (!isFinite(value))
            addSpecialValue(value, key + token, first + lane, probs, rows,
                            channels, acc);
        }
    }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_SPECIAL_VALUES_H
