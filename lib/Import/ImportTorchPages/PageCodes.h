//===- PageCodes.h - caches of FP8 in programs of torch ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs of torch write FP8 as `(x / scale).clamp(-448,
// 448).to(float8_e4m3fn)` and read `codes.to(float32) * scale`. Tensors of
// pages may hold the codes as bytes, which torch indexes where it does not
// index FP8.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGECODES_H
#define FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGECODES_H

#include "Torch/TorchElements.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <string>

namespace mlir::fp8attn {

/// What codes are multiplied by: a number or, if there is one, a tensor of
/// torch of f32, with one element or one for each head.
struct PageScale {
  double number = 1;
  Value tensor;
};

/// What was found between floats that are read and codes.
struct ReadCodes {
  /// The type of FP8; null if there are no codes.
  Type type;
  /// A factor, and where the element of a tensor is that is multiplied by.
  std::optional<PageScale> scale;
  Coordinates place;
};

/// Returns the type of FP8 that elements of a tensor of torch are; null if they
/// are others.
Type getTorchCodes(Value tensor);

/// Whether an operation gives the bytes of its operand, each another type.
bool isTorchByteView(Operation *op);

/// Returns what codes are made of by clamping it to the largest finite codes
/// and converting it, and how it was divided before; null, and why, if they are
/// made otherwise. Both are tensors of one shape [..., heads, channels].
Value followQuantization(Value codes, PageScale &scale, std::string &why);

/// Follows an element of floats to the codes it is made of, a step at a time;
/// whether there was one.
bool stepToCodes(TorchElement &element, ReadCodes &read);

/// Demands that a factor is one of all elements or one for each head, that of
/// `head`; says why if it is not.
LogicalResult checkReadScale(const ReadCodes &read, AffineExpr head,
                             int64_t heads, std::string &why);

/// Builds the scale of a cache, f32 [] or [heads], and returns its map.
AffineMapAttr buildPageScale(OpBuilder &builder, Location loc,
                             const PageScale &scale, Value &tensor);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGECODES_H
