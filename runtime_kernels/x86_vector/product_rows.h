//===- product_rows.h - cache lines to operands of products -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two neighbouring rows of a cache tile become operands one after the other, so
// that few registers hold them. Operands are made of bf16 words, but for i8
// where products are of floats: those are the integers, converted.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_X86_VECTOR_PRODUCT_ROWS_H
#define FP8ATTN_X86_VECTOR_PRODUCT_ROWS_H

#include "x86_vector/decode.h"

namespace fp8attn {
inline namespace FP8ATTN_KERNEL_NAMESPACE {

/// Four integers a lane: elements 0 and 2 are a pair of the even row, 1 and 3
/// one of the odd row.
struct IntegerRows {
  simd::Line integers;
};

/// Returns pair `pair` of the rows of tile `tile` of those side by side, which
/// is at `line`, aligned, as operandOf takes it. Some decoders ask which it is.
template <class Decode>
[[gnu::always_inline]] inline RowPair
loadRows(Decode &decode, const uint8_t *line, int64_t /*pair*/, int /*tile*/) {
  return decode.load(line);
}
template <Specials Mode, int64_t OperandLines = RowDot::kOperandLines>
[[gnu::always_inline]] inline auto loadRows(Decoder<I8, Mode> &decode,
                                            const uint8_t *line, int64_t, int) {
  if constexpr (OperandLines == 1)
    return decode.load(line);
  else
    return IntegerRows{simd::load(line)};
}

/// Returns the even row (0) or the odd one (1) as an operand.
[[gnu::always_inline]] inline RowDot::Operand operandOf(const RowPair &rows,
                                                        int half) {
  return RowDot::operand(half ? rows.odd : rows.even);
}

/// Returns a byte of each lane, the highest being the last, as a float.
template <int Byte> simd::Floats floatsOfByte(simd::Line lanes) {
  constexpr int kAbove = 8 * (3 - Byte);
  if constexpr (kAbove > 0)
    lanes = simd::shiftLeft32<kAbove>(lanes);
  return simd::floatsFrom(simd::shiftRightSigned32<24>(lanes));
}
template <class Operand = RowDot::Operand>
[[gnu::always_inline]] inline Operand operandOf(const IntegerRows &rows,
                                                int half) {
  if (half)
    return {{floatsOfByte<1>(rows.integers), floatsOfByte<3>(rows.integers)}};
  return {{floatsOfByte<0>(rows.integers), floatsOfByte<2>(rows.integers)}};
}

} // namespace FP8ATTN_KERNEL_NAMESPACE
} // namespace fp8attn

#endif // FP8ATTN_X86_VECTOR_PRODUCT_ROWS_H
