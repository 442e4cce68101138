//===- store_scales.h - quantisers of new tokens ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tokens that are stored together are divided by one scale, or each by its own,
// which may be computed first: the token is read for that, and stays in the
// caches until it is quantised, so that memory is read once.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_STORE_SCALES_H
#define FP8ATTN_X86_VECTOR_STORE_SCALES_H

#include "common/store_scales.h"
#include "common/tile_layout.h"
#include "x86_vector/for_channels.h"
#include "x86_vector/quantize.h"
#include "x86_vector/store_slots.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// The largest finite magnitude of words, as bits.
template <class Element> constexpr int kLargestFinite = 0;
template <> inline constexpr int kLargestFinite<Bf16> = 0x7f7f;
template <> inline constexpr int kLargestFinite<F16> = 0x7bff;

/// Words of a line.
constexpr int64_t kLineWords = 32;

/// Returns the magnitudes of a line of words, as bits.
inline simd::Line loadMagnitudes(const uint16_t *from) {
  const auto *halves = reinterpret_cast<const __m256i *>(from);
  return simd::bitAnd(simd::fromHalves(_mm256_loadu_si256(halves),
                                       _mm256_loadu_si256(halves + 1)),
                      simd::set16(0x7fff));
}

/// Calls body(from) for all channels of a row, `Width` at a time, the last with
/// zeros behind them.
template <int Width, class Storage, class Body>
[[gnu::always_inline]] inline void forRow(const Storage *row, int64_t channels,
                                          const Body &body) {
  int64_t c = 0;
#pragma clang loop unroll_count(4)
  for (; c + Width <= channels; c += Width)
    body(row + c);
  if (c < channels) {
    Storage copy[Width];
    copyPadded(row + c, 0, 1, channels - c, Width, copy);
    body(copy);
  }
}

/// Returns the largest finite magnitude of a row in which not all are finite, 0
/// if none is.
template <class Element>
[[gnu::noinline]] uint16_t largestOfFinite(const uint16_t *row,
                                           int64_t channels) {
  using namespace simd;
  Maxima largest = {};
  forRow<kLineWords>(row, channels, [&](const uint16_t *from) {
    const Line bits = loadMagnitudes(from);
    largest = max16(largest, ifGreater16(bits, set16(kLargestFinite<Element>),
                                         zero(), bits));
  });
  return largest16(largest);
}

/// Returns the largest finite magnitude of a row, 0 if there is none.
/// Magnitudes are in the order of their bits.
template <class Element>
inline float largestMagnitude(const uint16_t *row, int64_t channels) {
  simd::Maxima maxima = {};
  forRow<kLineWords>(row, channels, [&](const uint16_t *from) {
    maxima = simd::max16(maxima, loadMagnitudes(from));
  });
  uint16_t largest = simd::largest16(maxima);
  if (largest > kLargestFinite<Element>)
    largest = largestOfFinite<Element>(row, channels);
  return Element::decode(largest);
}
template <class Element>
inline float largestMagnitude(const float *row, int64_t channels) {
  simd::Floats largest = simd::set(0);
  forRow<kLanes>(row, channels, [&](const float *from) {
    using namespace simd;
    const Floats x = Vectors<F32>::load(from, 0xffff);
    const Line magnitude = bitAnd(bitsOf(x), set32(kFloatMagnitude));
    // What is not finite has no difference with itself.
    largest = max(largest, asFloats(ifNan(sub(x, x), zero(), magnitude)));
  });
  return simd::largest(largest);
}

/// Writes those of some rows.
template <class Element>
[[gnu::noinline]] void largestMagnitudes(const typename Element::Storage *rows,
                                         int64_t stride, int64_t count,
                                         int64_t channels, float *magnitudes) {
  for (int64_t i = 0; i < count; ++i)
    magnitudes[i] = largestMagnitude<Element>(rows + i * stride, channels);
}

/// The divisors of tokens that are stored together, at most those of a tile.
struct Divisors {
  alignas(kLineBytes) float factors[kLanes];
  alignas(kLineBytes) float scales[kLanes];
  alignas(kLineBytes) float reciprocals[kLanes];

  void set(int64_t i, const Divisor &divisor) {
    factors[i] = divisor.factor;
    scales[i] = divisor.scale;
    reciprocals[i] = divisor.reciprocal;
  }
  Divisor get(int64_t i) const {
    Divisor divisor;
    divisor.factor = factors[i];
    divisor.scale = scales[i];
    divisor.reciprocal = reciprocals[i];
    return divisor;
  }
};

/// Makes the divisors of the `count` tokens from `first` on, whose magnitudes
/// are in the place of scales that are computed. The same for all formats, so
/// that their kernels share it.
[[gnu::noinline]] inline void makeDivisors(const StoreScales &scales,
                                           float largestNumber, int64_t first,
                                           int64_t count, Divisors &divisors) {
  using namespace simd;
  float *each = scales.each + first;
  const uint32_t lanes = (1u << count) - 1;
  Floats values = Vectors<F32>::load(each, lanes);
  if (scales.from != FP8ATTN_SCALES_GIVEN) {
    values = max(div(values, simd::set(largestNumber)),
                 simd::set(FP8ATTN_SMALLEST_SCALE));
    if (scales.from == FP8ATTN_SCALES_POWERS)
      values = asFloats(bitAnd(add32(bitsOf(values), set32(kFloatMantissa)),
                               set32(kFloatInf)));
    Vectors<F32>::store(each, lanes, values);
  }
  alignas(kLineBytes) float all[kLanes];
  storeFloats(all, values);
  for (int64_t i = 0; i < kLanes; ++i)
    divisors.set(i, all[i]);
}

/// The quantisers of tokens that are stored together.
template <class Format, class Element> class UnitQuantizers {
public:
  explicit UnitQuantizers(const StoreScales &scales)
      : scales(scales), step(scales.areMany() ? 1 : 0) {
    divisors.set(0, scales.one);
  }

  /// Takes up the scales of a unit, whose rows begin at `rows`.
  void take(const StoreUnit &unit, const typename Element::Storage *rows,
            int64_t stride, int64_t channels) {
    if constexpr (kQuantizes<Format, Element>) {
      if (!scales.areMany())
        return;
      if (areComputed())
        largestMagnitudes<Element>(rows, stride, unit.count, channels,
                                   scales.each + unit.first);
      makeDivisors(scales, kLargestNumber<Format>, unit.first, unit.count,
                   divisors);
    }
  }

  /// Whether a unit is read from end to end when it is taken up.
  bool areComputed() const {
    return scales.areMany() && scales.from != FP8ATTN_SCALES_GIVEN;
  }

  /// Returns that of the unit's i-th token.
  Quantizer<Format, Element> operator[](int64_t i) const {
    return Quantizer<Format, Element>(divisors.get(i * step));
  }

private:
  const StoreScales &scales;
  /// From a token's divisor to the next one's.
  const int64_t step;
  Divisors divisors;
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_STORE_SCALES_H
