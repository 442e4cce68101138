//===- attend.h - fused attention of few rows over a run --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// init, then qk, softmax and pv step by step: the very templates of the
// separate kernels, so that results agree bit by bit, with one prefetch stream
// running through all of them. It is attend, and prefill of so few rows that
// panels of decoded keys and values would not pay.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_ATTEND_H
#define FP8ATTN_X86_VECTOR_ATTEND_H

#include "x86_vector/pv.h"
#include "x86_vector/qk.h"
#include "x86_vector/softmax.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Most rows that go through a step together here.
constexpr int64_t kAttendRows = 2 * FP8ATTN_TILE_ROWS;

/// Scratch of attend: scores and probabilities of a step, then what qk and pv
/// need for a granule and the rows of A.
struct alignas(kLineBytes) AttendScratch {
  static constexpr int64_t kRowTiles = kAttendRows / FP8ATTN_TILE_ROWS;
  float scores[kRowTiles * kScoreTiles * kTileFloats];
  uint8_t probs[kRowTiles * kProbTiles * kProductTileBytes];
  uint8_t granule[FP8ATTN_KERNEL_SCRATCH_BYTES -
                  kRowTiles * (kScoreTiles * FP8ATTN_TILE_BYTES +
                               kProbTiles * kProductTileBytes)];
};
static_assert(sizeof(AttendScratch) == FP8ATTN_KERNEL_SCRATCH_BYTES);
static_assert(sizeof(AttendScratch::granule) >=
              RowDot::scratchBytes(kAttendRows, kProbTiles) + kPvScratchBytes);
static_assert(FP8ATTN_KERNEL_SCRATCH_BYTES >=
              RowDot::scratchBytes(FP8ATTN_BLOCK_ROWS, kProbTiles) +
                  kPvScratchBytes);
static_assert(sizeof(AttendScratch::granule) >=
              kGranuleWordBytes +
                  RowDot::scratchBytes(kAttendRows,
                                       FP8ATTN_MAX_CHANNELS / kPairedElements));

/// Attention of up to kAttendRows rows, step by step: qk(first key, keys,
/// stream) makes scores, and pv, likewise, adds what is weighted by the
/// probabilities.
template <class Qk, class Pv>
[[gnu::always_inline]] inline void
attendSteps(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
            int64_t rows, int64_t valueChannels, const float *rowScale,
            const int32_t *rowBegin, const int32_t *rowLimit, int64_t exponent,
            float *rowMax, float *rowSum, float *acc, AttendScratch &scratch,
            const Qk &qk, const Pv &pv) {
  initState(rows, valueChannels, rowMax, rowSum, acc);
  if (numKeys == 0)
    return;
  const int64_t end = firstKey + numKeys;
  PrefetchStream ahead(run, firstKey, firstKey, rows, StepPart::kKeys);
  for (int64_t key = firstKey, keys; key < end; key += keys) {
    keys = stepKeys(key, end);
    qk(key, keys, ahead);
    softmaxStep(key, keys, rows, scratch.scores, rowScale, rowBegin, rowLimit,
                exponent, valueChannels, rowMax, rowSum, acc, scratch.probs);
    pv(key, keys, ahead);
  }
}

/// An fp8attn_uk_attend_fn, for up to kAttendRows rows.
template <class Format>
[[gnu::noinline]] void
attendRun(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
          const uint8_t *query, int64_t rows, int64_t keyChannels,
          int64_t valueChannels, const float *rowScale, const int32_t *rowBegin,
          const int32_t *rowLimit, int64_t exponent, float *rowMax,
          float *rowSum, float *acc, AttendScratch &scratch) {
  attendSteps(
      run, firstKey, numKeys, rows, valueChannels, rowScale, rowBegin, rowLimit,
      exponent, rowMax, rowSum, acc, scratch,
      [&](int64_t key, int64_t keys, PrefetchStream &ahead) {
        qkStep<Format>(run, key, keys, query, rows, keyChannels, scratch.scores,
                       scratch.granule, ahead);
      },
      [&](int64_t key, int64_t keys, PrefetchStream &ahead) {
        pvStep<Format>(run, key, keys, scratch.probs, rows, valueChannels, acc,
                       scratch.granule, ahead);
      });
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_ATTEND_H
