//===- attend.cpp - attention of few rows over a whole run ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The attend rows of kernels.def on AMX tiles: the phases of qk, softmax and pv
// in steps of keys, over one stream of units of cache tiles (tile_units.h), so
// that decoding and fetching ahead do not stop where a phase or a page ends. A
// call reads every key and value once; flops as in qk and pv, each element of C
// being the same chain of products as there.
//
// Two accumulators compute: of keys the two token tiles of a granule, of values
// two tiles of channels over the granules of a step. Meanwhile the two before
// them are stored, as stores in one go would cap the multiplier. NaN and
// infinity are looked for once a phase of keys and once two tiles of channels;
// these are then computed again, exactly, before they are stored.
//
//===----------------------------------------------------------------------===//

#include "common/kernel_declarations.h"
#include "x86_amx/step.h"
#include "x86_amx/tile_units.h"
#include "x86_vector/softmax.h"

#include <utility>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// What lies between the phases of a call.
template <class Format> struct AttendScratch {
  alignas(64) float scores[FP8ATTN_DECODE_ROWS * FP8ATTN_BLOCK_KEYS];
  alignas(64) uint16_t probs[FP8ATTN_DECODE_ROWS * FP8ATTN_BLOCK_KEYS];
  alignas(64) uint8_t ring[UnitStream<Format>::kRingBytes];
  /// Of the step that is computed, and of the next one.
  UnitList<Format> units[2];
  /// For tiles with special values.
  alignas(
      64) uint8_t exact[TileStream<Format, StepTiles<Format>>::kScratchBytes];
};

/// Below this number of keys a configuration of fewer rows than 16 costs more
/// than it gains: two LDTILECFG are about 270 cycles, and what is gained about
/// a tenth of 6 cycles for each 64 channels.
constexpr int64_t kKeysWorthConfiguring = 128;

/// Accumulators of a set, and the first of set `Set`.
constexpr int kSetSize = 2;
template <int Set> constexpr int kFirstOf = kAccumulators + kSetSize * Set;
/// The left operand at the second depth of a unit; kLeft is that at the first.
constexpr int kSecondLeft = kLeft - 1;
static_assert(kSecondLeft > kFirstOf<1> + 1);

/// Where the accumulators of the set that does not compute go to; null if there
/// is nothing to store.
struct Pending {
  uint8_t *first = nullptr, *second = nullptr;

  template <int Set> [[gnu::always_inline]] void storeFirst() const {
    if (first)
      _tile_stored(kFirstOf<Set>, first, kTileStride);
  }
  template <int Set> [[gnu::always_inline]] void storeSecond() const {
    if (second)
      _tile_stored(kFirstOf<Set> + 1, second, kTileStride);
  }
};

/// The left operand of a unit, and which of its tiles there are.
struct UnitShape {
  const uint8_t *left;
  bool secondDepth, secondSum;
};

/// Multiplies tile I of a unit, stores a pending accumulator behind some, and
/// decodes tile I of the next unit.
template <Operand Part, int Set, int I, class Format>
[[gnu::always_inline]] inline void multiplyTile(UnitStream<Format> &stream,
                                                const UnitShape &shape,
                                                const Pending &pending) {
  constexpr bool kKeys = Part == Operand::kKeys;
  constexpr int kSum = kKeys ? I / 2 : I % 2;
  constexpr int kDepth = kKeys ? I % 2 : I / 2;
  if ((kSum == 0 || shape.secondSum) && (kDepth == 0 || shape.secondDepth)) {
    _tile_loadd(kRight, stream.words(I), kTileStride);
    _tile_dpbf16ps(kFirstOf<Set> + kSum, kDepth ? kSecondLeft : kLeft, kRight);
  }
  if constexpr (I == 1)
    pending.storeFirst<1 - Set>();
  if constexpr (I == 3)
    pending.storeSecond<1 - Set>();
  stream.decodeAhead(I);
}

