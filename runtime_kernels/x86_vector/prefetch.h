//===- prefetch.h - the cache lines that decode will need -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a fixed distance ahead of the kernels of few rows through the granules
// in the order in which they read them: keys of a step, values of that step,
// keys of the next one, page by page through the block table. The stream of a
// whole run is either in one fused kernel or goes on from each call of qk to
// that of pv and back; keys and values may be of different types. Hardware
// prefetchers stop at every 4 KB page and know nothing of block tables. Lines
// go to the L2 cache: the L1 cache has too few fill buffers for a core's share
// of the memory (on Zen 4, decode over bf16 in DRAM: 9.2 GB/s into L1, 14.7
// GB/s into L2).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PREFETCH_H
#define FP8ATTN_X86_VECTOR_PREFETCH_H

#include "common/tile_layout.h"
#include "x86_vector/tile_dot.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// How far to fetch ahead, in bytes: several times the latency of memory times
/// the bandwidth of a core. Between 8 and 32 KB makes no difference.
constexpr int64_t kPrefetchBytes = 8192;

/// The part of a step that a kernel reads.
enum class StepPart { kKeys, kValues };

/// Fetches line by line while the kernel consumes line by line, always in a
/// granule some granules ahead. At the end of the run it stays on the last one,
/// which is in the cache. Reads no entry of the block table of tokens before
/// first_key or from num_keys on.
///
/// Few rows wait for memory; more than FP8ATTN_DECODE_ROWS compute for longer
/// than it takes, and share what they read: for them it fetches nothing.
class PrefetchStream {
public:
  /// For a kernel that begins with `part` of the step at `firstKey`, which has
  /// a key. At the begin of the run fetches the first kPrefetchBytes, in whole
  /// granules; later that has been done.
  PrefetchStream(const fp8attn_key_run &run, int64_t firstKey, int64_t rows,
                 StepPart part)
      : run(run), step(firstKey), key(firstKey),
        inValues(part == StepPart::kValues),
        fetches(rows <= FP8ATTN_DECODE_ROWS) {
    if (!fetches)
      return;
    const bool isBegin = firstKey == run.first_key && !inValues;
    for (int64_t done = 0; done < kPrefetchBytes;
         done += run.key_granule_bytes) {
      enterGranule();
      if (isBegin)
        advance(end - next);
      leaveGranule();
    }
    enterGranule();
  }

  /// Call when `bytes` bytes, a multiple of 64, of a granule are consumed, of
  /// few rows only. If the granule ahead is the smaller one, a few lines too
  /// many are fetched.
  [[gnu::always_inline]] void advance(int64_t bytes) {
    for (int64_t done = 0; done < bytes; done += kLine)
      _mm_prefetch(reinterpret_cast<const char *>(next + done), _MM_HINT_T1);
    next += bytes;
  }

  /// Call when a granule has been consumed: fetches what is left of the one
  /// ahead and turns to the one after it.
  void endGranule() {
    if (!fetches)
      return;
    if (next < end)
      advance(end - next);
    leaveGranule();
    enterGranule();
  }

private:
  static constexpr int64_t kLine = 64;

  void enterGranule() {
    const int64_t bytes =
        inValues ? run.value_granule_bytes : run.key_granule_bytes;
    next =
        inValues
            ? run.values + granuleOffset(run, run.value_page_bytes, key, bytes)
            : run.keys + granuleOffset(run, run.key_page_bytes, key, bytes);
    end = next + bytes;
  }

  void leaveGranule() {
    const int64_t stepEnd = step + stepKeys(step, run.num_keys);
    if (key + FP8ATTN_GRANULE < stepEnd) {
      key += FP8ATTN_GRANULE;
    } else if (!inValues) {
      inValues = true;
      key = step;
    } else if (stepEnd < run.num_keys) {
      inValues = false;
      key = step = stepEnd;
    }
  }

  const fp8attn_key_run &run;
  /// The step and the granule being fetched.
  int64_t step;
  int64_t key;
  bool inValues;
  const bool fetches;
  const uint8_t *next = nullptr, *end = nullptr;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PREFETCH_H
