//===- prefetch.h - the cache lines that decode will need -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs some granules ahead of the kernels of few rows: through keys of a step,
// values of that step, keys of the next one, page by page through the block
// table. The stream of a whole run is either in one fused kernel or goes on
// from each call of qk to that of pv and back; keys and values may be of
// different types.
//
// Granules are fetched in groups, the lines of a group's granules in turn:
// memory delivers several streams at once faster than one after the other, and
// what stands in one page hides the misses of another. While a granule is
// consumed, an equal share of each granule of a group ahead is fetched, line by
// line. Hardware prefetchers stop at every 4 KB page and know nothing of block
// tables. In a latent cache, granules of values have no lines of their own to
// fetch. Where pages are no whole granules, each half of a granule is a stream.
// At the end of a run the stream goes on with the one that the thread reads
// next, so that a short run does not begin by waiting. Where tokens are rows,
// those of a granule are fetched when one has been consumed, to the end of the
// run. Lines go to the L2 cache: the L1 cache has too few fill buffers for a
// core's share of the memory (on Zen 4, decode over bf16 in DRAM: 9.2 GB/s into
// L1, 14.7 GB/s into L2).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PREFETCH_H
#define FP8ATTN_X86_VECTOR_PREFETCH_H

#include "common/cache_layout.h"
#include "common/tile_layout.h"

#include <immintrin.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Lines of a turn through a group of granules. There are as many granules, or
/// half as many with two lines each if they are large: these are far enough
/// ahead then.
constexpr int64_t kLinesInTurn = 8;
constexpr int64_t kLargeGranule = 4096;

/// Returns the granules in a group of those of `bytes` bytes.
constexpr int64_t granulesInTurn(int64_t bytes) {
  return bytes < kLargeGranule ? kLinesInTurn : kLinesInTurn / 2;
}

/// Most rows for which lines are fetched ahead.
constexpr int64_t kFetchingRows = 2 * FP8ATTN_TILE_ROWS;

/// Lines that follow each other, which a loop fetches on the way, one now and
/// then.
struct LinesAhead {
  const uint8_t *next, *end;
};

/// The part of a step that a kernel reads.
enum class StepPart { kKeys, kValues };

/// The granules of a run in the order in which attention reads them.
class GranuleOrder {
public:
  struct Granule {
    /// Its first token.
    int64_t key;
    StepPart part;
    /// 0 of values in a latent cache.
    int64_t bytes;
    /// Of tokens that are rows, anything that may be fetched.
    GranuleHalves data;
  };

  /// Of keys [firstKey, run.num_keys), of which there is one; the first step
  /// begins with firstKey.
  GranuleOrder(const fp8attn_key_run &run, int64_t firstKey)
      : run(run), firstKey(firstKey), firstStep(stepGranules(firstKey)),
        numGranules(2 * granules(run.num_keys - firstKey)) {}

  int64_t size() const { return numGranules; }

  /// Returns the number of the first granule that `part` of the step at `key`
  /// reads.
  int64_t numberOf(int64_t key, StepPart part) const {
    const int64_t step = 2 * granules(key - firstKey);
    return part == StepPart::kKeys ? step : step + stepGranules(key);
  }

  /// Whether the order goes on with another run. Not behind a run of less than
  /// a group, which is over before that has come, nor of rows.
  bool hasNext() const {
    return run.next.num_keys > 0 && numGranules >= groupSize(run) &&
           !hasRows(run);
  }
  /// Returns the granules of a run that are fetched in turn, a power of two.
  static int64_t groupSize(const fp8attn_key_run &run) {
    if (!hasWholeGranules(run))
      return kLinesInTurn / 2;
    return granulesInTurn((run.key_granule_bytes + run.value_granule_bytes) /
                          2);
  }

