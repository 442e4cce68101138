//===- TorchElements.h - where elements of torch come from ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Most operations between a cache and attention only move elements: views,
// repeats, slices. Here one element is followed through them, by its place.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_TORCH_TORCHELEMENTS_H
#define FP8ATTN_LIB_IMPORT_TORCH_TORCHELEMENTS_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace mlir::fp8attn {

/// A part of a coordinate, from 0 to `size` - 1, which may be dynamic.
struct Digit {
  AffineExpr value;
  int64_t size;
};

/// A coordinate in a mixed radix, the most significant digit first; none is 0.
/// So a dimension that is made of others can be taken apart again.
using Coordinate = SmallVector<Digit, 2>;
using Coordinates = SmallVector<Coordinate>;

/// An element of a tensor.
struct TorchElement {
  Value tensor;
  Coordinates place;
};

/// Returns a coordinate of a dimension of the size.
Coordinate getCoordinate(AffineExpr value, int64_t size);

/// Returns the number that a coordinate is; null if it depends on a dynamic
/// size.
AffineExpr getNumber(const Coordinate &coordinate, MLIRContext *context);

/// Returns the place in a shape of what is at a place in another, where both
/// have the same elements in the same order; nothing if it is not found.
std::optional<Coordinates> reshape(const Coordinates &place,
                                   ArrayRef<int64_t> to);

/// Returns the place in an operand of what an elementwise operation, or one
/// that expands it, has at `place` in its result: dimensions of size 1 and
/// those that miss in front are broadcast. Nothing if a type is null, or sizes
/// differ.
std::optional<Coordinates> getOperandPlace(RankedTensorType operand,
                                           RankedTensorType result,
                                           const Coordinates &place);

/// Whether an operation gives its first operand in another shape, elements in
/// the same order, or as it is.
bool isTorchReshape(Operation *op);

/// Whether an operation gives elements of its first operand, and which, as
/// `followElement` knows.
bool isTorchMove(Operation *op);

/// Follows an element to the first tensor that is not made by moving elements.
TorchElement followElement(TorchElement element);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_TORCH_TORCHELEMENTS_H
