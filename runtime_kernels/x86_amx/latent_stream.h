//===- latent_stream.h - attention of many rows over latent keys -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// prefill over a latent cache, whose values are the first channels of its keys.
// Rows are taken in groups of up to eight row tiles, each of which goes through
// a step of keys in two passes over the same granules:
//   scores   a granule is decoded to words that stay in the first-level cache,
//            once for all pairs of row tiles (latent_scores.h, latent_keys.h)
//   values   tiles of values are made of keys beside the products, once for
//            four row tiles (latent_value_stream.h)
// So neither keys nor values are kept as words: a prototype on a Sapphire
// Rapids took a quarter longer when they went through the second-level cache.
//
// Every sum is the chain of products that qk and pv have, and the softmax is
// theirs, so that results have their bits. What the streams cannot do is done
// as they do it: the softmax of two row tiles in which a maximum is yet to be
// found or turns out to be too low, and values of a step with NaN or infinity.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_STREAM_H
#define FP8ATTN_X86_AMX_LATENT_STREAM_H

#include "x86_amx/latent_scores.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The keys and rows of a call of prefill over a latent cache. `Keys` is
/// LatentKeys or MixedKeys.
template <class Keys> class LatentStream {
public:
  using Format = typename Keys::Format;

  LatentStream(Keys &keys, int64_t firstKey, int64_t endKey,
               int64_t keyChannels, int64_t valueChannels, int64_t exponent,
               LatentScratch &scratch)
      : keys(keys), firstKey(firstKey), endKey(endKey),
        keyChannels(keyChannels), valueChannels(valueChannels),
        scratch(scratch), scores(keys, firstKey, endKey, keyChannels,
                                 valueChannels, exponent, scratch) {}

  /// Turns to up to kGroupRows rows. Returns whether they see a key.
  bool enterGroup(const uint8_t *query, int64_t rows, const PrefillRows &state,
                  float *acc) {
    groupRows = rows;
    groupAcc = acc;
    groupBegin = endKey;
    groupEnd = 0;
    for (numPairs = 0; numPairs * kPairRows < rows; ++numPairs) {
      const int64_t row = numPairs * kPairRows;
      PairBlock &pair = scratch.pairs[numPairs];
      loadRows({state.scale + row, state.begin + row, state.limit + row,
                state.max + row, state.sum + row},
               rows - row < kPairRows ? rows - row : kPairRows, endKey, pair);
      pair.query = query + row * keyChannels * kWordBytes;
      pair.acc = acc + row * valueChannels;
      groupBegin = pair.begin < groupBegin ? pair.begin : groupBegin;
      groupEnd = pair.end > groupEnd ? pair.end : groupEnd;
    }
    groupBegin = groupBegin > firstKey ? groupBegin : firstKey;
    return groupBegin < groupEnd;
  }

  /// Adds what the group sees of the step of keys [first, first + keys), and
  /// fetches ahead if `fetches`. Returns whether that is any.
  bool addStep(int64_t first, int64_t keys, bool fetches) {
    const int64_t end = first + keys < groupEnd ? first + keys : groupEnd;
    const int64_t begin = first > groupBegin ? first : groupBegin;
    if (begin >= end)
      return false;
    stepFirst = begin;
    stepCount = end - begin;
    granules = roundUp(stepCount, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
    const bool hasSpecial = scores.addStep(begin, stepCount, numPairs, fetches);
    for (float &sum : scratch.sums)
      sum = 0;
    const Start start = begin == groupBegin ? Start::kZero : Start::kMemory;
    if (hasSpecial) [[unlikely]]
      addValuesInPhases(start);
    else
      addValues(start);
    for (int64_t pair = 0; pair < numPairs; ++pair)
      endStep(pair);
    return true;
  }

private:
  /// The operands of the values of the step for row tiles from `tile` on.
  LatentValueStep valuesFrom(int64_t tile, Start start) const {
    LatentValueStep step;
    step.probs = scratch.probs + tile * kProbPitch;
    for (int64_t granule = 0; granule < granules; ++granule)
      step.keys[granule] =
          keys.granuleAt(stepFirst + granule * FP8ATTN_GRANULE);
    step.halfBytes = keys.run().key_granule_bytes / 2;
    step.granules = granules;
    step.columns = valueChannels / kFloatColumns;
    step.acc = reinterpret_cast<uint8_t *>(groupAcc + tile * FP8ATTN_TILE_ROWS *
                                                          valueChannels);
    step.start = start;
    step.rowSum = scratch.sums + tile * FP8ATTN_TILE_ROWS;
    return step;
  }

  int64_t groupTiles() const {
    return roundUp(groupRows, FP8ATTN_TILE_ROWS) / FP8ATTN_TILE_ROWS;
  }

  /// Adds the weighted values and the denominators of a step of finite keys.
  void addValues(Start start) {
    const int64_t tiles = groupTiles();
    for (int64_t tile = 0; tile < tiles; tile += kLatentRowTiles) {
      const LatentValueStep step = valuesFrom(tile, start);
      switch (tiles - tile) {
      case 1:
        streamLatentValues<Format, 1>(step, scratch.ring);
        break;
      case 2:
        streamLatentValues<Format, 2>(step, scratch.ring);
        break;
      case 3:
        streamLatentValues<Format, 3>(step, scratch.ring);
        break;
      default:
        streamLatentValues<Format, kLatentRowTiles>(step, scratch.ring);
      }
    }
  }

  /// The same of keys with NaN or infinity, as pv does it.
  [[gnu::noinline, gnu::cold]] void addValuesInPhases(Start start) {
    if (start == Start::kZero)
      emptySums(groupAcc, groupRows, valueChannels);
    for (int64_t row = 0; row < groupRows; row += FP8ATTN_BLOCK_ROWS) {
      const int64_t rows = groupRows - row < FP8ATTN_BLOCK_ROWS
                               ? groupRows - row
                               : FP8ATTN_BLOCK_ROWS;
      withRowTiles(rows, [&](auto rowTiles) {
        TileStream<Format, StepTiles<Format>> values(
            {keys.run(), Operand::kValues, keys.place(stepFirst), stepCount,
             valueChannels, columnsPerSet(rowTiles)},
            scratch.exact);
        addWeightedValues<rowTiles, Format>(
            keys.run(), keys.place(stepFirst), stepCount,
            scratch.probs + row / FP8ATTN_TILE_ROWS * kProbPitch, rows,
            valueChannels, groupAcc + row * valueChannels, values);
      });
    }
    for (int64_t tile = 0; tile < groupTiles(); ++tile)
      for (int64_t row = 0; row < FP8ATTN_TILE_ROWS; ++row)
        addProbSums<1>(valuesFrom(tile, start), row);
  }

  /// Gives the caller the state of a pair.
  void endStep(int64_t number) {
    PairBlock &pair = scratch.pairs[number];
    // That of phases has its denominators.
    if (!scores.wasInPhases(number))
      for (int64_t row = 0; row < kPairRows; ++row)
        pair.rowSum[row] += scratch.sums[number * kPairRows + row];
    storeRows(pair);
  }

  Keys &keys;
  const int64_t firstKey, endKey, keyChannels, valueChannels;
  LatentScratch &scratch;
  LatentScores<Keys> scores;

  /// The group, and the keys that its rows see.
  int64_t groupRows, numPairs, groupBegin, groupEnd;
  float *groupAcc;
  /// The step as the group sees it.
  int64_t stepFirst, stepCount, granules;
};

/// Attention of rows over keys [firstKey, endKey). See fp8attn_uk_prefill_fn.
template <class Keys>
[[gnu::noinline]] static void
streamRows(Keys &keys, int64_t firstKey, int64_t endKey, const void *query,
           int64_t numRows, int64_t keyChannels, int64_t valueChannels,
           const PrefillRows &rows, int64_t exponent, float *acc,
           LatentScratch &scratch) {
  LatentStream<Keys> stream(keys, firstKey, endKey, keyChannels, valueChannels,
                            exponent, scratch);
  const auto enter = [&](int64_t row) {
    const int64_t left = numRows - row;
    return stream.enterGroup(static_cast<const uint8_t *>(query) +
                                 row * keyChannels * kWordBytes,
                             left < kGroupRows ? left : kGroupRows,
                             {rows.scale + row, rows.begin + row,
                              rows.limit + row, rows.max + row, rows.sum + row},
                             acc + row * valueChannels);
  };
  emptyRows(numRows, rows);
  for (int64_t row = 0; row < numRows; row += kGroupRows)
    if (!enter(row))
      emptySums(acc + row * valueChannels,
                numRows - row < kGroupRows ? numRows - row : kGroupRows,
                valueChannels);
  for (int64_t first = firstKey, keys; first < endKey; first += keys) {
    keys = stepKeys(first, endKey);
    bool fetches = true;
    for (int64_t row = 0; row < numRows; row += kGroupRows)
      if (enter(row) && stream.addStep(first, keys, fetches))
        fetches = false;
  }
}

/// See fp8attn_uk_prefill_fn; over a latent cache.
template <class Format>
static void prefillLatent(const fp8attn_key_run &run, int64_t firstKey,
                          int64_t numKeys, const void *query, int64_t numRows,
                          int64_t keyChannels, int64_t valueChannels,
                          const PrefillRows &rows, int64_t exponent, float *acc,
                          void *scratchMemory) {
  using Keys = LatentKeys<Format>;
  struct Scratch {
    LatentScratch rows;
    typename Keys::Scratch keys;
  };
  static_assert(sizeof(Scratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(0, 0));
  auto &scratch = *static_cast<Scratch *>(scratchMemory);
  Keys keys(run, keyChannels, scratch.keys);
  streamRows(keys, firstKey, firstKey + numKeys, query, numRows, keyChannels,
             valueChannels, rows, exponent, acc, scratch.rows);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_STREAM_H
