//===- integer_lookup.h - integers of 8 bits to words -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A word is the high half of the integer as a float.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_INTEGER_LOOKUP_H
#define FP8ATTN_X86_VECTOR_INTEGER_LOOKUP_H

#include "x86_vector/vectors.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Finds the words of 64 integers.
class IntegerLookup {
public:
  /// Those of the even bytes and of the odd ones, both in order.
  void operator()(simd::Line integers, simd::Line &even,
                  simd::Line &odd) const {
    even = words(simd::multiplyAddBytes(simd::set16(1), integers));
    odd = words(simd::shiftRightSigned16<8>(integers));
  }

private:
  /// Returns the words of 32 integers of 16 bits.
  static simd::Line words(simd::Line integers) {
    const simd::Line low = simd::multiplyAddWords(integers, simd::set32(1));
    const simd::Line high = simd::shiftRightSigned32<16>(integers);
    return simd::bitOr(
        simd::shiftRight32<16>(simd::bitsOf(simd::floatsFrom(low))),
        simd::bitsOf(simd::floatsFrom(high)));
  }
};

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_INTEGER_LOOKUP_H
