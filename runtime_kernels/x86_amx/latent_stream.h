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
//            once for all pairs of row tiles (latent_score_stream.h)
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

#include "x86_amx/latent_score_stream.h"
#include "x86_amx/latent_value_stream.h"
#include "x86_amx/step.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Pairs of row tiles of a group, and its rows: their queries, sums and
/// probabilities are half a megabyte for the largest heads.
constexpr int64_t kGroupPairs = 4;
constexpr int64_t kGroupRows = kGroupPairs * kPairRows;
constexpr int64_t kGroupTiles = kGroupRows / FP8ATTN_TILE_ROWS;
/// Granules from the one that is multiplied to the one that is fetched.
constexpr int64_t kGranulesAhead = 2;

using PairBlock = SomeRowBlock<kPairRows>;

/// What a call keeps.
struct LatentScratch {
  alignas(64) uint8_t keys[FP8ATTN_GRANULE * FP8ATTN_MAX_CHANNELS * 2];
  alignas(64) uint8_t probs[kGroupTiles * kProbPitch];
  alignas(64) uint8_t ring[kLatentRingBytes];
  /// Of the pair that is multiplied, and of the one before.
  alignas(64) uint8_t scores[2][kPairScoreBytes];
  /// Of a pair in phases; also where probabilities of no rows go.
  alignas(64) float phaseScores[kPairRows * FP8ATTN_BLOCK_KEYS];
  alignas(64) uint8_t exact[4 * FP8ATTN_TILE_BYTES];
  alignas(64) float sums[kGroupRows];
  PairBlock pairs[kGroupPairs];
  /// Rows of no pair, for what has no pair before it.
  SomeRows<kPairRows> noRows;
};
static_assert(sizeof(LatentScratch::phaseScores) >=
              kProbPitch + FP8ATTN_TILE_BYTES);

