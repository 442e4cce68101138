//===- Codes.h - numbers of the codes of caches -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What code that quantises and decodes elements has to know of their types:
// FP8, f4E2M1FN, and i8 and i4, which are no types of floats.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H

#include "mlir/IR/Builders.h"

namespace mlir::fp8attn {

/// Returns the largest number that quantising to elements of the type gives.
float largestCode(Type element);

/// Codes of i8 that have a zero point; others are -kLargestI8 at least.
inline constexpr float kLeastI8 = -128, kLargestI8 = 127;

/// Returns an f32 that is not NaN, or the bound that it is beyond.
Value clampFloat(OpBuilder &builder, Location loc, Value value, float least,
                 float largest);

/// Returns the integer, i32, that is nearest to an f32 below 2^22, of two the
/// even one.
Value roundToInteger(OpBuilder &builder, Location loc, Value value);

/// Returns the values, f32, of codes, a vector or scalar of i8, exactly. Of
/// types of 4 bits, the others are 0.
Value valuesOfCodes(OpBuilder &builder, Location loc, Value codes,
                    Type element);

/// Returns words, a vector or scalar of i32, whose low bytes are the codes of
/// FP8 that are nearest to numbers, of two the even one. `numbers` are bits of
/// f32 that are not negative and at most the largest code.
Value roundToFp8(OpBuilder &builder, Location loc, Value numbers, Type element);

/// Returns numbers, f32, of codes that are the most significant bits of
/// `words`, a vector of i16 whose other bits do not count: vectors of `size`,
/// the first codes first. Times getTopCodeUnit they are the values, exactly.
/// They come by way of f16, whose subnormal numbers are converted as fast as
/// others.
SmallVector<Value> numbersOfTopCodes(OpBuilder &builder, Location loc,
                                     Value words, Type element, int64_t size);

/// Returns a power of two, at least 1.
float getTopCodeUnit(Type element);

/// Returns bf16 words, those of `first` before those of `second`: vectors of
/// f32 rounded to nearest even. Bits of a NaN that bf16 lacks must be 0.
Value roundToBf16(OpBuilder &builder, Location loc, Value first, Value second);

/// The halves of f32, vectors of i16: bits that bf16 lacks, and its words.
struct FloatHalves {
  Value low, high;
};

/// Returns those of two vectors, the first ones first.
FloatHalves splitFloats(OpBuilder &builder, Location loc, Value first,
                        Value second);

/// Returns words rounded to nearest; `halfwayUp` is 1 where one that is halfway
/// goes up, else 0.
Value roundHalves(OpBuilder &builder, Location loc, const FloatHalves &floats,
                  Value halfwayUp);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_CODES_H
