//===- fp8_format.h - element types of a cache ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// E4M3 (fn: no infinities), E5M2, E2M1, I8, I4 and Bf16 as traits: the storage
// type, and the exact conversions to and from float. Branch-free where it
// matters, so that loops over them vectorise. OCP 8-bit Floating Point
// Specification 1.0; of E2M1, OCP Microscaling Formats Specification 1.0.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_FP8_FORMAT_H
#define FP8ATTN_COMMON_FP8_FORMAT_H

#include "common/kernel_namespace.h"

#include <stdint.h>

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Fields of an IEEE binary32.
constexpr int kFloatMantissaBits = 23;
constexpr int kFloatBias = 127;
constexpr uint32_t kFloatMagnitude = 0x7fffffff;
constexpr uint32_t kFloatInf = 0x7f800000;
constexpr uint32_t kFloatQuietNan = 0x7fc00000;

/// Returns the bits of a float.
constexpr uint32_t floatBits(float value) {
  return __builtin_bit_cast(uint32_t, value);
}

/// Returns whether a float is neither infinite nor NaN.
constexpr bool isFinite(float value) {
  return (floatBits(value) & kFloatInf) != kFloatInf;
}

/// Returns the float with these bits.
constexpr float floatFromBits(uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}

/// Returns 2^exponent for a normal result: -126 <= exponent <= 127.
constexpr float powerOfTwo(int exponent) {
  return floatFromBits(static_cast<uint32_t>(exponent + kFloatBias)
                       << kFloatMantissaBits);
}

/// The high half of a float.
struct Bf16 {
  using Storage = uint16_t;
  static constexpr const char *kName = "bf16";
  static constexpr int kBits = 16;

  /// Returns the value, exactly.
  static constexpr float decode(uint16_t code) {
    return floatFromBits(static_cast<uint32_t>(code) << 16);
  }

  /// Returns the nearest bf16, ties to even; a NaN stays one, made quiet.
  static constexpr uint16_t encode(float value) {
    const uint32_t bits = floatBits(value);
    const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const uint32_t nan = (bits >> 16) | 0x40;
    return static_cast<uint16_t>(
        (bits & kFloatMagnitude) > kFloatInf ? nan : rounded);
  }
};

/// A format of small floats: sign, exponent with the given bias, mantissa.
/// Codes whose magnitude is above MaxFinite are NaN, except that MaxFinite + 1
/// is infinity if HasInf.
template <int Bits, int MantissaBits, int Bias, uint8_t MaxFinite, bool HasInf>
struct SmallFormat {
  using Storage = uint8_t;
  static constexpr int kBits = Bits;

  /// The bits of a code's magnitude, that of the largest finite value, and the
  /// code that encode gives for NaN: 0 if there is none.
  static constexpr uint8_t kMagnitude = (1 << (Bits - 1)) - 1;
  static constexpr uint8_t kMaxFinite = MaxFinite;
  static constexpr uint8_t kNan = MaxFinite < kMagnitude ? kMagnitude : 0;

  /// Returns the value of a code, whose higher bits are 0, exactly, subnormals
  /// included.
  static constexpr float decode(uint8_t code) {
    const uint32_t magnitude = code & kMagnitude;
    const uint32_t sign = static_cast<uint32_t>(code & (1 << (Bits - 1)))
                          << (32 - Bits);
    const uint32_t normal =
        (magnitude << kShift) +
        (static_cast<uint32_t>(kFloatBias - Bias) << kFloatMantissaBits);
    const uint32_t subnormal = floatBits(
        static_cast<float>(static_cast<int32_t>(magnitude)) * kSmallestValue);
    const uint32_t special =
        HasInf && magnitude == MaxFinite + 1 ? kFloatInf : kFloatQuietNan;
    const uint32_t finite = magnitude < kSmallestNormal ? subnormal : normal;
    return floatFromBits(sign | (magnitude > MaxFinite ? special : finite));
  }

