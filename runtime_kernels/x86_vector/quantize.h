//===- quantize.h - floats to cache elements --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// code = FP8(value / scale): round to nearest even, saturate to finite, NaN of
// either sign is 0x7f, the sign of zero kept. The division is a true one;
// rounding adds the power of two whose last place is that of the code, which
// for subnormal codes is the smallest value.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_QUANTIZE_H
#define FP8ATTN_X86_VECTOR_QUANTIZE_H

#include "x86_vector/vectors.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Bits of a format that the quantiser needs.
template <class Format> struct QuantizeFormat;
template <> struct QuantizeFormat<E4M3> {
  static constexpr int kMantissaBits = 3;
  static constexpr int kBias = 7;
};
template <> struct QuantizeFormat<E5M2> {
  static constexpr int kMantissaBits = 2;
  static constexpr int kBias = 15;
};

/// Quantises 16 floats at a time by one scale.
template <class Format> class Quantizer {
public:
  explicit Quantizer(float scale) : scale(simd::set(scale)) {}

  /// Returns the codes, each in the low byte of its lane, the rest 0.
  simd::Line operator()(simd::Floats value) const {
    using namespace simd;
    const Floats x = div(value, scale);
    const Line bits = bitsOf(x);
    // NaN compares as a large integer and saturates too.
    const Line magnitude =
        min32(bitAnd(bits, set32(kFloatMagnitude)),
              set32(floatBits(Format::decode(Format::kMaxFinite))));
    const Line exponent =
        max32(bitAnd(magnitude, set32(kFloatInf)), set32(kMinExponent));
    const Line rounder = add32(exponent, set32(kRounder));
    const Floats sum = add(asFloats(magnitude), asFloats(rounder));
    // Ulps of the code, plus what its exponent is worth.
    const Line ulps = sub32(bitsOf(sum), rounder);
    const Line binade =
        shiftRight32<kMantissaShift>(sub32(exponent, set32(kMinExponent)));
    const Line code = add32(ulps, binade);
    const Line result = orAnd(code, shiftRight32<24>(bits), set32(0x80));
    return ifNan(x, set32(Format::kNan), result);
  }

private:
  using Fields = QuantizeFormat<Format>;
  static constexpr int kMantissaShift =
      kFloatMantissaBits - Fields::kMantissaBits;
  /// Exponent field of the smallest normal value.
  static constexpr uint32_t kMinExponent =
      static_cast<uint32_t>(kFloatBias + 1 - Fields::kBias)
      << kFloatMantissaBits;
  /// Added to an exponent field: the power of two with the code's last place.
  static constexpr uint32_t kRounder = static_cast<uint32_t>(kMantissaShift)
                                       << kFloatMantissaBits;

  simd::Floats scale;
};

/// A bf16 cache is not quantised.
template <> class Quantizer<Bf16> {
public:
  explicit Quantizer(float) {}
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QUANTIZE_H
