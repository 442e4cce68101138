//===- tile_units.h - the cache in units of four tiles ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What attend multiplies: units of up to four B tiles, two accumulators by two
// steps of depth. While a unit is multiplied, the next one is decoded, a tile
// after each product, into the other half of a ring: a tile load waits long for
// fresh stores. Which tiles a unit has is in a list that is filled a step
// ahead, so that the loop over units has no branch on what they are of.
//
//   keys    accumulators are the two token tiles of a granule, depth are two
//           tiles of 32 channels
//   values  accumulators are two tiles of 16 channels, depth are two granules
//
// Tiles of values of a latent cache are made of keys (latent_tiles.h), in units
// that the list names: there the loop has one branch for each tile, which goes
// one way for a whole phase.
//
// Decoding is inlined into the loops, with its tables, constants and running
// maximum in registers; outlined, it takes a third longer (measured in a
// prototype on a Sapphire Rapids).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_TILE_UNITS_H
#define FP8ATTN_X86_AMX_TILE_UNITS_H

#include "x86_amx/latent_prefetch.h"
#include "x86_amx/latent_tiles.h"
#include "x86_vector/prefetch.h"

#include <type_traits>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Tiles of a unit in order of use, that is of keys: both depths of the first
/// accumulator, both of the second; of values: both accumulators at the first
/// depth, both at the second. Of an odd number of tiles the missing ones are
/// others of the unit again, decoded in vain. Of values of a latent cache, the
/// first halves of tiles.
constexpr int kUnitTiles = 4;
struct TileUnit {
  const uint8_t *tiles[kUnitTiles];
};

/// The units of one step of keys, and behind them the first of the next step.
template <class Format> class UnitList {
public:
  static constexpr int64_t kTileBytes = bytesOf<Format::kBits>(kTileElements);

  /// Fills the list with units of keys [firstKey, firstKey + numKeys).
  [[gnu::noinline]] void fill(const fp8attn_key_run &run, int64_t firstKey,
                              int64_t numKeys, int64_t keyChannels,
                              int64_t valueChannels) {
    const int64_t granules =
        roundUp(numKeys, FP8ATTN_GRANULE) / FP8ATTN_GRANULE;
    const int64_t depth = keyChannels / kPairedElements;
    const uint8_t *values[kStepGranules];
    TileUnit *unit = units;
    for (int64_t g = 0; g < granules; ++g) {
      const int64_t key = firstKey + g * FP8ATTN_GRANULE;
      const auto [early, late] =
          keyHalves<Format::kBits>(run, key, keyChannels);
      values[g] = isLatent(run)
                      ? early
                      : valueGranule<Format::kBits>(run, key, valueChannels);
#pragma clang loop unroll(disable)
      for (int64_t k = 0; k < depth; k += 2) {
        const int64_t second = k + 1 < depth ? kTileBytes : 0;
        const uint8_t *tile = early + k * kTileBytes;
        const uint8_t *later = late + k * kTileBytes;
        *unit++ = {{tile, tile + second, later, later + second}};
      }
    }
    firstOfValues = unit;
    const int64_t columns = valueChannels / kLanes;
    const int64_t columnBytes =
        isLatent(run) ? kLatentBlockBytes<Format> : kTileBytes;
    for (int64_t c = 0; c < columns; c += 2)
#pragma clang loop unroll(disable)
      for (int64_t g = 0; g < granules; g += 2) {
        const int64_t second = c + 1 < columns ? columnBytes : 0;
        const uint8_t *tile = values[g] + c * columnBytes;
        const uint8_t *later =
            values[g + 1 < granules ? g + 1 : g] + c * columnBytes;
        *unit++ = {{tile, tile + second, later, later + second}};
      }
    end = unit;
    *end = unit[-1];
  }

  /// Puts the first unit of `next` behind the last one.
  void append(const UnitList &next) { *end = next.units[0]; }

  const TileUnit *begin() const { return units; }

  /// Units of values are those from here on, up to the one that is appended.
  const TileUnit *valuesBegin() const { return firstOfValues; }
  const TileUnit *valuesEnd() const { return end; }

private:
  static constexpr int64_t kStepGranules = FP8ATTN_BLOCK_KEYS / FP8ATTN_GRANULE;
  /// Granules times pairs of depth, and pairs of columns times those of
  /// granules, at most.
  static constexpr int64_t kMostUnits =
      kStepGranules * (FP8ATTN_MAX_CHANNELS / kPairedElements + 1) / 2 +
      (FP8ATTN_MAX_CHANNELS / kLanes + 1) / 2 * (kStepGranules + 1) / 2;

  TileUnit units[kMostUnits + 1];
  TileUnit *firstOfValues, *end;
};