template <Operand Part, int Set, class Format>
[[gnu::always_inline]] inline void multiplyUnit(UnitStream<Format> &stream,
                                                const UnitShape &shape,
                                                const Pending &pending) {
  _tile_loadd(kLeft, shape.left, kTileStride);
  if (shape.secondDepth)
    _tile_loadd(kSecondLeft, shape.left + FP8ATTN_TILE_BYTES, kTileStride);
  multiplyTile<Part, Set, 0>(stream, shape, pending);
  multiplyTile<Part, Set, 1>(stream, shape, pending);
  multiplyTile<Part, Set, 2>(stream, shape, pending);
  multiplyTile<Part, Set, 3>(stream, shape, pending);
  stream.advance();
}

/// Scores of a granule of keys in set `Set`.
template <int Set, class Format>
[[gnu::always_inline]] inline void
multiplyKeys(UnitStream<Format> &stream, const uint8_t *query, int64_t depth,
             Pending pending) {
  _tile_zero(kFirstOf<Set>);
  _tile_zero(kFirstOf<Set> + 1);
  for (int64_t k = 0; k < depth; k += 2) {
    multiplyUnit<Operand::kKeys, Set>(
        stream, {query + k * FP8ATTN_TILE_BYTES, k + 1 < depth, true}, pending);
    pending = {};
  }
}

/// The values of one step, and what becomes of them.
struct ValueStep {
  const fp8attn_key_run &run;
  int64_t firstKey;
  int64_t granules;
  int64_t channels;
  const uint8_t *probs;
  uint8_t *acc;

  uint8_t *sum(int64_t column) const {
    return acc + column * FP8ATTN_TILE_BYTES;
  }
  bool hasColumn(int64_t column) const { return column < channels / kLanes; }
};

template <int Set>
[[gnu::always_inline]] inline void loadSums(const ValueStep &step,
                                            int64_t column) {
  _tile_loadd(kFirstOf<Set>, step.sum(column), kTileStride);
  if (step.hasColumn(column + 1))
    _tile_loadd(kFirstOf<Set> + 1, step.sum(column + 1), kTileStride);
}

/// Adds the values of two tiles of channels in set `Set`. `tilesLeft` are those
/// until as much is consumed as a granule has.
template <int Set, class Format>
[[gnu::always_inline]] inline void
multiplyValues(UnitStream<Format> &stream, const ValueStep &step,
               int64_t column, Pending pending, PrefetchStream &ahead,
               int64_t &tilesLeft) {
  const bool secondSum = step.hasColumn(column + 1);
  loadSums<Set>(step, column);
  for (int64_t g = 0; g < step.granules; g += 2) {
    const bool secondDepth = g + 1 < step.granules;
    multiplyUnit<Operand::kValues, Set>(
        stream, {step.probs + g * FP8ATTN_TILE_BYTES, secondDepth, secondSum},
        pending);
    pending = {};
    for (tilesLeft -= (1 + secondDepth) * (1 + secondSum); tilesLeft <= 0;
         tilesLeft += step.channels / kLanes)
      ahead.endGranule();
  }
}

/// As multiplyValues, of finite values only, from what is in memory.
template <int Set, class Format>
[[gnu::noinline, gnu::cold]] void
multiplyFiniteValues(const ValueStep &step, int64_t column, uint8_t *tile) {
  loadSums<Set>(step, column);
  for (int64_t g = 0; g < step.granules; ++g) {
    const int64_t key = step.firstKey + g * FP8ATTN_GRANULE;
    const uint8_t *values =
        valueGranule<Format::kBytes>(step.run, key, step.channels);
    _tile_loadd(kLeft, step.probs + g * FP8ATTN_TILE_BYTES, kTileStride);
    const auto multiply = [&](int64_t at) {
      const uint8_t *words = values + at * kCacheTileBytes<Format>;
      if constexpr (Format::kBytes == 1) {
        decodeTiles<Format, Specials::kExact>(words, 1, tile);
        words = tile;
      }
      copyFiniteWords(words, tile);
      _tile_loadd(kRight, tile, kTileStride);
    };
    multiply(column);
    _tile_dpbf16ps(kFirstOf<Set>, kLeft, kRight);
    if (step.hasColumn(column + 1)) {
      multiply(column + 1);
      _tile_dpbf16ps(kFirstOf<Set> + 1, kLeft, kRight);
    }
  }
}

