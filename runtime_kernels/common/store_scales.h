//===- store_scales.h - the scales of new tokens ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What all ISAs have in common of the scales that store_key and store_value
// divide by. Where these compute them, the same bits are computed everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_COMMON_STORE_SCALES_H
#define FP8ATTN_COMMON_STORE_SCALES_H

#include "common/fp8_format.h"
#include "common/run_kinds.h"
#include "fp8attn/Runtime/kernels.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Whether elements of a type are divided by a scale: bf16 caches have none,
/// and codes are moved.
template <class Format, class Element>
constexpr bool kQuantizes = Format::kBits < 16 && !__is_same(Format, Element);

/// The largest number that quantising gives.
template <class Format>
constexpr float kLargestNumber = Format::decode(Format::kMaxFinite);
template <> inline constexpr float kLargestNumber<I8> = I8::kLargest;
template <> inline constexpr float kLargestNumber<I4> = I4::kLargest;

/// The bits of a float that are 0 in powers of two.
constexpr uint32_t kFloatMantissa = (1u << kFloatMantissaBits) - 1;

/// Scales of a call, as fp8attn_uk_store_fn has them.
struct StoreScales {
  float one;
  float *each;
  int64_t from;

  /// Whether tokens have a scale each.
  bool areMany() const { return fp8attn_has_token_scales && each; }

  /// Returns the scale that takes the largest finite magnitude of a token to
  /// the largest number of the format; or the next power of two.
  template <class Format> float compute(float largest) const {
    const float quotient = largest / kLargestNumber<Format>;
    const float scale =
        quotient > FP8ATTN_SMALLEST_SCALE ? quotient : FP8ATTN_SMALLEST_SCALE;
    return from == FP8ATTN_SCALES_POWERS
               ? floatFromBits((floatBits(scale) + kFloatMantissa) & kFloatInf)
               : scale;
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_COMMON_STORE_SCALES_H