  /// Returns granule `number`, or one of the next run if there are no more, or
  /// the last one if that has no more, either: reads no entry of the block
  /// table of tokens before firstKey (or where the next run begins) or from
  /// num_keys on.
  Granule at(int64_t number) const {
    if (number >= numGranules) {
      if (hasNext())
        return atNext(number - numGranules);
      number = numGranules - 1;
    }
    int64_t key = firstKey, inStep = number, count = firstStep;
    if (number >= 2 * firstStep) {
      const int64_t later = number - 2 * firstStep;
      constexpr int64_t kInStep = 2 * FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;
      key += firstStep * FP8ATTN_GRANULE + later / kInStep * FP8ATTN_BLOCK_KEYS;
      inStep = later % kInStep;
      count = stepGranules(key);
    }
    if (inStep < count)
      return make(key + inStep * FP8ATTN_GRANULE, StepPart::kKeys);
    return make(key + (inStep - count) * FP8ATTN_GRANULE, StepPart::kValues);
  }

private:
  [[gnu::noinline]] Granule atNext(int64_t number) const {
    fp8attn_key_run next = run;
    next.keys = run.next.keys;
    next.values = run.next.values;
    next.pages = run.next.pages;
    next.first_key = run.next.first_key;
    next.num_keys = run.next.num_keys;
    next.next = {};
    return GranuleOrder(next, next.first_key).at(number);
  }
  static int64_t granules(int64_t keys) {
    return (keys + FP8ATTN_GRANULE - 1) / FP8ATTN_GRANULE;
  }
  Granule make(int64_t key, StepPart part) const {
    const bool areKeys = part == StepPart::kKeys;
    const int64_t bytes =
        areKeys ? run.key_granule_bytes : run.value_granule_bytes;
    if (hasRows(run))
      return {key, part, bytes, {run.keys, run.keys}};
    return {key, part, bytes,
            areKeys || isLatent(run)
                ? findHalves(run, run.keys, run.key_page_bytes, key,
                             keyTokenBytes(run))
                : findHalves(run, run.values, run.value_page_bytes, key,
                             valueTokenBytes(run))};
  }
  /// Granules of keys in the step at `key`.
  int64_t stepGranules(int64_t key) const {
    return granules(stepKeys(key, run.num_keys));
  }

  const fp8attn_key_run &run;
  int64_t firstKey;
  /// Granules of keys in the first step.
  int64_t firstStep;
  int64_t numGranules;
};

/// Fetches line by line while the kernel consumes line by line: at the end of
/// the run the begin of the next one, or the last granule again if there is
/// none.
///
/// Few rows wait for memory; more than kFetchingRows compute for longer than it
/// takes, and share what they read: for them it fetches nothing.
class PrefetchStream {
public:
  /// For a kernel that begins with `part` of the step at `key`, which has a
  /// key, in a run that is read from `firstKey` on. At the begin of the run
  /// fetches what the stream then is ahead; later that has been done. So it has
  /// of a run that another one had as its next: asking again costs little, and
  /// brings lines for which the memory had no time then.
  PrefetchStream(const fp8attn_key_run &run, int64_t firstKey, int64_t key,
                 int64_t rows, StepPart part)
      : run(run), order(run, firstKey), fetches(rows <= kFetchingRows),
        isWhole(hasWholeGranules(run)) {
    if (!fetches)
      return;
    const int64_t pair = run.key_granule_bytes + run.value_granule_bytes;
    groupSize = GranuleOrder::groupSize(run);
    turnBytes = isWhole ? kLinesInTurn / groupSize * kLine : kLine;
    lead = 2 * kLeadBytes / pair;
    if (lead < groupSize)
      lead = groupSize;
    // What comes behind a short run is fetched as it is consumed, not at once.
    if (lead > order.size())
      lead = order.size();
    consumed = order.numberOf(key, part);
    if (consumed == 0)
      fetchLead();
    enterGroup();
  }

  /// Call for each of eight parts of equal size, 0 to 7, of what is consumed
  /// next of a granule, with the bytes of a part: 1, 2, 4 or 8 lines. Then call
  /// endParts. Of few rows only. If the granules ahead are the smaller ones, a
  /// few lines are fetched that are not needed yet.
  [[gnu::always_inline]] void fetch(int64_t part, int64_t bytes) const {
    fetch(part, bytes, place());
  }
  /// The same from place(), which a loop reads once.
  [[gnu::always_inline]] int64_t place() const { return offset; }
  [[gnu::always_inline]] void fetch(int64_t part, int64_t bytes,
                                    int64_t place) const {
    const int64_t line = part * (bytes / kLine);
    const int64_t turn = place + line / kLinesInTurn * turnBytes;
    for (int64_t i = 0; i < bytes / kLine; ++i)
      _mm_prefetch(
          reinterpret_cast<const char *>(next[line % kLinesInTurn + i] + turn),
          _MM_HINT_T1);
  }
  [[gnu::always_inline]] void endParts(int64_t bytes) {
    if (done < shareBytes)
      done += bytes / kLine * turnBytes;
    // Of a share that was fetched early the begin is fetched again, which costs
    // no memory.
    offset = done < shareBytes ? done : 0;
  }

  /// Fetches early what eight parts of `bytes` bytes would, if that much of the
  /// share is left: where nothing is consumed for a while.
  [[gnu::noinline]] void fetchEarly(int64_t bytes) {
    if (!fetches || done >= shareBytes)
      return;
#pragma clang loop unroll(disable)
    for (int64_t part = 0; part < kLinesInTurn; ++part)
      fetch(part, bytes);
    endParts(bytes);
  }