/// Delivers the words of units, and decodes and fetches ahead. Of a latent
/// cache if `Latent`.
template <class CacheFormat, bool Latent> class UnitStream {
public:
  using Format = CacheFormat;
  static constexpr bool kIsLatent = Latent;
  using Ahead = std::conditional_t<Latent, LatentPrefetch, PrefetchStream>;

  /// Returns what fetches ahead for `rows` rows, from the step at `firstKey`
  /// on.
  static Ahead fetchAhead(const fp8attn_key_run &run, int64_t firstKey,
                          int64_t rows) {
    if constexpr (Latent)
      return LatentPrefetch(run, firstKey);
    else
      return PrefetchStream(run, firstKey, firstKey, rows, StepPart::kKeys);
  }

  /// bf16 tiles are their own words.
  static constexpr bool kWordsInCache = Format::kBits == 16;

  /// Two units, aligned to 64 bytes.
  static constexpr int64_t kRingBytes = 2 * kUnitTiles * FP8ATTN_TILE_BYTES;

  /// Begins with the first unit of `list`. `ahead` is kept.
  [[gnu::always_inline]] UnitStream(const fp8attn_key_run &run,
                                    const UnitList<Format> &list, uint8_t *ring,
                                    Ahead &ahead)
      : current(ring), other(ring + kUnitTiles * FP8ATTN_TILE_BYTES),
        ahead(ahead), halfBytes(run.key_granule_bytes / 2) {
    enter(list);
    uint8_t *to = current;
    for (const uint8_t *tile : unit->tiles) {
      for (int64_t pair = 0; pair < kTileRowPairs; ++pair)
        decodePair(tile, pair, to);
      to += FP8ATTN_TILE_BYTES;
    }
    currentSpecial = decoder.takeSpecial();
  }

  /// Goes on with the units of `list`, the first of which is the current one.
  void enter(const UnitList<Format> &list) {
    unit = list.begin();
    valuesBegin = list.valuesBegin();
    valuesEnd = list.valuesEnd();
    nextIsMade = isMade(unit + 1);
  }

  /// The words of tile `index` of the current unit.
  [[gnu::always_inline]] const uint8_t *words(int index) const {
    return kWordsInCache && !(Latent && currentIsMade)
               ? unit->tiles[index]
               : current + index * FP8ATTN_TILE_BYTES;
  }

  /// Decodes tile `index` of the next unit, and fetches as many lines.
  [[gnu::always_inline]] void decodeAhead(int index) {
    const uint8_t *tile = unit[1].tiles[index];
    uint8_t *to = other + index * FP8ATTN_TILE_BYTES;
    if constexpr (Latent) {
      ahead.template fetch<Format::kBits / 8>();
      if (nextIsMade)
        made.decode(decoder, tile, halfBytes, to);
      else
        for (int64_t pair = 0; pair < kTileRowPairs; ++pair)
          decodePair(tile, pair, to);
    } else {
      const int64_t place = ahead.place();
      constexpr int64_t kFetchedBytes = fetchedBytes(kRowPairBytes<Format>);
#pragma GCC unroll 8
      for (int64_t pair = 0; pair < kTileRowPairs; ++pair) {
        ahead.fetch(pair, kFetchedBytes, place);
        decodePair(tile, pair, to);
      }
      ahead.endParts(kFetchedBytes);
    }
  }

  /// Turns to the next unit, all tiles of which are decoded.
  [[gnu::always_inline]] void advance() {
    ++unit;
    uint8_t *const decoded = other;
    other = current;
    current = decoded;
    usedSpecial |= currentSpecial;
    currentSpecial = decoder.takeSpecial();
    if constexpr (Latent) {
      made.keepOrder();
      currentIsMade = nextIsMade;
      nextIsMade = isMade(unit + 1);
    }
  }

  /// Returns whether a unit used since the last call had NaN or infinity.
  [[gnu::always_inline]] bool takeSpecial() {
    const bool special = usedSpecial;
    usedSpecial = false;
    return special;
  }

private:
  /// Whether a unit is of values that are made of keys.
  [[gnu::always_inline]] bool isMade(const TileUnit *which) const {
    return Latent && which >= valuesBegin && which < valuesEnd;
  }

  [[gnu::always_inline]] void decodePair(const uint8_t *tile, int64_t pair,
                                         uint8_t *to) {
    const RowPair rows = decoder.load(tile + pair * kRowPairBytes<Format>);
    if constexpr (!kWordsInCache) {
      simd::store(to + pair * 2 * kLineBytes, rows.even);
      simd::store(to + pair * 2 * kLineBytes + kLineBytes, rows.odd);
    }
    decoder.keepOrder();
  }

  const TileUnit *unit;
  uint8_t *current, *other;
  Ahead &ahead;
  /// Of a latent cache: bytes of half of a granule, units of values of the
  /// list, and whether the current unit, and the next one, is one of them.
  const int64_t halfBytes;
  const TileUnit *valuesBegin, *valuesEnd;
  bool currentIsMade = false, nextIsMade;
  LatentTiles<Format> made;
  Decoder<Format, Specials::kDetect> decoder;
  /// Whether units that are used, and the current one, had NaN or infinity.
  bool usedSpecial = false, currentSpecial;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_TILE_UNITS_H
