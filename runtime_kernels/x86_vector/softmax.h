//===- softmax.h - one step of the online softmax ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   p = bf16(exp2(score * row_scale - row_max + exponent)),  row_sum += sum(p)
//
// The row's maximum is that of its first step, rounded up to an integer, so
// that most steps need no pass to find it: the exponents' maximum is watched on
// the way, and only if it passes the threshold is the row rescaled and done
// again. Works row by row; a row reads and writes nothing of another.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_SOFTMAX_H
#define FP8ATTN_X86_VECTOR_SOFTMAX_H

#include "common/exp2_log2.h"
#include "common/tile_layout.h"
#include "x86_vector/instructions.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The keys of one step as a row sees them.
class SoftmaxRow {
public:
  /// `scores` and `probs` are the row in its first tile. Keys before `begin`
  /// and from `end` on are masked; `stored` is a multiple of 32.
  SoftmaxRow(const float *scores, float scale, int64_t begin, int64_t end,
             int64_t stored, uint16_t *probs)
      : scores(scores), scale(simd::set(scale)), begin(begin), end(end),
        stored(stored), probs(probs) {}

  /// Returns the largest score * scale, NaN if all visible ones are NaN, -inf
  /// if none is visible. Rarely called: most steps keep the maximum.
  [[gnu::noinline]] float maximum() const {
    const simd::Floats none = simd::set(-__builtin_inff());
    simd::Floats largest = none;
    uint32_t nan = 0;
    for (int64_t j = begin & -kVector; j < end; j += kVector) {
      const simd::Floats x =
          simd::select(seen(j), simd::mul(load(j), scale), none);
      nan |= simd::nanLanes(x);
      largest = simd::max(x, largest); // NaN gives `largest`.
    }
    const float result = simd::largest(largest);
    return nan && result == -__builtin_inff() ? __builtin_nanf("") : result;
  }

  /// Writes the probabilities exp2(score * scale - max), times the power of two
  /// in `exp2`, adds them to `sum` and returns the largest score * scale - max.
  float exponentiate(float max, const ScaledExp2 &exp2, float &sum) const {
    const simd::Floats maximum = simd::set(max);
    const simd::Floats none = simd::set(-__builtin_inff());
    // Two roundings: a fused one would see products that exceed the maximum,
    // which was found among rounded ones, by half an ulp.
    const auto argument = [&](int64_t j) {
      return simd::sub(simd::mul(load(j), scale), maximum);
    };
    State state = {simd::set(0), none};
    // Only the pairs of vectors in which the visible keys begin and end need a
    // mask.
    const auto packMasked = [&](int64_t j) {
      pack(j, simd::select(seen(j), argument(j), none),
           simd::select(seen(j + kVector), argument(j + kVector), none), exp2,
           state);
    };
    int64_t j = 0;
    for (; j + kPair <= begin; j += kPair)
      hide(j);
    if (j < begin) {
      packMasked(j);
      j += kPair;
    }
    for (; j + kPair <= end; j += kPair)
      pack(j, argument(j), argument(j + kVector), exp2, state);
    if (j < end) {
      packMasked(j);
      j += kPair;
    }
    for (; j < stored; j += kPair)
      hide(j);
    sum += simd::sum(state.sum);
    return simd::largest(state.largest);
  }

private:
  struct State {
    simd::Floats sum, largest;
  };

  /// Keys in a vector of scores, and in one of probabilities.
  static constexpr int64_t kVector = 16;
  static constexpr int64_t kPair = 2 * kVector;

  static uint32_t lanes(int64_t count) {
    return count >= kVector ? 0xffff : count <= 0 ? 0 : (1u << count) - 1;
  }
  /// Which keys of the vector at `j` the row sees.
  uint32_t seen(int64_t j) const { return lanes(end - j) & ~lanes(begin - j); }
  simd::Floats load(int64_t j) const {
    return simd::loadFloats(scores +
                            tileIndex<kFloatColumns>(0, j, FP8ATTN_BLOCK_KEYS));
  }
  uint16_t *prob(int64_t j) const {
    return probs + tileIndex<kBf16Columns>(0, j, FP8ATTN_BLOCK_KEYS);
  }

  void hide(int64_t j) const { simd::store(prob(j), simd::zero()); }

  /// The denominator is the sum of what pv multiplies: the rounded values, by
  /// the same instruction.
  void pack(int64_t j, simd::Floats low, simd::Floats high,
            const ScaledExp2 &exp2, State &state) const {
    state.largest = simd::max(low, state.largest);
    state.largest = simd::max(high, state.largest);
    simd::store(prob(j), RowDot::packProbs(exp2(low), exp2(high), state.sum));
  }

  const float *scores;
  simd::Floats scale;
  int64_t begin, end, stored;
  uint16_t *probs;
};

/// Multiplies a row of acc by a power of two.
inline void rescaleRow(float *acc, int64_t channels, float factor) {
  for (int64_t c = 0; c < channels; c += kFloatColumns) {
    float *lane = acc + c * FP8ATTN_TILE_ROWS;
    simd::storeFloats(lane,
                      simd::mul(simd::loadFloats(lane), simd::set(factor)));
  }
}

/// An fp8attn_uk_softmax_fn.
inline void softmaxStep(int64_t firstKey, int64_t numKeys, int64_t rows,
                        const float *scores, const float *rowScale,
                        const int32_t *rowBegin, const int32_t *rowLimit,
                        int64_t exponent, int64_t channels, float *rowMax,
                        float *rowSum, float *acc, void *probs) {
  const ScaledExp2 exp2(static_cast<float>(exponent));
  const int64_t stored = (numKeys + FP8ATTN_GRANULE - 1) & -FP8ATTN_GRANULE;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t end = clamp(rowLimit[r] - firstKey, 0, numKeys);
    const int64_t begin = clamp(rowBegin[r] - firstKey, 0, end);
    const SoftmaxRow row(scores +
                             tileIndex<kFloatColumns>(r, 0, FP8ATTN_BLOCK_KEYS),
                         rowScale[r], begin, end, stored,
                         static_cast<uint16_t *>(probs) +
                             tileIndex<kBf16Columns>(r, 0, FP8ATTN_BLOCK_KEYS));
    const float none = -__builtin_inff();
    if (rowMax[r] == none)
      rowMax[r] = ceilToInteger(row.maximum());
    // While no key has counted, -inf less any finite maximum gives 0.
    const float max = rowMax[r] == none ? 0 : rowMax[r];
    float sum = rowSum[r];
    const float largest = row.exponentiate(max, exp2, sum);
    if (largest > FP8ATTN_RESCALE_THRESHOLD) {
      const float newMax = ceilToInteger(row.maximum());
      // Of an integer: a power of two, or 0 where all that is rescaled would
      // underflow.
      const float factor = exp2Polynomial(rowMax[r] - newMax);
      sum = rowSum[r] * factor;
      rescaleRow(acc + tileIndex<kFloatColumns>(r, 0, channels), channels,
                 factor);
      rowMax[r] = newMax;
      row.exponentiate(newMax, exp2, sum);
    }
    rowSum[r] = sum;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_SOFTMAX_H
