//===- PageAddress.h - rows of a cache that torch addresses -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program of torch addresses rows [heads, channels] of one tensor [pages,
// layers, keys and values, tokens of a page], or of one of keys and one of
// values [pages, layers, tokens of a page], by index arithmetic of its own.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGEADDRESS_H
#define FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGEADDRESS_H

#include "Torch/TorchIntegers.h"

namespace mlir::fp8attn {

/// What a row address says.
struct PageAddress {
  /// The page, that of a layer: a row of the tensor has one for each.
  AffineExpr page;
  /// The part of the page: of two, 0 is that of keys and 1 that of values.
  int64_t part;
  /// The token within the page.
  AffineExpr token;
};

/// Splits an address within pages of so many parts; nothing if it does not say
/// the part, or might leave it. Dimension i of the expression is less than
/// `sizes[i]`, if that is static.
std::optional<PageAddress> splitAddress(AffineExpr address, int64_t pageTokens,
                                        int64_t parts, ArrayRef<int64_t> sizes);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_PAGEADDRESS_H