  /// Returns the code of the nearest value, ties to even; beyond the largest
  /// finite value (infinities too) the largest one with the sign; NaN of
  /// either sign is kNan. Zeros and underflows keep their sign.
  static constexpr uint8_t encode(float value) {
    const uint32_t bits = floatBits(value);
    const uint32_t magnitude = bits & kFloatMagnitude;
    const uint32_t sign = bits >> 31 << (Bits - 1);
    // Adding a power of two whose last place is the smallest value rounds a
    // subnormal to a whole number of those.
    constexpr float kRounder =
        powerOfTwo(kFloatMantissaBits + 1 - Bias - MantissaBits);
    const uint32_t subnormal =
        floatBits(floatFromBits(magnitude < kFloatInf ? magnitude : 0) +
                  kRounder) -
        floatBits(kRounder);
    constexpr uint32_t kRebias = static_cast<uint32_t>(kFloatBias - Bias)
                                 << kFloatMantissaBits;
    const uint32_t half =
        (1u << (kShift - 1)) - 1 + ((magnitude >> kShift) & 1);
    const uint32_t normal = (magnitude - kRebias + half) >> kShift;
    const uint32_t exact =
        magnitude < (kRebias + (1u << kFloatMantissaBits)) ? subnormal : normal;
    const uint32_t finite = magnitude < kOverflow && exact < MaxFinite
                                ? exact
                                : static_cast<uint32_t>(MaxFinite);
    return static_cast<uint8_t>(magnitude > kFloatInf ? kNan : sign | finite);
  }

private:
  /// Distance of the mantissas of a float and a code.
  static constexpr int kShift = kFloatMantissaBits - MantissaBits;
  static constexpr uint32_t kSmallestNormal = 1u << MantissaBits;
  static constexpr float kSmallestValue = powerOfTwo(1 - Bias - MantissaBits);
  /// Magnitudes from 2^16 on saturate in every format.
  static constexpr uint32_t kOverflow = floatBits(powerOfTwo(16));
};

/// 1-4-3 bits, largest value 448, no infinities.
struct E4M3 : SmallFormat<8, 3, 7, 0x7e, false> {
  static constexpr const char *kName = "e4m3";
};

/// 1-5-2 bits, largest value 57344.
struct E5M2 : SmallFormat<8, 2, 15, 0x7b, true> {
  static constexpr const char *kName = "e5m2";
};

/// 1-2-1 bits: 0, 0.5, 1, 1.5, 2, 3, 4 and 6. Neither NaN nor infinities.
struct E2M1 : SmallFormat<4, 1, 1, 0x7, false> {
  static constexpr const char *kName = "e2m1";
};

/// An integer in two's complement. There is no NaN.
template <int Bits> struct IntegerFormat {
  using Storage = uint8_t;
  static constexpr int kBits = Bits;

  /// The bits of a code.
  static constexpr uint8_t kCode = (1 << Bits) - 1;

  /// What quantising gives at most. One number less than its negative is read,
  /// but not written: a scale is the largest magnitude over this, of either
  /// sign.
  static constexpr float kLargest = (1 << (Bits - 1)) - 1;

  /// Returns the value of a code, whose higher bits are 0, exactly.
  static constexpr float decode(uint8_t code) {
    constexpr int kSign = 1 << (Bits - 1);
    return static_cast<float>((code ^ kSign) - kSign);
  }

  /// Returns the code of the nearest integer, ties to even; beyond kLargest
  /// (infinities too) that with the sign; of NaN, 0.
  static constexpr uint8_t encode(float value) {
    const uint32_t bits = floatBits(value);
    const uint32_t magnitude = bits & kFloatMagnitude;
    const uint32_t saturated =
        magnitude < floatBits(kLargest) ? magnitude : floatBits(kLargest);
    const float number = floatFromBits(saturated | (bits & ~kFloatMagnitude));
    // The low byte of the sum is the integer, modulo 256.
    const uint32_t sum = floatBits(number + kRounder) & kCode;
    return static_cast<uint8_t>(magnitude > kFloatInf ? 0 : sum);
  }

  /// Its low byte is 0, and its last place 1, also where 127 is added to it or
  /// taken from it.
  static constexpr float kRounder = 0x1.8p23f;
};

/// From -127 to 127.
struct I8 : IntegerFormat<8> {
  static constexpr const char *kName = "i8";
};

/// From -7 to 7.
struct I4 : IntegerFormat<4> {
  static constexpr const char *kName = "i4";
};

static_assert(E4M3::decode(1) == 0x1p-9f && E4M3::decode(0x7e) == 448);
static_assert(E5M2::decode(1) == 0x1p-16f && E5M2::decode(0xfb) == -57344);
static_assert(I8::decode(0x80) == -128 && I8::encode(-2.5f) == 0xfe);
static_assert(I8::encode(-1e9f) == 0x81 && I8::encode(126.5f) == 126);
static_assert(I4::decode(8) == -8 && I4::encode(-1e9f) == 9);
static_assert(E2M1::decode(1) == 0.5f && E2M1::decode(0xf) == -6);
static_assert(E2M1::encode(-5) == 0xe && E2M1::encode(0.75f) == 2);

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_FP8_FORMAT_H
