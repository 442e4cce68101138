//===- element_types.h - element types of tensors ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// F16 and F32 as traits beside Bf16: what queries, outputs and the sources of a
// quantisation may be made of. Conversions are by bits, since kernels may not
// call the functions that a compiler makes of _Float16.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_ELEMENT_TYPES_H
#define FP8ATTN_COMMON_ELEMENT_TYPES_H

#include "common/fp8_format.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// IEEE binary16.
struct F16 {
  using Storage = uint16_t;

  /// Returns the value, exactly, subnormals included; NaN made quiet.
  static constexpr float decode(uint16_t code) {
    const uint32_t magnitude = code & 0x7fff;
    const uint32_t sign = static_cast<uint32_t>(code & 0x8000) << 16;
    const uint32_t normal = (magnitude << kShift) + kRebias;
    const uint32_t subnormal = floatBits(
        static_cast<float>(static_cast<int32_t>(magnitude)) * powerOfTwo(-24));
    const uint32_t nan = kFloatQuietNan | magnitude << kShift;
    const uint32_t special = magnitude == kInf ? kFloatInf : nan;
    const uint32_t finite = magnitude < kSmallestNormal ? subnormal : normal;
    return floatFromBits(sign | (magnitude >= kInf ? special : finite));
  }

  /// Returns the nearest f16, ties to even; infinity from 65520 on; a NaN stays
  /// one, made quiet.
  static constexpr uint16_t encode(float value) {
    const uint32_t bits = floatBits(value);
    const uint32_t magnitude = bits & kFloatMagnitude;
    const uint32_t sign = (bits >> 16) & 0x8000;
    // The last place of 1/2 is the smallest f16.
    constexpr float kRounder = 0.5f;
    const uint32_t small = magnitude < kSmallestNormalBits ? magnitude : 0;
    const uint32_t subnormal =
        floatBits(floatFromBits(small) + kRounder) - floatBits(kRounder);
    const uint32_t half =
        (1u << (kShift - 1)) - 1 + ((magnitude >> kShift) & 1);
    const uint32_t normal = (magnitude - kRebias + half) >> kShift;
    const uint32_t finite =
        magnitude < kSmallestNormalBits ? subnormal : normal;
    const uint32_t nan = kInf | 0x200 | ((magnitude >> kShift) & 0x1ff);
    // From 2^16 on the exponent field would overflow.
    const uint32_t number = magnitude < floatBits(0x1p16f) ? finite : kInf;
    return static_cast<uint16_t>(sign | (magnitude > kFloatInf ? nan : number));
  }

private:
  /// Distance of the mantissas, and of the exponents, of a float and an f16.
  static constexpr int kShift = kFloatMantissaBits - 10;
  static constexpr uint32_t kRebias = static_cast<uint32_t>(kFloatBias - 15)
                                      << kFloatMantissaBits;
  static constexpr uint32_t kSmallestNormal = 0x400;
  static constexpr uint32_t kSmallestNormalBits = floatBits(powerOfTwo(-14));
  static constexpr uint32_t kInf = 0x7c00;
};

/// IEEE binary32.
struct F32 {
  using Storage = float;
  static constexpr float decode(float value) { return value; }
  static constexpr float encode(float value) { return value; }
};

static_assert(F16::decode(1) == 0x1p-24f && F16::decode(0xfbff) == -65504);
static_assert(F16::encode(65519) == 0x7bff && F16::encode(65520) == 0x7c00);
static_assert(F16::encode(0x1.8p-25f) == 1 && F16::encode(0x1p-25f) == 0);

/// Returns the bf16 nearest to an element, ties to even. A bf16 stays as it is,
/// whatever it is.
template <typename Element>
constexpr uint16_t bf16FromElement(typename Element::Storage element) {
  return Bf16::encode(Element::decode(element));
}
template <> constexpr uint16_t bf16FromElement<Bf16>(uint16_t element) {
  return element;
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_ELEMENT_TYPES_H