  /// Call when a granule has been consumed: fetches what is left of the share.
  void endGranule() {
    if (!fetches)
      return;
    while (done < shareBytes)
      fetchEarly(kLine);
    if (hasRows(run))
      return endRows();
    if (++consumed == order.size())
      endRun();
    else if ((consumed & (groupSize - 1)) == 0)
      enterGroup();
    else
      nextShare();
  }

private:
  static constexpr int64_t kLine = 64;
  /// How far to fetch ahead, at least: several times the latency of memory
  /// times the bandwidth of a core.
  static constexpr int64_t kLeadBytes = 16384;

  void nextShare() {
    for (int64_t i = 0; i < kLinesInTurn; ++i)
      next[i] += share[i];
    offset = done = 0;
  }

  /// Fetches what is left of the group ahead: other shares than those of the
  /// granules that were there to be consumed.
  [[gnu::noinline]] void endRun() {
    const int64_t left = order.hasNext() ? -consumed & (groupSize - 1) : 0;
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < left; ++i) {
      nextShare();
      while (done < shareBytes)
        fetchEarly(kLine);
    }
  }

  /// Fetches a granule for one that has been consumed.
  [[gnu::noinline]] void endRows() {
    if (lead + consumed < order.size())
      fetchRows(order.at(lead + consumed));
    ++consumed;
  }

  [[gnu::noinline]] void fetchLead() {
    for (int64_t i = 0; i < lead; ++i) {
      const GranuleOrder::Granule granule = order.at(i);
      if (hasRows(run)) {
        fetchRows(granule);
        continue;
      }
      fetchLines(granule.data.early, granule.bytes / 2);
      fetchLines(granule.data.late, granule.bytes / 2);
    }
  }

  static void fetchLines(const uint8_t *from, int64_t bytes) {
#pragma clang loop unroll(disable)
    for (int64_t line = 0; line < bytes; line += kLine)
      _mm_prefetch(reinterpret_cast<const char *>(from + line), _MM_HINT_T1);
  }

  /// Of a granule whose tokens are rows, which need not begin with a line.
  [[gnu::noinline]] void fetchRows(const GranuleOrder::Granule &granule) const {
    const int64_t bytes = granule.bytes / FP8ATTN_GRANULE;
    if (bytes == 0)
      return;
    const int64_t end = granule.key + FP8ATTN_GRANULE < run.num_keys
                            ? granule.key + FP8ATTN_GRANULE
                            : run.num_keys;
    for (int64_t token = granule.key; token < end; ++token) {
      const uint8_t *row = granule.part == StepPart::kKeys
                               ? keyRow(run, token)
                               : valueRow(run, token);
      const auto inLine =
          static_cast<int64_t>(reinterpret_cast<uintptr_t>(row) % kLine);
      fetchLines(row - inLine, inLine + bytes);
    }
  }

  /// Turns to the group of which shares are fetched from now on, and in it to
  /// that of the granule being consumed. Granules have a multiple of eight
  /// lines (common/cache_layout.h).
  [[gnu::noinline]] void enterGroup() {
    const int64_t inGroup = consumed & (groupSize - 1);
    offset = done = shareBytes = 0;
    // What may be in one page: granules or their halves.
    const int64_t shares = isWhole ? groupSize : kLinesInTurn;
#pragma clang loop unroll(disable)
    for (int64_t i = 0; i < groupSize; ++i) {
      const GranuleOrder::Granule granule =
          order.at(lead + consumed - inGroup + i);
      share[i] = hasRows(run) ? 0 : granule.bytes / shares;
      next[i] = granule.data.early + inGroup * share[i];
      if (!isWhole) {
        share[i + groupSize] = share[i];
        next[i + groupSize] = granule.data.late + inGroup * share[i];
      }
      if (share[i] > shareBytes)
        shareBytes = share[i];
    }
    if (!isWhole)
      return;
#pragma clang loop unroll(disable)
    for (int64_t i = groupSize; i < kLinesInTurn; ++i) {
      share[i] = share[i - groupSize];
      next[i] = next[i - groupSize] + kLine;
    }
  }

  const fp8attn_key_run &run;
  const GranuleOrder order;
  const bool fetches;
  /// Whether a page has whole granules.
  const bool isWhole;
  /// Where the share of each granule begins, for each line of a turn.
  const uint8_t *next[kLinesInTurn];
  /// How far the turns are in it, where the next one is, and all of it, of the
  /// largest granule.
  int64_t done = 0, offset = 0, shareBytes = 0;
  /// Bytes of a granule that a turn fetches.
  int64_t turnBytes = 0;
  int64_t share[kLinesInTurn];
  /// A power of two.
  int64_t groupSize = 0;
  /// Granules from the one being consumed to the one being fetched, where both
  /// are the first of their groups.
  int64_t lead = 0;
  /// Granules consumed.
  int64_t consumed = 0;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PREFETCH_H
