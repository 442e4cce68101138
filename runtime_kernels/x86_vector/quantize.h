//===- quantize.h - floats to cache elements --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// code = FP8(value / scale): round to nearest even, saturate to finite, NaN of
// either sign is 0x7f, the sign of zero kept (e2m1 likewise; its NaN is 0). The
// quotient is that of a true division, or rounds to the same code (Divider);
// rounding adds the power of two whose last place is that of the code, which
// for subnormal codes is the smallest value. Integers likewise, with a last
// place of 1; their NaN is 0.
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
template <> struct QuantizeFormat<E2M1> {
  static constexpr int kMantissaBits = 1;
  static constexpr int kBias = 1;
};

/// A scale, finite and greater than 0, as numbers are divided by it.
struct Divisor {
  Divisor() = default;
  /// Not explicit: a scale is all that there is to it.
  Divisor(float given)
      : factor(factorFor(given)), scale(given * factor),
        reciprocal(simd::kSlowDivision ? 1 / scale : 0) {}

  /// What value and scale are multiplied by, so that nothing that matters for a
  /// code leaves the range of normal numbers.
  float factor;
  float scale, reciprocal;

private:
  static float factorFor(float scale) {
    if (!simd::kSlowDivision)
      return 1;
    return scale < 0x1p-64f ? 0x1p80f : scale > 0x1p64f ? 0x1p-80f : 1;
  }
};

/// Divides 16 numbers at a time by a scale.
///
/// Where a division is slow, it is a product with the reciprocal, which is
/// within two ulp of the quotient. Corrected once, it is the quotient but for
/// 2^-23 ulp, rounded; twice, the quotient, rounded (Markstein).
template <bool CorrectTwice> class Divider {
public:
  explicit Divider(const Divisor &divisor)
      : factor(simd::set(divisor.factor)), scale(simd::set(divisor.scale)),
        reciprocal(simd::set(divisor.reciprocal)) {}

  /// Returns value / scale if the value is not NaN: NaN for infinity.
  simd::Floats operator()(simd::Floats value) const {
    using namespace simd;
    if constexpr (!kSlowDivision)
      return div(value, scale);
    const Floats x = mul(value, factor);
    const Floats product = mul(x, reciprocal);
    const auto correct = [&](Floats quotient) {
      return fma(subProduct(x, quotient, scale), reciprocal, quotient);
    };
    const Floats quotient = correct(product);
    return CorrectTwice ? correct(quotient) : quotient;
  }

private:
  simd::Floats factor, scale, reciprocal;
};

/// Quantises 16 numbers of type Element at a time by one scale.
///
/// One correction of the quotient is enough for numbers of 16 bits: were the
/// code another one, the middle m of two codes would lie between a float and a
/// quotient that is within 2^-23 ulp of m +- ulp / 2. With m and scale in
/// [1, 2), M = 16 m and t in [8, 16] integers, scale is t / 8 + j * 2^-23
/// then, |j| at most 4, and j * M +- t a multiple of 2^17, as value has at
/// most 11 bits. So it is 0: M = t = 16, j = -1, which EveryScaleTest has.
template <class Format, class Element> class Quantizer {
public:
  explicit Quantizer(const Divisor &scale) : divide(scale) {}

  /// Returns the codes, each in the low byte of its lane, the rest 0.
  simd::Line operator()(simd::Floats value) const {
    using namespace simd;
    const Floats quotient = divide(value);
    // NaN compares as a large integer and saturates too.
    const Line magnitude =
        min32(bitAnd(bitsOf(quotient), set32(kFloatMagnitude)),
              set32(floatBits(Format::decode(Format::kMaxFinite))));
    const Line exponent =
        max32(bitAnd(magnitude, set32(kFloatInf)), set32(kMinExponent));
    const Floats sum =
        add(asFloats(magnitude), asFloats(add32(exponent, set32(kRounder))));
    // Ulps of the code, plus what its exponent is worth.
    const Line code =
        add32(bitsOf(sum), shiftRight32<kMantissaShift>(exponent));
    const Line result =
        bitSelect(set32(Format::kMagnitude), code,
                  shiftRight32<32 - Format::kBits>(bitsOf(value)));
    return ifNan(value, set32(Format::kNan), result);
  }

private:
  using Fields = QuantizeFormat<Format>;
  static constexpr int kMantissaShift =
      kFloatMantissaBits - Fields::kMantissaBits;
  /// Exponent field of the smallest normal value.
  static constexpr uint32_t kMinExponent =
      static_cast<uint32_t>(kFloatBias + 1 - Fields::kBias)
      << kFloatMantissaBits;
  /// Added to an exponent field: the power of two with the code's last place,
  /// and in its last bits what an exponent is worth too much.
  static constexpr uint32_t kRounder =
      (static_cast<uint32_t>(kMantissaShift) << kFloatMantissaBits) +
      (-(kMinExponent >> kMantissaShift) & uint32_t{Format::kMagnitude});

  Divider<sizeof(typename Element::Storage) != sizeof(uint16_t)> divide;
};

/// To integers: the middles of i8 have too many bits for the argument above.
template <class Format> class IntegerQuantizer {
public:
  explicit IntegerQuantizer(const Divisor &scale) : divide(scale) {}

  simd::Line operator()(simd::Floats value) const {
    using namespace simd;
    const Line sign = set32(~kFloatMagnitude), all = set32(Format::kCode);
    // NaN saturates, as above.
    const Line magnitude =
        min32(bitAnd(bitsOf(divide(value)), set32(kFloatMagnitude)),
              set32(floatBits(Format::kLargest)));
    const Floats number = asFloats(orAnd(magnitude, bitsOf(value), sign));
    const Line code = bitAnd(bitsOf(add(number, set(Format::kRounder))), all);
    return ifNan(value, zero(), code);
  }

private:
  Divider</*CorrectTwice=*/true> divide;
};
template <class Element>
class Quantizer<I8, Element> : public IntegerQuantizer<I8> {
  using IntegerQuantizer<I8>::IntegerQuantizer;
};
template <class Element>
class Quantizer<I4, Element> : public IntegerQuantizer<I4> {
  using IntegerQuantizer<I4>::IntegerQuantizer;
};

/// A bf16 cache is not quantised.
template <class Element> class Quantizer<Bf16, Element> {
public:
  explicit Quantizer(const Divisor &) {}
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_QUANTIZE_H
