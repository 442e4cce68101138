//===- RowProducts.h - rows of codes times scales ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWPRODUCTS_H
#define FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWPRODUCTS_H

#include "mlir/IR/Builders.h"

#include <array>

namespace mlir::fp8attn {

/// Returns the words, i16, of products of two rows of codes, vectors of
/// kRowChannels bytes, and their scales, f32: each is rounded once to bf16, and
/// NaN is 0x7FC0.
std::array<Value, 2> multiplyRows(OpBuilder &builder, Location loc,
                                  std::array<Value, 2> rows, Type element,
                                  std::array<Value, 2> scales);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_TRANSFORMS_DECOMPOSEREPACK_ROWPRODUCTS_H
