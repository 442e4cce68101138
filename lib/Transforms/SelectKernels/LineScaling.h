//===- LineScaling.h - a line of codes times factors ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line of 64 codes of a cache (docs/Layout.md) holds two rows of a tile: 16
// lanes of four elements that differ along the paired dimension, in the order
// 0, 2, 1, 3; one of codes of 4 bits the same in half as many bytes. In bf16
// the two rows are lines of their own: so a line becomes two, without a shuffle
// of codes.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_LINESCALING_H
#define FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_LINESCALING_H

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include <array>
#include <optional>

namespace mlir::fp8attn {

/// What is known of factors. Ordinary ones are 0 or so far from the bounds of
/// f32 that no product with a code, or with the power of two that decoding it
/// leaves out, is subnormal or infinite: fewer instructions do then.
enum class FactorKind { Ordinary, Any };

/// Returns whether all factors of a vector of 16 are ordinary.
Value areOrdinary(OpBuilder &builder, Location loc, Value factors);

/// Factors of the first and of the other 16 words of a row, in their order.
using RowFactors = std::array<Value, 2>;

/// What is done with the elements of a row: value = (code - zero point) *
/// factor. Either may be absent.
struct RowNumbers {
  std::optional<RowFactors> factors, zeroPoints;
};

/// Returns `even` and `odd`, numbers of the even and the odd elements of 16
/// lanes, as those of a row.
RowFactors interleave(OpBuilder &builder, Location loc, Value even, Value odd);

/// Turns rows of codes of a type to bf16.
class LineScaling {
public:
  /// Lanes and bytes of a line of 8-bit codes, and lines of a tile of keys;
  /// elements of a lane in a line, and in a tile along that dimension.
  static constexpr int64_t kLanes = 16, kLineBytes = 64, kTileLines = 8;
  static constexpr int64_t kLaneCodes = 4, kPaired = kTileLines * kLaneCodes;

  LineScaling(Type element, Isa isa) : element(element), isa(isa) {}

  /// Returns factors as `scale` takes them.
  Value prepare(OpBuilder &builder, Location loc, Value factors,
                FactorKind kind) const;
  /// Returns the two rows of a line, of i16, whose most significant bits are
  /// the codes.
  std::array<Value, 2> splitLine(OpBuilder &builder, Location loc,
                                 Value line) const;
  /// Returns bf16((code - zero point) * factor), rounded to f32 in between, as
  /// 64 bytes. Zero points are of i8 alone.
  Value scale(OpBuilder &builder, Location loc, Value row,
              const RowNumbers &numbers, FactorKind kind) const;

private:
  Type element;
  Isa isa;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_SELECTKERNELS_LINESCALING_H
