//===- IndexMath.h - arithmetic on indices -*- C++ -*- ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How many blocks, or turns of a loop, there are of something.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SUPPORT_INDEXMATH_H
#define FP8ATTN_LIB_TRANSFORMS_SUPPORT_INDEXMATH_H

#include "Support/Constants.h"

namespace mlir::fp8attn {

/// Of indices that are not negative.
inline Value add(OpBuilder &builder, Location loc, Value a, Value b) {
  return arith::AddIOp::create(builder, loc, a, b);
}
inline Value multiply(OpBuilder &builder, Location loc, Value a, int64_t b) {
  return arith::MulIOp::create(builder, loc, a, constantIndex(builder, loc, b));
}
inline Value divide(OpBuilder &builder, Location loc, Value a, int64_t b) {
  return arith::DivUIOp::create(builder, loc, a,
                                constantIndex(builder, loc, b));
}
inline Value remainder(OpBuilder &builder, Location loc, Value a, int64_t b) {
  return arith::RemUIOp::create(builder, loc, a,
                                constantIndex(builder, loc, b));
}

/// Returns `count` / `size`, rounded up; `count` + `size` must not overflow.
inline Value ceilDivide(OpBuilder &builder, Location loc, Value count,
                        int64_t size) {
  Value padded = arith::AddIOp::create(builder, loc, count,
                                       constantIndex(builder, loc, size - 1));
  return arith::DivUIOp::create(builder, loc, padded,
                                constantIndex(builder, loc, size));
}

inline Value ceilDivide(OpBuilder &builder, Location loc, Value count,
                        Value size) {
  Value padded = arith::AddIOp::create(builder, loc, count, size);
  Value last = arith::SubIOp::create(builder, loc, padded,
                                     constantIndex(builder, loc, 1));
  return arith::DivUIOp::create(builder, loc, last, size);
}

/// Returns the size of the block that begins at `first`, of up to `most`, where
/// all ends before `end`.
inline Value blockSize(OpBuilder &builder, Location loc, Value first, Value end,
                       Value most) {
  Value rest = arith::SubIOp::create(builder, loc, end, first);
  return arith::MinUIOp::create(builder, loc, rest, most);
}

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SUPPORT_INDEXMATH_H