/// The keys and rows of a call of prefill over a latent cache.
template <class Format> class LatentStream {
public:
  LatentStream(const fp8attn_key_run &run, int64_t firstKey, int64_t endKey,
               int64_t keyChannels, int64_t valueChannels, int64_t exponent,
               LatentScratch &scratch)
      : run(run), firstKey(firstKey), endKey(endKey), keyChannels(keyChannels),
        valueChannels(valueChannels), exponent(exponent), scratch(scratch) {
    // Scores of nothing are finite.
    storeZeros(scratch.scores, sizeof(scratch.scores));
    scratch.noRows.clear();
    for (int64_t i = 0; i < kGranulesAhead; ++i)
      if (firstKey + i * FP8ATTN_GRANULE < endKey)
        fetch(firstKey + i * FP8ATTN_GRANULE);
  }

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
    const bool hasSpecial = addScores(fetches);
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
  static constexpr bool kWordsInCache = NextKeys<Format>::kWordsInCache;

  const uint8_t *granuleAt(int64_t key) const {
    return keyGranule<Format::kBytes>(run, key, keyChannels);
  }

  void fetch(int64_t key) const {
    const uint8_t *const granule = granuleAt(key);
    for (int64_t byte = 0; byte < run.key_granule_bytes; byte += kLineBytes)
      _mm_prefetch(reinterpret_cast<const char *>(granule + byte), _MM_HINT_T1);
  }

  int64_t depth() const { return keyChannels / kBf16Columns; }

  /// The words of a granule that has been decoded.
  const uint8_t *wordsOf(int64_t key) const {
    return kWordsInCache ? granuleAt(key) : scratch.keys;
  }

  /// Decodes the granule at `key` with its NaN and infinities.
  [[gnu::noinline, gnu::cold]] void decodeExactly(int64_t key) {
    if constexpr (!kWordsInCache)
      decodeTiles<Format, Specials::kExact>(granuleAt(key), 2 * depth(),
                                            scratch.keys);
  }

  /// Decodes the first granule of a step, with nothing beside it. Returns
  /// whether there are NaN or infinity.
  [[gnu::noinline]] bool decodeFirst() {
    bool special = false;
    for (int64_t tile = 0; tile < 2 * depth(); ++tile) {
      const uint8_t *from =
          granuleAt(stepFirst) + tile * kCacheTileBytes<Format>;
      if constexpr (kWordsInCache)
        special |= hasSpecial<Format>(from);
      else
        special |= decodeTiles<Format, Specials::kDetect>(
            from, 1, scratch.keys + tile * FP8ATTN_TILE_BYTES);
    }
    if (special) [[unlikely]]
      decodeExactly(stepFirst);
    return special;
  }

  /// The probabilities of a pair and a granule of the step.
  uint8_t *probsOf(int64_t pair, int64_t granule) const {
    return scratch.probs + 2 * pair * kProbPitch + granule * FP8ATTN_TILE_BYTES;
  }

  /// The last pair that is not done in phases, or -1.
  int64_t lastInStream() const {
    int64_t pair = numPairs - 1;
    while (pair >= 0 && inPhases[pair])
      --pair;
    return pair;
  }

  /// Computes the probabilities of the step. Returns whether there may be NaN
  /// or infinity among its keys.
  bool addScores(bool fetches) {
    for (int64_t pair = 0; pair < numPairs; ++pair) {
      inPhases[pair] = !setMaxima(scratch.pairs[pair], stepFirst, stepCount);
      largest[pair] = _mm512_setzero_si512();
    }
    bool special = decodeFirst();
    before = -1;
    for (int64_t granule = 0; granule < granules; ++granule) {
      const int64_t key = stepFirst + granule * FP8ATTN_GRANULE;
      const int64_t later = key + kGranulesAhead * FP8ATTN_GRANULE;
      const uint8_t *ahead =
          fetches && later < endKey ? granuleAt(later) : nullptr;
      const int64_t last = lastInStream();
      // Nobody looks at the other keys then.
      if (last < 0)
        special = true;
      for (int64_t pair = 0; pair <= last; ++pair)
        if (!inPhases[pair])
          special |= multiply(pair, granule,
                              pair == last && granule + 1 < granules, ahead);
    }
    if (before >= 0)
      finishPair(beside, exponent, largest[before]);
    for (int64_t pair = 0; pair < numPairs; ++pair) {
      inPhases[pair] |= HalfSoftmax::mayExceed(largest[pair], exponent);
      if (inPhases[pair]) [[unlikely]]
        addScoresInPhases(pair);
    }
    return special;
  }

  /// Multiplies a pair with a granule beside the softmax of the one before, and
  /// decodes the next granule if `decodes`. Returns whether that has NaN or
  /// infinity.
  bool multiply(int64_t pair, int64_t granule, bool decodes,
                const uint8_t *ahead) {
    PairBlock &block = scratch.pairs[pair];
    const int64_t key = stepFirst + granule * FP8ATTN_GRANULE;
    // Who fetches: one pair, the first two or the first four.
    const int64_t fetching = numPairs >= 4 ? 4 : numPairs >= 2 ? 2 : 1;
    const int64_t lines =
        ahead && pair < fetching
            ? 2 * kCacheTileBytes<Format> / kLineBytes / fetching
            : 0;
    const PairProduct product = {
        block.query,
        wordsOf(key),
        depth(),
        scratch.scores[slot],
        ahead ? ahead + pair * lines * depth() * kLineBytes : nullptr,
        lines};
    __m512i none = _mm512_setzero_si512();
    __m512i *words = before < 0 ? &none : &largest[before];
    if (before >= 0 && beside.rows->areMasked(beside.firstKey)) {
      finishPair(beside, exponent, *words);
      before = -1;
    }
    if (before < 0) {
      beside = {&scratch.noRows, 0, scratch.scores[1 - slot],
                reinterpret_cast<uint8_t *>(scratch.phaseScores)};
      words = &none;
    }
    const bool special = block.isFull()
                             ? multiplyTiles<2>(product, decodes, key, *words)
                             : multiplyTiles<1>(product, decodes, key, *words);
    before = pair;
    beside = {&block.rows, key, product.scores, probsOf(pair, granule)};
    slot = 1 - slot;
    if (granule == 0 && !findMaxima(block, stepFirst, product.scores)) {
      inPhases[pair] = true;
      before = -1;
    }
    return special;
  }

  template <int Tiles>
  bool multiplyTiles(const PairProduct &product, bool decodes, int64_t key,
                     __m512i &words) {
    if (depth() >= FP8ATTN_TILE_ROWS)
      return multiplyRows<Tiles, 1>(product, decodes, key, words);
    return multiplyRows<Tiles, 2>(product, decodes, key, words);
  }

  template <int Tiles, int RowsBeside>
  bool multiplyRows(const PairProduct &product, bool decodes, int64_t key,
                    __m512i &words) {
    if (!decodes) {
      streamPair<Tiles, RowsBeside>(product, beside, exponent, words);
      return false;
    }
    const int64_t next = key + FP8ATTN_GRANULE;
    const bool special = streamPairAndKeys<Format, Tiles, RowsBeside>(
        product, beside, exponent, words, granuleAt(next), scratch.keys);
    if (special) [[unlikely]]
      decodeExactly(next);
    return special;
  }

  /// The scores and the softmax of a pair in the step, whatever they are.
  [[gnu::noinline, gnu::cold]] void addScoresInPhases(int64_t number) {
    PairBlock &pair = scratch.pairs[number];
    withRowTiles(pair.numRows, [&](auto rowTiles) {
      using Keys = TileStream<Format, StepTiles<Format>>;
      static_assert(Keys::kScratchBytes <= sizeof(scratch.exact));
      Keys keys({run, Operand::kKeys, stepFirst, stepCount, keyChannels,
                 columnsPerSet(rowTiles)},
                scratch.exact);
      computeScores<rowTiles>(pair.query, keyChannels, stepCount,
                              scratch.phaseScores, keys);
    });
    softmaxStep(stepFirst, stepCount, pair.numRows, scratch.phaseScores,
                pair.rows.scale, pair.rows.begin, pair.rows.limit, exponent,
                valueChannels, pair.rowMax, pair.rowSum, pair.acc,
                probsOf(number, 0));
  }

  /// The operands of the values of the step for row tiles from `tile` on.
  LatentValueStep valuesFrom(int64_t tile, Start start) const {
    LatentValueStep step;
    step.probs = scratch.probs + tile * kProbPitch;
    for (int64_t granule = 0; granule < granules; ++granule)
      step.keys[granule] = granuleAt(stepFirst + granule * FP8ATTN_GRANULE);
    step.halfBytes = run.key_granule_bytes / 2;
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
            {run, Operand::kValues, stepFirst, stepCount, valueChannels,
             columnsPerSet(rowTiles)},
            scratch.exact);
        addWeightedValues<rowTiles, Format>(
            run, stepFirst, stepCount,
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
    if (!inPhases[number])
      for (int64_t row = 0; row < kPairRows; ++row)
        pair.rowSum[row] += scratch.sums[number * kPairRows + row];
    storeRows(pair);
  }

  const fp8attn_key_run &run;
  const int64_t firstKey, endKey, keyChannels, valueChannels, exponent;
  LatentScratch &scratch;

  /// The group, and the keys that its rows see.
  int64_t groupRows, numPairs, groupBegin, groupEnd;
  float *groupAcc;
  /// The step as the group sees it.
  int64_t stepFirst, stepCount, granules;
  /// Of pairs: whether the softmax of the step is done in phases, and the
  /// largest words of its probabilities.
  bool inPhases[kGroupPairs];
  __m512i largest[kGroupPairs];
  /// The pair whose softmax is done next, -1 if there is none, and its scores.
  int64_t before;
  PairScores beside;
  /// Which scores are written next.
  int slot = 0;
};

/// See fp8attn_uk_prefill_fn; over a latent cache.
template <class Format>
[[gnu::noinline]] static void
prefillLatent(const fp8attn_key_run &run, int64_t firstKey, int64_t numKeys,
              const void *query, int64_t numRows, int64_t keyChannels,
              int64_t valueChannels, const PrefillRows &rows, int64_t exponent,
              float *acc, void *scratchMemory) {
  static_assert(sizeof(LatentScratch) <= FP8ATTN_PREFILL_SCRATCH_BYTES(0, 0));
  const int64_t endKey = firstKey + numKeys;
  LatentStream<Format> stream(run, firstKey, endKey, keyChannels, valueChannels,
                              exponent,
                              *static_cast<LatentScratch *>(scratchMemory));
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

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_STREAM_H
