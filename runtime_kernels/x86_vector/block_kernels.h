//===- block_kernels.h - defines kernels that scale blocks *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C functions around the templates, as in attention_kernels.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_BLOCK_KERNELS_H
#define FP8ATTN_X86_VECTOR_BLOCK_KERNELS_H

#include "common/kernel_declarations.h"
#include "x86_vector/attend.h"
#include "x86_vector/pv_blocks.h"
#include "x86_vector/qk_blocks.h"

#ifdef __AVX512BF16__
#include "x86_avx512_bf16/pv_scaled_words.h"
#endif

/// Defines qk_blocks or pv_blocks, which read `part` of a step, by `step`.
#define FP8ATTN_DEFINE_BLOCKS_KERNEL(op, part, step, Format, Scale, cache)     \
  extern "C" void FP8ATTN_KERNEL_NAME(op, bf16, cache, f32, 48, 256, 32,       \
                                      FP8ATTN_KERNEL_ISA)(                     \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *factors, int64_t rows, int64_t channels,                     \
      const uint8_t *scales, int64_t head_offset, int64_t page_stride,         \
      int64_t token_stride, int64_t block_stride, int64_t block_channels,      \
      float *sums, void *scratch) {                                            \
    fp8attn::PrefetchStream ahead(*run, run->first_key, first_key, rows,       \
                                  fp8attn::StepPart::part);                    \
    fp8attn::step<Format>(                                                     \
        *run, first_key, num_keys, static_cast<const uint8_t *>(factors),      \
        rows, channels, sums, static_cast<uint8_t *>(scratch), ahead,          \
        fp8attn::BlockScales<Scale>(scales, head_offset, page_stride,          \
                                    token_stride, block_stride,                \
                                    block_channels));                          \
  }

/// Defines qk_blocks, pv_blocks and attend_blocks for caches of `Format` with
/// scales of `Scale`, which the table calls `cache`.
#define FP8ATTN_DEFINE_BLOCK_KERNELS(Format, Scale, cache)                     \
  FP8ATTN_DEFINE_BLOCKS_KERNEL(qk_blocks, kKeys, qkStep, Format, Scale, cache) \
  FP8ATTN_DEFINE_BLOCKS_KERNEL(pv_blocks, kValues, pvBlocksStep, Format,       \
                               Scale, cache)                                   \
  extern "C" void FP8ATTN_KERNEL_NAME(attend_blocks, bf16, cache, f32, 16,     \
                                      256, 32, FP8ATTN_KERNEL_ISA)(            \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const uint8_t *key_scales,                       \
      int64_t key_head_offset, int64_t key_page_stride,                        \
      int64_t key_token_stride, int64_t key_block_stride,                      \
      int64_t key_block_channels, const uint8_t *value_scales,                 \
      int64_t value_head_offset, int64_t value_page_stride,                    \
      int64_t value_token_stride, int64_t value_block_stride,                  \
      int64_t value_block_channels, const float *row_scale,                    \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::attendBlocksRun<Format, Scale>(                                   \
        *run, first_key, num_keys, static_cast<const uint8_t *>(query_tiles),  \
        rows, key_channels, value_channels,                                    \
        {key_scales, key_head_offset, key_page_stride, key_token_stride,       \
         key_block_stride, key_block_channels},                                \
        {value_scales, value_head_offset, value_page_stride,                   \
         value_token_stride, value_block_stride, value_block_channels},        \
        row_scale, row_begin, row_limit, exponent, row_max, row_sum, acc,      \
        *static_cast<fp8attn::AttendScratch *>(scratch));                      \
  }

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

template <class Format, class Scale>
constexpr bool kFitsAttendBlocks =
    RowDot::scratchBytes(FP8ATTN_DECODE_ROWS, kProbTiles) +
        kPvBlocksScratchBytes<Format, Scale> <=
    sizeof(AttendScratch::granule);
static_assert(kFitsAttendBlocks<E4M3, PowerScale> &&
              kFitsAttendBlocks<E2M1, E4m3Scale>);

/// An fp8attn_uk_attend_blocks_fn.
template <class Format, class Scale>
[[gnu::noinline]] void
attendBlocksRun(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
                const uint8_t *query, int64_t rows, int64_t keyChannels,
                int64_t valueChannels, const BlockScales<Scale> &keyScales,
                const BlockScales<Scale> &valueScales, const float *rowScale,
                const int32_t *rowBegin, const int32_t *rowLimit,
                int64_t exponent, float *rowMax, float *rowSum, float *acc,
                AttendScratch &scratch) {
  attendSteps(
      run, firstKey, numKeys, rows, valueChannels, rowScale, rowBegin, rowLimit,
      exponent, rowMax, rowSum, acc, scratch,
      [&](int64_t key, int64_t keys, PrefetchStream &ahead) {
        qkStep<Format>(run, key, keys, query, rows, keyChannels, scratch.scores,
                       scratch.granule, ahead, keyScales);
      },
      [&](int64_t key, int64_t keys, PrefetchStream &ahead) {
        pvBlocksStep<Format>(run, key, keys, scratch.probs, rows, valueChannels,
                             acc, scratch.granule, ahead, valueScales);
      });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_BLOCK_KERNELS_H
