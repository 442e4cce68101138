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

#ifndef FP8ATTN_X86_AVX512_SOFTMAX_H
#define FP8ATTN_X86_AVX512_SOFTMAX_H

#include "common/tile_layout.h"
#include "x86_avx512/vector_math.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The keys of one step as a row sees them.
class SoftmaxRow {
public:
  /// `scores` and `probs` are the row in its first tile. Keys before `begin`
  /// and from `end` on are masked; `stored` is a multiple of 32.
  SoftmaxRow(const float *scores, float scale, int64_t begin, int64_t end,
             int64_t stored, uint16_t *probs)
      : scores(scores), scale(_mm512_set1_ps(scale)), begin(begin), end(end),
        stored(stored), probs(probs) {}

  /// Returns the largest score * scale, NaN if all visible ones are NaN, -inf
  /// if none is visible.
  float maximum() const {
    const __m512 none = _mm512_set1_ps(-__builtin_inff());
    __m512 largest = none;
    __mmask16 nan = 0;
    for (int64_t j = begin & -kVector; j < end; j += kVector) {
      const __m512 x = _mm512_mask_mul_ps(none, seen(j), load(j), scale);
      nan |= _mm512_cmpunord_ps_mask(x, x);
      largest = _mm512_max_ps(x, largest); // NaN gives `largest`.
    }
    const float result = _mm512_reduce_max_ps(largest);
    return nan && result == -__builtin_inff() ? __builtin_nanf("") : result;
  }

  /// Writes the probabilities exp2(score * scale - max), times the power of two
  /// in `exp2`, adds them to `sum` and returns the largest score * scale - max.
  float exponentiate(float max, const ScaledExp2 &exp2, float &sum) const {
    const __m512 maximum = _mm512_set1_ps(max);
    const __m512 none = _mm512_set1_ps(-__builtin_inff());
    // Two roundings: a fused one would see products that exceed the maximum,
    // which was found among rounded ones, by half an ulp.
    const auto argument = [&](int64_t j) {
      return _mm512_sub_ps(_mm512_mul_ps(load(j), scale), maximum);
    };
    State state = {_mm512_setzero_ps(), none};
    // Only the pairs of vectors in which the visible keys begin and end need a
    // mask.
    const auto packMasked = [&](int64_t j) {
      pack(j, _mm512_mask_mov_ps(none, seen(j), argument(j)),
           _mm512_mask_mov_ps(none, seen(j + kVector), argument(j + kVector)),
           exp2, state);
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
    sum += _mm512_reduce_add_ps(state.sum);
    return _mm512_reduce_max_ps(state.largest);
  }

private:
  struct State {
    __m512 sum, largest;
  };

  /// Keys in a vector of scores, and in one of probabilities.
  static constexpr int64_t kVector = 16;
  static constexpr int64_t kPair = 2 * kVector;

  static __mmask16 lanes(int64_t count) {
    return count >= kVector ? 0xffff : count <= 0 ? 0 : (1u << count) - 1;
  }
  /// Which keys of the vector at `j` the row sees.
  __mmask16 seen(int64_t j) const { return lanes(end - j) & ~lanes(begin - j); }
  __m512 load(int64_t j) const {
    return _mm512_load_ps(scores +
                          tileIndex<kFloatColumns>(0, j, FP8ATTN_BLOCK_KEYS));
  }
  uint16_t *prob(int64_t j) const {
    return probs + tileIndex<kBf16Columns>(0, j, FP8ATTN_BLOCK_KEYS);
  }

  void hide(int64_t j) const {
    _mm512_store_si512(prob(j), _mm512_setzero_si512());
  }

  /// The denominator is the sum of what pv multiplies: the rounded values, by
  /// the same instruction.
  void pack(int64_t j, __m512 low, __m512 high, const ScaledExp2 &exp2,
            State &state) const {
    const __m512i one = _mm512_set1_epi16(0x3f80);
    state.largest = _mm512_max_ps(low, state.largest);
    state.largest = _mm512_max_ps(high, state.largest);
    const __m512bh p = _mm512_cvtne2ps_pbh(exp2(high), exp2(low));
    state.sum = _mm512_dpbf16_ps(state.sum, p, reinterpret_cast<__m512bh>(one));
    _mm512_store_si512(prob(j), reinterpret_cast<__m512i>(p));
  }

  const float *scores;
  __m512 scale;
  int64_t begin, end, stored;
  uint16_t *probs;
};

/// Returns the smallest integer that is not less than x.
inline float nextInteger(float x) {
  const __m128 v = _mm_set_ss(x);
  return _mm_cvtss_f32(
      _mm_roundscale_ss(v, v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC));
}

/// Multiplies a row of acc by 2^exponent.
inline void rescaleRow(float *acc, int64_t channels, float exponent) {
  for (int64_t c = 0; c < channels; c += 16) {
    float *lane = acc + c * FP8ATTN_TILE_ROWS;
    _mm512_store_ps(
        lane, _mm512_scalef_ps(_mm512_load_ps(lane), _mm512_set1_ps(exponent)));
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
      rowMax[r] = nextInteger(row.maximum());
    // While no key has counted, -inf less any finite maximum gives 0.
    const float max = rowMax[r] == none ? 0 : rowMax[r];
    float sum = rowSum[r];
    const float largest = row.exponentiate(max, exp2, sum);
    if (largest > FP8ATTN_RESCALE_THRESHOLD) {
      const float newMax = nextInteger(row.maximum());
      const float change = rowMax[r] - newMax;
      const __m128 scaled =
          _mm_scalef_ss(_mm_set_ss(rowSum[r]), _mm_set_ss(change));
      sum = _mm_cvtss_f32(scaled);
      rescaleRow(acc + tileIndex<kFloatColumns>(r, 0, channels), channels,
                 change);
      rowMax[r] = newMax;
      row.exponentiate(newMax, exp2, sum);
    }
    rowSum[r] = sum;
  }
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_AVX512_SOFTMAX_H
