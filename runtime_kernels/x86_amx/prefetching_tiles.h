//===- prefetching_tiles.h - fetches what the next GEMM reads ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Few rows wait for memory. While qk multiplies the keys of a step, it fetches
// the values of that step, and pv the keys of the next step: a GEMM, of tens of
// KB, ahead, line by line with the tiles that are used, in groups of granules
// as x86_vector/prefetch.h does. Which tiles of a granule come first does not
// matter then, nor the element type of the other GEMM. Where pages are no whole
// granules, what is contiguous takes the granule's place. Lines go to the L2
// cache, which holds them until the GEMM begins; a whole GEMM would not fit
// into L1.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_PREFETCHING_TILES_H
#define FP8ATTN_X86_AMX_PREFETCHING_TILES_H

#include "x86_amx/cache_tiles.h"
#include "x86_vector/prefetch.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The granules that the GEMM after one of `operand` reads, a share for each
/// tile.
class NextGranules {
public:
  /// `firstKey` and `numKeys` are those of the GEMM that runs, in `numTiles`
  /// tiles. After the last step there is nothing to fetch, and no entry of the
  /// block table from num_keys on is read.
  NextGranules(const fp8attn_key_run &run, Operand operand, int64_t firstKey,
               int64_t numKeys, int64_t numTiles)
      : run(run), isKeys(operand == Operand::kValues),
        together(fp8attn_tokens_together(run.page_tokens)),
        stretchBytes((isKeys ? keyTokenBytes(run) : valueTokenBytes(run)) *
                     together),
        key(isKeys ? firstKey + numKeys : firstKey),
        endKey(key + stepKeys(key, run.num_keys)) {
    const int64_t stretches = roundUp(endKey - key, together) / together;
    bytesPerTile =
        roundUp(stretches * roundUp(stretchBytes, kLine), numTiles * kLine) /
        numTiles;
  }

  /// Call once for each tile.
  void fetchShare() {
    for (int64_t done = 0; done < bytesPerTile; done += kLine) {
      if (place == groupSize && !nextTurn())
        return;
      _mm_prefetch(group[place++] + offset, _MM_HINT_T1);
    }
  }

private:
  static constexpr int64_t kLine = 64;

  /// Goes to the next line of the group's stretches, or to the next group;
  /// returns whether there is one.
  bool nextTurn() {
    if (groupSize > 0 && (offset += kLine) < stretchBytes) {
      place = 0;
      return true;
    }
    groupSize = place = offset = 0;
    const int64_t pageBytes =
        isKeys ? run.key_page_bytes : run.value_page_bytes;
    for (; groupSize < granulesInTurn(stretchBytes) && key < endKey;
         key += together)
      group[groupSize++] =
          (isKeys ? run.keys : run.values) +
          tokenOffset(run, pageBytes, key, stretchBytes / together);
    return groupSize > 0;
  }

  const fp8attn_key_run &run;
  bool isKeys;
  /// Tokens that are contiguous, and their bytes.
  int64_t together, stretchBytes;
  int64_t bytesPerTile;
  /// The first token after the group, and where the part ends.
  int64_t key;
  int64_t endKey;
  /// The group being fetched, its next stretch and the line in it.
  const uint8_t *group[kLinesInTurn];
  int64_t groupSize = 0, place = 0, offset = 0;
};

/// StepTiles that fetch what the next GEMM reads for one row tile. More of them
/// compute for longer than the memory takes, and share what they read.
template <typename Format>
class PrefetchingStepTiles : public StepTiles<Format> {
public:
  PrefetchingStepTiles(const fp8attn_key_run &run, Operand operand,
                       int64_t firstKey, int64_t numKeys, int64_t channels,
                       int64_t rowTiles)
      : StepTiles<Format>(run, operand, firstKey, numKeys, channels,
                          columnsPerSet(rowTiles)),
        ahead(run, operand, firstKey, numKeys, this->numTiles()),
        fetches(rowTiles == 1) {}

  void advance() {
    StepTiles<Format>::advance();
    if (fetches)
      ahead.fetchShare();
  }

private:
  NextGranules ahead;
  bool fetches;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_PREFETCHING_TILES_H
