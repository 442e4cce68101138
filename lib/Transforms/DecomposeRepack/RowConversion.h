//===- RowConversion.h - elements of one type to another --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What repack does with a row of elements on its way.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWCONVERSION_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWCONVERSION_H

#include "DecomposeRepack/RepackSide.h"

namespace mlir::fp8attn {

/// The conversion of the keys, or the values, of one head.
class RowConversion {
public:
  RowConversion(OpBuilder &builder, RepackOp op, Value head,
                CacheContent content);

  /// Whether codes stay as they are.
  bool isCopy() const { return from == to; }
  /// Converts rows of kRowChannels elements from `channel` on, `width` of which
  /// are of the head. Tokens are where `source` and `destination` say.
  void convert(OpBuilder &builder, Location loc, ArrayRef<TokenPlace> source,
               ArrayRef<TokenPlace> destination, Value channel, int64_t width,
               MutableArrayRef<Value> rows) const;

private:
  /// Returns the scales of a row, of f32.
  Value loadScales(OpBuilder &builder, Location loc, const TokenPlace &place,
                   Value channel, int64_t width) const;

  Type from, to;
  /// Nothing if there is none.
  Value scale, head;
  AffineMap map;
  int64_t headDim;
  /// Whether the scale is that of the source.
  bool isOfSource;
  /// If it is one number for all: the number.
  Value uniform;
};

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWCONVERSION_H
