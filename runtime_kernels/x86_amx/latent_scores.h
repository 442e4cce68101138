//===- latent_scores.h - probabilities of rows over latent keys -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first pass of a group of rows through a step of keys (latent_stream.h):
// one granule after the other, and of each a pair of row tiles after the other
// (latent_score_stream.h). A pair in which a maximum is yet to be found, or
// turns out to be too low, is done in phases as qk and softmax do it. Where
// words of keys come from is up to latent_keys.h or mixed_keys.h.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_SCORES_H
#define FP8ATTN_X86_AMX_LATENT_SCORES_H

#include "x86_amx/latent_keys.h"
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

/// What a call keeps, whatever its keys are.
struct LatentScratch {
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

/// The probabilities of a group, whose pairs are in the scratch memory. `Keys`
/// is LatentKeys or MixedKeys.
template <class Keys> class LatentScores {
public:
  LatentScores(Keys &keys, int64_t firstKey, int64_t endKey,
               int64_t keyChannels, int64_t valueChannels, int64_t exponent,
               LatentScratch &scratch)
      : keys(keys), endKey(endKey), keyChannels(keyChannels),
        valueChannels(valueChannels), exponent(exponent), scratch(scratch) {
    // Scores of nothing are finite.
    storeZeros(scratch.scores, sizeof(scratch.scores));
    scratch.noRows.clear();
    for (int64_t i = 0; i < kGranulesAhead; ++i)
      if (firstKey + i * FP8ATTN_GRANULE < endKey)
        keys.fetch(firstKey + i * FP8ATTN_GRANULE);
  }

  /// Computes the probabilities of the first `pairs` pairs in the step of
  /// `count` keys from `first` on, and fetches ahead if `fetches`. Returns
  /// whether there may be NaN or infinity among the keys.
  bool addStep(int64_t first, int64_t count, int64_t pairs, bool fetches) {
    stepFirst = first;
    stepCount = count;
    numPairs = pairs;
    const int64_t granules = roundUp(count, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
    for (int64_t pair = 0; pair < numPairs; ++pair) {
      inPhases[pair] = !setMaxima(scratch.pairs[pair], stepFirst, stepCount);
      largest[pair] = _mm512_setzero_si512();
    }
    keys.beginStep(stepFirst);
    bool special = false;
    before = -1;
    for (int64_t granule = 0; granule < granules; ++granule) {
      const int64_t key = stepFirst + granule * FP8ATTN_GRANULE;
      const int64_t later = key + kGranulesAhead * FP8ATTN_GRANULE;
      const int64_t last = lastInStream();
      words = keys.beginGranule(key, stepFirst + stepCount, numInStream());
      const uint8_t *ahead =
          fetches && later < endKey ? keys.fetchBeside(later) : nullptr;
      special |= keys.hasSpecials();
      for (int64_t pair = 0; pair <= last; ++pair)
        if (!inPhases[pair])
          multiply(pair, granule, pair == last, ahead);
      keys.endGranule();
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

  /// Whether the last step of a pair was done in phases, which also adds its
  /// denominators.
  bool wasInPhases(int64_t pair) const { return inPhases[pair]; }

private:
  using Format = typename Keys::Format;

  /// The probabilities of a pair and a granule of the step.
  uint8_t *probsOf(int64_t pair, int64_t granule) const {
    return scratch.probs + 2 * pair * kProbPitch + granule * FP8ATTN_TILE_BYTES;
  }

  int64_t depth() const { return keyChannels / kBf16Columns; }

  /// The last pair that is not done in phases, or -1.
  int64_t lastInStream() const {
    int64_t pair = numPairs - 1;
    while (pair >= 0 && inPhases[pair])
      --pair;
    return pair;
  }

  /// How many pairs are not.
  int64_t numInStream() const {
    int64_t count = 0;
    for (int64_t pair = 0; pair < numPairs; ++pair)
      count += !inPhases[pair];
    return count;
  }

  /// Multiplies a pair with a granule beside the softmax of the one before.
  /// `isLast` says that it is the last one.
  void multiply(int64_t pair, int64_t granule, bool isLast,
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
        words,
        depth(),
        scratch.scores[slot],
        ahead ? ahead + pair * lines * depth() * kLineBytes : nullptr,
        lines};
    __m512i none = _mm512_setzero_si512();
    __m512i *most = before < 0 ? &none : &largest[before];
    if (before >= 0 && beside.rows->areMasked(beside.firstKey)) {
      finishPair(beside, exponent, *most);
      before = -1;
    }
    if (before < 0) {
      beside = {&scratch.noRows, 0, scratch.scores[1 - slot],
                reinterpret_cast<uint8_t *>(scratch.phaseScores)};
      most = &none;
    }
    if (block.isFull())
      multiplyTiles<2>(product, isLast, *most);
    else
      multiplyTiles<1>(product, isLast, *most);
    before = pair;
    beside = {&block.rows, key, product.scores, probsOf(pair, granule)};
    slot = 1 - slot;
    if (granule == 0 && !findMaxima(block, stepFirst, product.scores)) {
      inPhases[pair] = true;
      before = -1;
    }
  }

  template <int Tiles>
  void multiplyTiles(const PairProduct &product, bool isLast, __m512i &most) {
    // So that all rows have their softmax beside a step of depth, if there are
    // half as many as rows.
    if (depth() >= FP8ATTN_TILE_ROWS)
      keys.template multiply<Tiles, 1>(product, beside, exponent, most, isLast);
    else
      keys.template multiply<Tiles, 2>(product, beside, exponent, most, isLast);
  }

  /// The scores and the softmax of a pair in the step, whatever they are.
  [[gnu::noinline, gnu::cold]] void addScoresInPhases(int64_t number) {
    PairBlock &pair = scratch.pairs[number];
    withRowTiles(pair.numRows, [&](auto rowTiles) {
      using Tiles = TileStream<Format, StepTiles<Format>>;
      static_assert(Tiles::kScratchBytes <= sizeof(scratch.exact));
      Tiles tiles({keys.run(), Operand::kKeys, keys.place(stepFirst), stepCount,
                   keyChannels, columnsPerSet(rowTiles)},
                  scratch.exact);
      computeScores<rowTiles>(pair.query, keyChannels, stepCount,
                              scratch.phaseScores, tiles);
    });
    softmaxStep(stepFirst, stepCount, pair.numRows, scratch.phaseScores,
                pair.rows.scale, pair.rows.begin, pair.rows.limit, exponent,
                valueChannels, pair.rowMax, pair.rowSum, pair.acc,
                probsOf(number, 0));
  }

  Keys &keys;
  const int64_t endKey, keyChannels, valueChannels, exponent;
  LatentScratch &scratch;

  /// The step, and the pairs that there are.
  int64_t stepFirst, stepCount, numPairs;
  /// Of pairs: whether the softmax of the step is done in phases, and the
  /// largest words of its probabilities.
  bool inPhases[kGroupPairs];
  __m512i largest[kGroupPairs];
  /// The pair whose softmax is done next, -1 if there is none, and its scores.
  int64_t before;
  PairScores beside;
  /// Those of the granule that is multiplied.
  const uint8_t *words;
  /// Which scores are written next.
  int slot = 0;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_SCORES_H
