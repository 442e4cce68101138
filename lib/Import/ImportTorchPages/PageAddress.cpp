//===- PageAddress.cpp - rows of a cache that torch addresses -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Terms that are multiples of a page are the page, whatever they load; the
// others must be known to stay within one part of it.
//
//===----------------------------------------------------------------------===//

#include "PageAddress.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Returns the largest number that an expression is, which is never negative;
/// nothing if it is not known.
static std::optional<int64_t> getMost(AffineExpr expression,
                                      ArrayRef<int64_t> sizes) {
  if (auto dim = dyn_cast<AffineDimExpr>(expression)) {
    const int64_t size = sizes[dim.getPosition()];
    return ShapedType::isDynamic(size) ? std::nullopt : std::optional(size - 1);
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expression);
  auto divisor = binary ? dyn_cast<AffineConstantExpr>(binary.getRHS())
                        : AffineConstantExpr();
  if (!divisor)
    return std::nullopt;
  if (binary.getKind() == AffineExprKind::Mod)
    return divisor.getValue() - 1;
  std::optional<int64_t> most = getMost(binary.getLHS(), sizes);
  if (binary.getKind() == AffineExprKind::FloorDiv && most)
    return *most / divisor.getValue();
  return std::nullopt;
}

std::optional<PageAddress>
mlir::fp8attn::splitAddress(AffineExpr address, int64_t pageTokens,
                            int64_t parts, ArrayRef<int64_t> sizes) {
  MLIRContext *context = address.getContext();
  // No cache has larger pages.
  constexpr int64_t kMostTokens = 4096;
  if (pageTokens < 1 || pageTokens > kMostTokens)
    return std::nullopt;
  const int64_t rows = parts * pageTokens;
  std::optional<AffineSum> sum = getSum(address);
  if (!sum || sum->constant < 0)
    return std::nullopt;
  AffineExpr page = getAffineConstantExpr(sum->constant / rows, context);
  const int64_t least = sum->constant % rows;
  AffineExpr rest = getAffineConstantExpr(least, context);
  int64_t most = least;
  for (auto [term, factor] : sum->terms) {
    if (factor % rows == 0) {
      page = page + term * (factor / rows);
      continue;
    }
    std::optional<int64_t> range =
        factor > 0 ? getMost(term, sizes) : std::nullopt;
    if (!range || *range >= rows || (most += *range * factor) >= rows)
      return std::nullopt;
    rest = rest + term * factor;
  }
  const int64_t part = least / pageTokens;
  if (most / pageTokens != part)
    return std::nullopt;
  return PageAddress{page, part, rest - part * pageTokens};
}
