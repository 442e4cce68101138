//===- softmax.h - one step of the online softmax ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   p = product(exp2(score * row_scale - row_max + exponent)),  row_sum +=
//   sum(p)
//
// The row's maximum begins as its first visible score, rounded up to an
// integer, so that no step needs a pass to find it: the exponents' maximum is
// watched on the way, and only if it passes the threshold is the row rescaled
// and done again. Works row by row; a row reads and writes nothing of another.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_SOFTMAX_H
#define FP8ATTN_X86_VECTOR_SOFTMAX_H

#include "common/exp2_log2.h"
#include "common/products.h"
#include "common/tile_layout.h"
#include "x86_vector/instructions.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The operands of a prefill call that are an element a row.
struct PrefillRows {
  const float *scale;
  const int32_t *begin;
  const int32_t *limit;
  float *max;
  float *sum;
};

/// Empties the state of the online softmax for any number of rows.
[[gnu::noinline]] inline void initState(int64_t rows, int64_t channels,
                                        float *rowMax, float *rowSum,
                                        float *acc) {
#pragma clang loop vectorize(disable) unroll(disable)
  for (int64_t r = 0; r < rows; ++r) {
    rowMax[r] = -__builtin_inff();
    rowSum[r] = 0;
  }
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < roundUp(rows, FP8ATTN_TILE_ROWS) * channels;
       i += kFloatColumns)
    simd::storeFloats(acc + i, simd::set(0));
}

/// Where a row's scores are, and its probabilities go, in tiles: both are given
/// as the row in its first tile.
struct TileRow {
  const float *scores;
  ProductElement::Storage *probs;

  simd::Floats load(int64_t j) const {
    return simd::loadFloats(scores +
                            tileIndex<kFloatColumns>(0, j, FP8ATTN_BLOCK_KEYS));
  }
  /// Writes 32 probabilities and adds what they are rounded to.
  void store(int64_t j, simd::Floats low, simd::Floats high,
             simd::Floats &sum) const {
    RowDot::packProbs(low, high, sum, prob(j));
  }
  void hide(int64_t j) const {
    constexpr int64_t kLine = kLineBytes / sizeof(ProductElement::Storage);
    for (int64_t i = 0; i < kProductColumns; i += kLine)
      simd::store(prob(j) + i, simd::zero());
  }

private:
  ProductElement::Storage *prob(int64_t j) const {
    return probs + tileIndex<kProductColumns>(0, j, FP8ATTN_BLOCK_KEYS);
  }
};

/// The keys of one step as a row sees them. `Place` is TileRow, or has the same
/// members.
template <class Place> class SoftmaxRow {
public:
  /// Keys before `begin` and from `end` on are masked; `stored` is a multiple
  /// of 32.
  SoftmaxRow(const Place &place, float scale, int64_t begin, int64_t end,
             int64_t stored)
      : place(place), scale(simd::set(scale)), begin(begin), end(end),
        stored(stored) {}

  /// Returns the largest score * scale, NaN if all visible ones are NaN, -inf
  /// if none is visible.
  float maximum() const { return maximumBefore(end); }

  /// Returns the maximum that the row begins with: its first visible score *
  /// scale if that is finite.
  float firstMaximum() const {
    const float first = maximumBefore(begin < end ? begin + 1 : end);
    return isFinite(first) ? first : maximum();
  }

  /// Writes the probabilities exp2(score * scale - max), times the power of two
  /// in `exp2`, adds them to `sum` and returns the largest score * scale - max.
  [[gnu::noinline]] float exponentiate(float max, const ScaledExp2 &exp2,
                                       float &sum) const {
    const simd::Floats maximum = simd::set(max);
    const simd::Floats none = simd::set(-__builtin_inff());
    // Two roundings: a fused one would see products exceed the maximum, found
    // among rounded ones, by half an ulp, which of large scores is infinity.
    const auto argument = [&](int64_t j) {
      return simd::sub(simd::mul(place.load(j), scale), maximum);
    };
    State state = {simd::set(0), none};
    // Only the pairs of vectors in which the visible keys begin and end need a
    // mask. It is one loop, so that the code is there once.
    const auto packMasked = [&](int64_t j) {
      pack(j, simd::select(seen(j), argument(j), none),
           simd::select(seen(j + kVector), argument(j + kVector), none), exp2,
           state);
    };
    int64_t j = 0;
    for (; j + kPair <= begin; j += kPair)
      place.hide(j);
    for (; j < end; j += kPair)
      if (j >= begin && j + kPair <= end) [[likely]]
        pack(j, argument(j), argument(j + kVector), exp2, state);
      else
        packMasked(j);
    for (; j < stored; j += kPair)
      place.hide(j);
    sum += simd::sum(state.sum);
    return simd::largest(state.largest);
  }

private:
  struct State {
    simd::Floats sum, largest;
  };

  /// As maximum() of the keys before `last`. Rarely called.
  [[gnu::noinline]] float maximumBefore(int64_t last) const {
    const simd::Floats none = simd::set(-__builtin_inff());
    simd::Floats largest = none;
    uint32_t nan = 0;
    for (int64_t j = begin & -kVector; j < last; j += kVector) {
      const simd::Floats x =
          simd::select(lanes(last - j) & ~lanes(begin - j),
                       simd::mul(place.load(j), scale), none);
      nan |= simd::nanLanes(x);
      largest = simd::max(x, largest); // NaN gives `largest`.
    }
    const float result = simd::largest(largest);
    return nan && result == -__builtin_inff() ? __builtin_nanf("") : result;
  }

  /// Keys in a vector of scores, and in one of probabilities.
  static constexpr int64_t kVector = 16;
  static constexpr int64_t kPair = 2 * kVector;

  static uint32_t lanes(int64_t count) {
    return count >= kVector ? 0xffff : count <= 0 ? 0 : (1u << count) - 1;
  }
  /// Which keys of the vector at `j` the row sees.
  uint32_t seen(int64_t j) const { return lanes(end - j) & ~lanes(begin - j); }

  /// The denominator is the sum of what pv multiplies: the rounded values, by
  /// the same instruction.
  void pack(int64_t j, simd::Floats low, simd::Floats high,
            const ScaledExp2 &exp2, State &state) const {
    state.largest = simd::max(low, state.largest);
    state.largest = simd::max(high, state.largest);
    place.store(j, exp2(low), exp2(high), state.sum);
  }

  Place place;
  simd::Floats scale;
  int64_t begin, end, stored;
};

