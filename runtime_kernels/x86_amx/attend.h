//===- attend.h - attention of few rows over a whole run --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The phases of qk, softmax and pv in steps of keys, over one stream of units
// of cache tiles (tile_units.h), so that decoding and fetching ahead do not
// stop where a phase or a page ends. A call reads every key and value once;
// flops as in qk and pv, each element of C being the same chain of products as
// there.
//
// Which accumulators compute is of the number of row tiles (one_row_tile.h,
// two_row_tiles.h). NaN and infinity are looked for once a phase of keys and
// once two tiles of channels; these are then computed again, exactly, before
// they are stored.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_ATTEND_H
#define FP8ATTN_X86_AMX_ATTEND_H

#include "x86_amx/one_row_tile.h"
#include "x86_amx/two_row_tiles.h"
#include "x86_vector/softmax.h"

#include <utility>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// What lies between the phases of a call.
template <class Format, int64_t RowTiles> struct AttendScratch {
  static constexpr int64_t kElements =
      RowTiles * FP8ATTN_TILE_ROWS * FP8ATTN_BLOCK_KEYS;
  alignas(64) float scores[kElements];
  alignas(64) uint16_t probs[kElements];
  alignas(64) uint8_t ring[UnitStream<Format, false>::kRingBytes];
  /// Of the step that is computed, and of the next one.
  UnitList<Format> units[2];
  /// For tiles with special values.
  alignas(
      64) uint8_t exact[TileStream<Format, StepTiles<Format>>::kScratchBytes];
};

/// Scores of a step whose keys have NaN or infinity.
template <int RowTiles, class Format>
[[gnu::noinline, gnu::cold]] void
computeExactScores(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const void *query, int64_t channels,
                   float *scores, uint8_t *scratch) {
  TileStream<Format, StepTiles<Format>> keys({run, Operand::kKeys, firstKey,
                                              numKeys, channels,
                                              columnsPerSet(RowTiles)},
                                             scratch);
  computeScores<RowTiles>(query, channels, numKeys, scores, keys);
}

/// Empties the state of the online softmax for up to two row tiles.
[[gnu::noinline]] inline void initRows(int64_t rows, int64_t channels,
                                       float *rowMax, float *rowSum,
                                       float *acc) {
  for (int64_t row = 0; row < rows; ++row) {
    rowMax[row] = -__builtin_inff();
    rowSum[row] = 0;
  }
  storeZeros(acc, roundUp(rows, FP8ATTN_TILE_ROWS) * channels *
                      int64_t(sizeof(float)));
}

/// The softmax of a step, with lines fetched before each row.
template <class Format, class Ahead>
[[gnu::always_inline]] inline void
attendSoftmax(int64_t firstKey, int64_t numKeys, const PrefillRows &state,
              int64_t rows, int64_t exponent, int64_t channels, float *acc,
              const float *scores, uint16_t *probs, Ahead &ahead) {
  for (int64_t row = 0; row < rows; ++row) {
    ahead.fetchEarly(fetchedBytes(kRowPairBytes<Format>));
    softmaxStep(firstKey, numKeys, 1,
                scores + tileIndex<kFloatColumns>(row, 0, FP8ATTN_BLOCK_KEYS),
                state.scale + row, state.begin + row, state.limit + row,
                exponent, channels, state.max + row, state.sum + row,
                acc + tileIndex<kFloatColumns>(row, 0, channels),
                probs + tileIndex<kBf16Columns>(row, 0, FP8ATTN_BLOCK_KEYS));
  }
}

/// See fp8attn_uk_attend_fn; of one key or more, after initRows. `Sums` is
/// OneRowTile or TwoRowTiles of a UnitStream.
template <class Sums, class Stream>
[[gnu::noinline]] void
attendUnits(const fp8attn_key_run &run, int64_t firstKey, int64_t endKey,
            const void *query, int64_t rows, int64_t keyChannels,
            int64_t valueChannels, const PrefillRows &state, int64_t exponent,
            float *acc,
            AttendScratch<typename Stream::Format, Sums::kRowTiles> &scratch) {
  using Format = typename Stream::Format;
  constexpr int kRowTiles = Sums::kRowTiles;
  auto ahead = Stream::fetchAhead(run, firstKey, rows);
  UnitList<Format> *units = &scratch.units[0], *nextUnits = &scratch.units[1];
  units->fill(run, firstKey, stepKeys(firstKey, endKey), keyChannels,
              valueChannels);
  Stream stream(run, *units, scratch.ring, ahead);
  auto *const scores = reinterpret_cast<uint8_t *>(scratch.scores);
  ValueTileCount count(ahead, valueChannels);
  Sums sums;
  for (int64_t first = firstKey, keys; first < endKey; first += keys) {
    keys = stepKeys(first, endKey);
    if constexpr (Stream::kIsLatent)
      ahead.enterStep(first + keys);
    if (first + keys < endKey) {
      nextUnits->fill(run, first + keys, stepKeys(first + keys, endKey),
                      keyChannels, valueChannels);
      units->append(*nextUnits);
    }
    const int64_t granules = roundUp(keys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
    for (int64_t g = 0; g < granules; ++g) {
      sums.multiplyKeys(stream, static_cast<const uint8_t *>(query),
                        keyChannels / kBf16Columns,
                        scores + g * kSumColumns * FP8ATTN_TILE_BYTES);
      ahead.endGranule();
    }
    sums.storePending();
    // Keys of bf16 are their own words, whatever they are.
    if (stream.takeSpecial() && !Stream::kWordsInCache) [[unlikely]]
      computeExactScores<kRowTiles, Format>(
          run, first, keys, query, keyChannels, scratch.scores, scratch.exact);
    attendSoftmax<Format>(first, keys, state, rows, exponent, valueChannels,
                          acc, scratch.scores, scratch.probs, ahead);
    const AttendedValues step = {
        run,
        first,
        granules,
        valueChannels,
        reinterpret_cast<const uint8_t *>(scratch.probs),
        reinterpret_cast<uint8_t *>(acc)};
    bool special = false;
    for (int64_t column = 0; step.hasColumn(column); column += kSumColumns)
      special |=
          sums.multiplyValues(stream, step, column, count, scratch.exact);
    if (special) [[unlikely]] {
      sums.storePending();
      addSpecialValues<Format>(run, first, keys, scratch.probs, rows,
                               valueChannels, acc);
    }
    if constexpr (Stream::kIsLatent)
      ahead.endStep();
    std::swap(units, nextUnits);
    stream.enter(*units);
  }
  sums.storePending();
}

/// The same, of whichever cache, but for latent ones of a format without
/// kHasLatentUnits. `Sums` is OneRowTile or TwoRowTiles.
template <template <class> class Sums, class Format>
inline void
attendKeys(const fp8attn_key_run &run, int64_t firstKey, int64_t endKey,
           const void *query, int64_t rows, int64_t keyChannels,
           int64_t valueChannels, const PrefillRows &state, int64_t exponent,
           float *acc,
           AttendScratch<Format, Sums<UnitStream<Format, false>>::kRowTiles>
               &scratch) {
  if constexpr (kHasLatentUnits<Format>)
    if (isLatent(run))
      return attendUnits<Sums<UnitStream<Format, true>>,
                         UnitStream<Format, true>>(
          run, firstKey, endKey, query, rows, keyChannels, valueChannels, state,
          exponent, acc, scratch);
  attendUnits<Sums<UnitStream<Format, false>>, UnitStream<Format, false>>(
      run, firstKey, endKey, query, rows, keyChannels, valueChannels, state,
      exponent, acc, scratch);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_ATTEND_H