/// Scores of a step whose keys have NaN or infinity.
template <class Format>
[[gnu::noinline, gnu::cold]] void
computeExactScores(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const void *query, int64_t channels,
                   float *scores, uint8_t *scratch) {
  TileStream<Format, StepTiles<Format>> keys(
      {run, Operand::kKeys, firstKey, numKeys, channels, columnsPerSet(1)},
      scratch);
  computeScores<1>(query, channels, numKeys, scores, keys);
}

/// Empties the state of the online softmax for one row tile.
static void initRows(int64_t rows, int64_t channels, float *rowMax,
                     float *rowSum, float *acc) {
  for (int64_t row = 0; row < rows; ++row) {
    rowMax[row] = -__builtin_inff();
    rowSum[row] = 0;
  }
  storeZeros(acc, channels / kFloatColumns * FP8ATTN_TILE_BYTES);
}

/// See fp8attn_uk_attend_fn; of one key or more, after initRows.
template <class Format>
static void attendKeys(const fp8attn_key_run &run, int64_t firstKey,
                       int64_t endKey, const void *query, int64_t rows,
                       int64_t keyChannels, int64_t valueChannels,
                       const float *rowScale, const int32_t *rowBegin,
                       const int32_t *rowLimit, int64_t exponent, float *rowMax,
                       float *rowSum, float *acc,
                       AttendScratch<Format> &scratch) {
  PrefetchStream ahead(run, firstKey, firstKey, rows, StepPart::kKeys);
  UnitList<Format> *units = &scratch.units[0], *nextUnits = &scratch.units[1];
  units->fill(run, firstKey, stepKeys(firstKey, endKey), keyChannels,
              valueChannels);
  UnitStream<Format> stream(*units, scratch.ring, ahead);
  auto *const scores = reinterpret_cast<uint8_t *>(scratch.scores);
  int64_t tilesLeft = valueChannels / kLanes;
  // The set that computes next; the other one holds what is pending.
  int set = 0;
  Pending pending;
  const auto storePending = [&]() __attribute__((always_inline)) {
    if (set == 0) {
      pending.storeFirst<1>();
      pending.storeSecond<1>();
    } else {
      pending.storeFirst<0>();
      pending.storeSecond<0>();
    }
    pending = {};
  };
  for (int64_t first = firstKey, keys; first < endKey; first += keys) {
    keys = stepKeys(first, endKey);
    if (first + keys < endKey) {
      nextUnits->fill(run, first + keys, stepKeys(first + keys, endKey),
                      keyChannels, valueChannels);
      units->append(*nextUnits);
    }
    const int64_t granules = roundUp(keys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
    for (int64_t g = 0; g < granules; ++g, set ^= 1) {
      const auto *left = static_cast<const uint8_t *>(query);
      const int64_t depth = keyChannels / kBf16Columns;
      if (set == 0)
        multiplyKeys<0>(stream, left, depth, pending);
      else
        multiplyKeys<1>(stream, left, depth, pending);
      uint8_t *const tiles = scores + g * kSetSize * FP8ATTN_TILE_BYTES;
      pending = {tiles, tiles + FP8ATTN_TILE_BYTES};
      ahead.endGranule();
    }
    storePending();
    // Keys of bf16 are their own words, whatever they are.
    if (stream.takeSpecial() && !UnitStream<Format>::kWordsInCache) [[unlikely]]
      computeExactScores<Format>(run, first, keys, query, keyChannels,
                                 scratch.scores, scratch.exact);
    for (int64_t row = 0; row < rows; ++row) {
      ahead.fetchEarly(kRowPairBytes<Format>);
      softmaxStep(first, keys, 1, scratch.scores + row * kFloatColumns,
                  rowScale + row, rowBegin + row, rowLimit + row, exponent,
                  valueChannels, rowMax + row, rowSum + row,
                  acc + row * kFloatColumns,
                  scratch.probs + row * kBf16Columns);
    }
    const ValueStep step = {run,
                            first,
                            granules,
                            valueChannels,
                            reinterpret_cast<const uint8_t *>(scratch.probs),
                            reinterpret_cast<uint8_t *>(acc)};
    bool special = false;
    for (int64_t column = 0; step.hasColumn(column);
         column += kSetSize, set ^= 1) {
      if (set == 0)
        multiplyValues<0>(stream, step, column, pending, ahead, tilesLeft);
      else
        multiplyValues<1>(stream, step, column, pending, ahead, tilesLeft);
      if (stream.takeSpecial()) [[unlikely]] {
        special = true;
        if (set == 0)
          multiplyFiniteValues<0, Format>(step, column, scratch.exact);
        else
          multiplyFiniteValues<1, Format>(step, column, scratch.exact);
      }
      pending = {step.sum(column),
                 step.hasColumn(column + 1) ? step.sum(column + 1) : nullptr};
    }
    if (special) [[unlikely]] {
      storePending();
      addSpecialValues<Format>(run, first, keys, scratch.probs, rows,
                               valueChannels, acc);
    }
    std::swap(units, nextUnits);
    stream.enter(*units);
  }
  storePending();
}

/// See fp8attn_uk_attend_fn.
template <class Format>
static void attend(const fp8attn_key_run &run, int64_t firstKey,
                   int64_t numKeys, const void *query, int64_t rows,
                   int64_t keyChannels, int64_t valueChannels,
                   const float *rowScale, const int32_t *rowBegin,
                   const int32_t *rowLimit, int64_t exponent, float *rowMax,
                   float *rowSum, float *acc, void *scratchMemory) {
  static_assert(sizeof(AttendScratch<Format>) <= FP8ATTN_KERNEL_SCRATCH_BYTES);
  initRows(rows, valueChannels, rowMax, rowSum, acc);
  if (numKeys == 0)
    return;
  const bool fewRows =
      rows < FP8ATTN_TILE_ROWS && numKeys >= kKeysWorthConfiguring;
  if (fewRows)
    configureTiles(rows);
  attendKeys<Format>(run, firstKey, firstKey + numKeys, query, rows,
                     keyChannels, valueChannels, rowScale, rowBegin, rowLimit,
                     exponent, rowMax, rowSum, acc,
                     *static_cast<AttendScratch<Format> *>(scratchMemory));
  if (fewRows)
    configureTiles(FP8ATTN_TILE_ROWS);
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#define FP8ATTN_ATTEND(Format, cache)                                          \
  extern "C" void FP8ATTN_KERNEL_NAME(attend, bf16, cache, f32, 16, 256, 32,   \
                                      amx_bf16)(                               \
      const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,         \
      const void *query_tiles, int64_t rows, int64_t key_channels,             \
      int64_t value_channels, const float *row_scale,                          \
      const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,    \
      float *row_max, float *row_sum, float *acc, void *scratch) {             \
    fp8attn::attend<fp8attn::Format>(                                          \
        *run, first_key, num_keys, query_tiles, rows, key_channels,            \
        value_channels, row_scale, row_begin, row_limit, exponent, row_max,    \
        row_sum, acc, scratch);                                                \
  }

FP8ATTN_ATTEND(E4M3, e4m3)
FP8ATTN_ATTEND(E5M2, e5m2)
FP8ATTN_ATTEND(Bf16, bf16)
