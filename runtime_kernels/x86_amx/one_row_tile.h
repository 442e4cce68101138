//===- one_row_tile.h - the accumulators of up to 16 rows -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums of products of one row tile with units of cache tiles (tile_units.h): of
// keys for the two token tiles of a granule, of values for two tiles of
// channels over the granules of a step. There are two sets of two accumulators:
// while one computes, the one before it is stored, as stores in one go would
// cap the multiplier.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_AMX_ONE_ROW_TILE_H
#define FP8ATTN_X86_AMX_ONE_ROW_TILE_H

#include "x86_amx/attended_values.h"
#include "x86_amx/tile_units.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Of one row tile. `Stream` is a UnitStream.
template <class Stream> class OneRowTile {
public:
  using Format = typename Stream::Format;
  static constexpr int64_t kRowTiles = 1;

  /// Scores of the next granule with the rows at `query`; they are in `scores`
  /// when storePending has been called, or the one after the next granule has
  /// been computed.
  [[gnu::always_inline]] void multiplyKeys(Stream &stream, const uint8_t *query,
                                           int64_t depth, uint8_t *scores) {
    if (set == 0)
      multiplyKeysIn<0>(stream, query, depth);
    else
      multiplyKeysIn<1>(stream, query, depth);
    pending = {scores, scores + FP8ATTN_TILE_BYTES};
    set ^= 1;
  }

  /// Adds the values of two tiles of channels; sums are in memory as scores
  /// are. Returns whether there are NaN or infinity among them, of which
  /// nothing is in the sums.
  [[gnu::always_inline]] bool
  multiplyValues(Stream &stream, const AttendedValues &step, int64_t column,
                 ValueTileCount<typename Stream::Ahead> &count,
                 uint8_t *scratch) {
    if (set == 0)
      multiplyValuesIn<0>(stream, step, column, count);
    else
      multiplyValuesIn<1>(stream, step, column, count);
    const bool special = stream.takeSpecial();
    if (special) [[unlikely]] {
      if (set == 0)
        multiplyFiniteValues<0>(step, column, scratch);
      else
        multiplyFiniteValues<1>(step, column, scratch);
    }
    pending = {step.sum(column),
               step.hasColumn(column + 1) ? step.sum(column + 1) : nullptr};
    set ^= 1;
    return special;
  }

  [[gnu::always_inline]] void storePending() {
    if (set == 0) {
      pending.template storeFirst<1>();
      pending.template storeSecond<1>();
    } else {
      pending.template storeFirst<0>();
      pending.template storeSecond<0>();
    }
    pending = {};
  }

private:
  /// The first accumulator of set `Set`.
  template <int Set>
  static constexpr int kFirstOf = kAccumulators + kSumColumns * Set;
  /// The left operand at the second depth of a unit; kLeft is that at the
  /// first.
  static constexpr int kSecondLeft = kLeft - 1;
  static_assert(kSecondLeft > kFirstOf<1> + 1);

  /// Where the accumulators of the set that does not compute go to; null if
  /// there is nothing to store.
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
  template <Operand Part, int Set, int I>
  [[gnu::always_inline]] static void
  multiplyTile(Stream &stream, const UnitShape &shape, const Pending &pending) {
    constexpr bool kKeys = Part == Operand::kKeys;
    constexpr int kSum = kKeys ? I / 2 : I % 2;
    constexpr int kDepth = kKeys ? I % 2 : I / 2;
    if ((kSum == 0 || shape.secondSum) && (kDepth == 0 || shape.secondDepth)) {
      _tile_loadd(kRight, stream.words(I), kTileStride);
      _tile_dpbf16ps(kFirstOf<Set> + kSum, kDepth ? kSecondLeft : kLeft,
                     kRight);
    }
    if constexpr (I == 1)
      pending.template storeFirst<1 - Set>();
    if constexpr (I == 3)
      pending.template storeSecond<1 - Set>();
    stream.decodeAhead(I);
  }

  template <Operand Part, int Set>
  [[gnu::always_inline]] static void
  multiplyUnit(Stream &stream, const UnitShape &shape, const Pending &pending) {
    _tile_loadd(kLeft, shape.left, kTileStride);
    if (shape.secondDepth)
      _tile_loadd(kSecondLeft, shape.left + FP8ATTN_TILE_BYTES, kTileStride);
    multiplyTile<Part, Set, 0>(stream, shape, pending);
    multiplyTile<Part, Set, 1>(stream, shape, pending);
    multiplyTile<Part, Set, 2>(stream, shape, pending);
    multiplyTile<Part, Set, 3>(stream, shape, pending);
    stream.advance();
  }

  template <int Set>
  [[gnu::always_inline]] void
  multiplyKeysIn(Stream &stream, const uint8_t *query, int64_t depth) {
    _tile_zero(kFirstOf<Set>);
    _tile_zero(kFirstOf<Set> + 1);
    Pending stores = pending;
    for (int64_t k = 0; k < depth; k += 2) {
      multiplyUnit<Operand::kKeys, Set>(
          stream, {query + k * FP8ATTN_TILE_BYTES, k + 1 < depth, true},
          stores);
      stores = {};
    }
  }

  template <int Set>
  [[gnu::always_inline]] static void loadSums(const AttendedValues &step,
                                              int64_t column) {
    _tile_loadd(kFirstOf<Set>, step.sum(column), kTileStride);
    if (step.hasColumn(column + 1))
      _tile_loadd(kFirstOf<Set> + 1, step.sum(column + 1), kTileStride);
  }

  template <int Set>
  [[gnu::always_inline]] void
  multiplyValuesIn(Stream &stream, const AttendedValues &step, int64_t column,
                   ValueTileCount<typename Stream::Ahead> &count) {
    const bool secondSum = step.hasColumn(column + 1);
    loadSums<Set>(step, column);
    Pending stores = pending;
    for (int64_t g = 0; g < step.granules; g += 2) {
      const bool secondDepth = g + 1 < step.granules;
      multiplyUnit<Operand::kValues, Set>(
          stream, {step.left(g), secondDepth, secondSum}, stores);
      stores = {};
      // No call stands between units of a latent cache.
      if constexpr (!Stream::kIsLatent)
        count.add((1 + secondDepth) * (1 + secondSum));
    }
  }

  /// As multiplyValuesIn, of finite values only, from what is in memory.
  template <int Set>
  [[gnu::noinline, gnu::cold]] static void
  multiplyFiniteValues(const AttendedValues &step, int64_t column,
                       uint8_t *tile) {
    loadSums<Set>(step, column);
    forFiniteValues<Format>(
        step, column, tile,
        [&](int64_t g) { _tile_loadd(kLeft, step.left(g), kTileStride); },
        [](auto sum) {
          _tile_dpbf16ps(kFirstOf<Set> + decltype(sum)::value, kLeft, kRight);
        });
  }

  /// The set that computes next; the other one holds what is pending.
  int set = 0;
  Pending pending;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AMX_ONE_ROW_TILE_H