/// Multiplies a row of acc by a power of two.
inline void rescaleRow(float *acc, int64_t channels, float factor) {
  for (int64_t c = 0; c < channels; c += kFloatColumns) {
    float *lane = acc + c * FP8ATTN_TILE_ROWS;
    simd::storeFloats(lane,
                      simd::mul(simd::loadFloats(lane), simd::set(factor)));
  }
}

/// One step of a row. `acc` is the row in its first tile, `channels` that of
/// acc.
template <class Place>
inline void softmaxRow(const SoftmaxRow<Place> &row, const ScaledExp2 &exp2,
                       int64_t channels, float &rowMax, float &rowSum,
                       float *acc) {
  const float none = -__builtin_inff();
  if (rowMax == none)
    rowMax = ceilToInteger(row.firstMaximum());
  // While no key has counted, -inf less any finite maximum gives 0.
  const float max = rowMax == none ? 0 : rowMax;
  float sum = rowSum;
  const float largest = row.exponentiate(max, exp2, sum);
  if (largest > FP8ATTN_RESCALE_THRESHOLD) {
    const float newMax = ceilToInteger(row.maximum());
    // Of an integer: a power of two, or 0 where all that is rescaled would
    // underflow.
    const float factor = exp2Polynomial(rowMax - newMax);
    sum = rowSum * factor;
    rescaleRow(acc, channels, factor);
    rowMax = newMax;
    row.exponentiate(newMax, exp2, sum);
  }
  rowSum = sum;
}

/// An fp8attn_uk_softmax_fn.
inline void softmaxStep(int64_t firstKey, int64_t numKeys, int64_t rows,
                        const float *scores, const float *rowScale,
                        const int32_t *rowBegin, const int32_t *rowLimit,
                        int64_t exponent, int64_t channels, float *rowMax,
                        float *rowSum, float *acc, void *probs) {
  const ScaledExp2 exp2(static_cast<float>(exponent));
  const int64_t stored = roundUp(numKeys, FP8ATTN_GRANULE);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t end = clamp(rowLimit[r] - firstKey, 0, numKeys);
    const int64_t begin = clamp(rowBegin[r] - firstKey, 0, end);
    const TileRow place = {
        scores + tileIndex<kFloatColumns>(r, 0, FP8ATTN_BLOCK_KEYS),
        static_cast<ProductElement::Storage *>(probs) +
            tileIndex<kProductColumns>(r, 0, FP8ATTN_BLOCK_KEYS)};
    softmaxRow(SoftmaxRow(place, rowScale[r], begin, end, stored), exp2,
               channels, rowMax[r], rowSum[r],
               acc + tileIndex<kFloatColumns>(r, 0, channels));
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_SOFTMAX_H
