//===- latent_prefetch.h - fetches latent keys a step ahead -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// attend reads the keys of a step of a latent cache twice in a row, for scores
// and for values, so that there is nothing to fetch for half of the time if it
// is fetched by what is read. Here the next step is fetched evenly beside both:
// a line of each of four granules in turn beside each tile, which is nearly all
// of them where most channels are values, and the rest at the end of the step.
// prefetch.h says why granules take turns, and why lines go to L2.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_PREFETCH_H
#define FP8ATTN_X86_AMX_LATENT_PREFETCH_H

#include "common/cache_layout.h"
#include "common/tile_layout.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Fetches the keys of one step after the other.
class LatentPrefetch {
public:
  /// For a kernel that begins with the step at `firstKey`, which it fetches at
  /// once.
  LatentPrefetch(const fp8attn_key_run &run, int64_t firstKey)
      : run(run), granuleBytes(run.key_granule_bytes) {
    enterStep(firstKey);
    endStep();
  }

  /// Turns to the step at `key`. Behind the last one it stays on the last line
  /// of the step before: it reads no entry of the block table of tokens from
  /// num_keys on.
  [[gnu::noinline]] void enterStep(int64_t key) {
    if (key >= run.num_keys)
      return;
    const int64_t granules =
        roundUp(stepKeys(key, run.num_keys), FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < 2 * kInTurn; ++i) {
      const int64_t granule = i < granules ? i : granules - 1;
      next[i] = run.keys + tokenOffset(run, run.key_page_bytes,
                                       key + granule * FP8ATTN_GRANULE,
                                       keyTokenBytes(run));
    }
    place = 0;
    end = granules > kInTurn ? 2 * granuleBytes : granuleBytes;
  }

  /// Fetches some turns of four lines; call beside a tile.
  template <int Turns> [[gnu::always_inline]] void fetch() {
#pragma clang loop unroll(full)
    for (int turn = 0; turn < Turns; ++turn) {
      // What has been fetched is fetched again, without a branch.
      const int64_t last = end - kLine;
      const int64_t at = place < last ? place : last;
      place = at + kLine;
      const bool isLater = at >= granuleBytes;
      const uint8_t *const *granules = isLater ? next + kInTurn : next;
      const int64_t offset = isLater ? at - granuleBytes : at;
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < kInTurn; ++i)
        _mm_prefetch(reinterpret_cast<const char *>(granules[i] + offset),
                     _MM_HINT_T1);
    }
  }

  /// Fetches two turns; call before each row of a softmax.
  [[gnu::noinline]] void fetchEarly(int64_t) { fetch<2>(); }

  /// Fetches what is left of the step.
  [[gnu::noinline]] void endStep() {
#pragma clang loop unroll(disable)
    while (place < end)
      fetch<1>();
  }

  /// Granules are not counted.
  void endGranule() {}

private:
  static constexpr int64_t kLine = 64;
  /// Granules in turn. A step has no more than two times as many.
  static constexpr int64_t kInTurn = 4;
  static_assert(2 * kInTurn * FP8ATTN_GRANULE == FP8ATTN_BLOCK_KEYS);

  const fp8attn_key_run &run;
  const int64_t granuleBytes;
  /// The granules of the step, the last one several times if there are fewer.
  const uint8_t *next[2 * kInTurn];
  /// How far turns are, and where they end, first of four granules and then of
  /// the others.
  int64_t place = 0, end = 0;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_PREFETCH_H
