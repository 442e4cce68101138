//===- prefill_mixed.cpp - attention of many rows over mixed tokens -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The prefill_mixed rows of kernels.def on AMX tiles: the passes of
// latent_stream.h over words of bf16 that are made beside its products.
//
// For R rows, K keys, D channels of keys and V of values a call reads the keys
// once, multiplies each code by its scale once, and does 2 * R * K * (D + V)
// flops, all rounded up to tiles.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "x86_amx/latent_stream.h"
#include "x86_amx/mixed_keys.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// See fp8attn_uk_prefill_mixed_fn.
[[gnu::noinline]] static void
prefillMixed(const fp8attn_key_run &run, const MixedParts &parts,
             int64_t firstKey, int64_t numKeys, const void *query,
             int64_t numRows, int64_t keyChannels, int64_t valueChannels,
             const PrefillRows &rows, int64_t exponent, float *acc,
             void *scratchMemory) {
  struct Scratch {
    LatentScratch rows;
    MixedKeys::Scratch keys;
  };
  static_assert(sizeof(Scratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(0, 0));
  auto &scratch = *static_cast<Scratch *>(scratchMemory);
  const int64_t endKey = firstKey + numKeys;
  MixedKeys keys(run, parts, firstKey, endKey, keyChannels, scratch.keys);
  streamRows(keys, firstKey, endKey, query, numRows, keyChannels, valueChannels,
             rows, exponent, acc, scratch.rows);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

extern "C" void FP8ATTN_KERNEL_NAME(prefill_mixed, bf16, e4m3, f32, 1056, 256,
                                    32, amx_bf16)(
    const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,
    const void *query_tiles, int64_t rows, int64_t key_channels,
    int64_t value_channels, const uint8_t *rope, int64_t rope_page_bytes,
    const float *scales, int64_t head_offset, int64_t page_stride,
    int64_t token_stride, int64_t block_stride, int64_t block_channels,
    const float *row_scale, const int32_t *row_begin, const int32_t *row_limit,
    int64_t exponent, float *row_max, float *row_sum, float *acc,
    void *scratch) {
  fp8attn::prefillMixed(
      *run,
      {rope, rope_page_bytes, scales, head_offset, page_stride, token_stride,
       block_stride, block_channels},
      first_key, num_keys, query_tiles, rows, key_channels, value_channels,
      {row_scale, row_begin, row_limit, row_max, row_sum}, exponent, acc,
      scratch);
}
