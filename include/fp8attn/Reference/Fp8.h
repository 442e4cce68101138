//===- Fp8.h - elements of 4 to 16 bits, by definition ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element conversions for the reference, written from the formats' definitions
// rather than from any kernel, so that the two can be compared.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_REFERENCE_FP8_H
#define FP8ATTN_REFERENCE_FP8_H

#include "fp8attn/Runtime/fp8attn.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace fp8attn::reference {

/// Returns the value of a code of FP8ATTN_TYPE_F8E4M3FN, FP8ATTN_TYPE_F8E5M2
/// or, in the low four bits, FP8ATTN_TYPE_F4E2M1FN.
double decodeFp8(uint8_t code, fp8attn_type format);

/// Returns the code of `value / scale`, divided in f32: the nearest finite
/// value, the even code of two equally near; 0x7F for a NaN of either sign, or
/// 0 if the format has none. The sign of zero is kept.
uint8_t quantizeFp8(float value, float scale, fp8attn_type format);

/// Returns the code, an integer in two's complement of FP8ATTN_TYPE_I8 or
/// FP8ATTN_TYPE_I4, of `value / scale`, divided in f32: the nearest integer,
/// the even one of two equally near, at most 127, or 7, either way; 0 for NaN.
/// Bits beyond those of the type are 0.
uint8_t quantizeInteger(float value, float scale, fp8attn_type type);

/// Returns the code of `value / scale` in a type of codes, one of the above.
uint8_t quantizeElement(float value, float scale, fp8attn_type type);

/// Returns the largest number of a type of codes that is the result of
/// quantising.
float largestCode(fp8attn_type type);

/// Returns whether the words that kernels multiply are the values of elements
/// of a type: of FP8 they may be smaller by a factor.
bool areWordsValues(fp8attn_type type);

/// Returns the value of a bf16 word.
inline float decodeBf16(uint16_t word) {
  const uint32_t bits = uint32_t(word) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// Returns the bf16 word nearest to `value`, the even one of two; NaN stays
/// NaN.
inline uint16_t encodeBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const uint16_t truncated = bits >> 16;
  if (std::isnan(value))
    return truncated | 0x40; // Quiet, so that the payload is not lost to Inf.
  const uint32_t rest = bits & 0xFFFF;
  const bool up = rest > 0x8000 || (rest == 0x8000 && truncated % 2 == 1);
  return truncated + up;
}

/// Returns the value of an f16 word, and the word nearest to a value, as above;
/// values from 65520 on become infinite.
float decodeF16(uint16_t word);
uint16_t encodeF16(float value);

/// Returns the size of an element in bytes; of one of 4 bits, which has half a
/// byte in a cache, 1.
int64_t elementBytes(fp8attn_type type);

/// Returns the size of an element in bits.
int64_t elementBits(fp8attn_type type);

/// Returns the value of the element at `data`, an integer of 4 or 8 bits or of
/// any floating-point type of the ABI. Of an element of 4 bits, these are the
/// low ones of the byte. `data` need not be aligned.
double decodeElement(const void *data, fp8attn_type type);

/// Writes the element of `type` nearest to `value` to `data`, which need not be
/// aligned. `type` is bf16, f16, f32, f8E8M0FNU, of which `value` is a number,
/// or one of codes, as if the scale were 1: pass the quotient by another one.
void encodeElement(float value, void *data, fp8attn_type type);

} // namespace fp8attn::reference

#endif // FP8ATTN_REFERENCE_FP8_H
