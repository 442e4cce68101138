//===- latent_scores.h - probabilities of rows over latent keys -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first pass of a group of rows through a step of keys (latent_stream.h):
// one granule after the other, and of each a pair of row tiles after the other
// (latent_score_stream.h). A pair in which a maximum is yet to be found, or
// turns out to be too low, is done in phases as qk and softmax do it.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_LATENT_SCORES_H
#define FP8ATTN_X86_AMX_LATENT_SCORES_H

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

/// The probabilities of a group, whose pairs are in the scratch memory.
template <class Format> class LatentScores {
public:
  LatentScores(const fp8attn_key_run &run, int64_t firstKey, int64_t endKey,
               int64_t keyChannels, int64_t valueChannels, int64_t exponent,
               LatentScratch &scratch)
      : run(run), endKey(endKey), keyChannels(keyChannels),
        valueChannels(valueChannels), exponent(exponent), scratch(scratch) {
    // Scores of nothing are finite.
    storeZeros(scratch.scores, sizeof(scratch.scores));
    scratch.noRows.clear();
    for (int64_t i = 0; i < kGranulesAhead; ++i)
      if (firstKey + i * FP8ATTN_GRANULE < endKey)
        fetch(firstKey + i * FP8ATTN_GRANULE);
  }

  const uint8_t *granuleAt(int64_t key) const {
    return keyGranule<Format::kBits>(run, key, keyChannels);
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

  /// Whether the last step of a pair was done in phases, which also adds its
  /// denominators.
  bool wasInPhases(int64_t pair) const { return inPhases[pair]; }

private:
  static constexpr bool kWordsInCache = NextKeys<Format>::kWordsInCache;

  /// The probabilities of a pair and a granule of the step.
  uint8_t *probsOf(int64_t pair, int64_t granule) const {
    return scratch.probs + 2 * pair * kProbPitch + granule * FP8ATTN_TILE_BYTES;
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

  /// The last pair that is not done in phases, or -1.
  int64_t lastInStream() const {
    int64_t pair = numPairs - 1;
    while (pair >= 0 && inPhases[pair])
      --pair;
    return pair;
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
    // So that all rows have their softmax beside a step of depth, if there are
    // half as many as rows.
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

  const fp8attn_key_run &run;
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
  /// Which scores are written next.
  int slot = 0;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_LATENT_SCORES_H
