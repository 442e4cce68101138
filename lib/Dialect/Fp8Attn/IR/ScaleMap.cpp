//===- ScaleMap.cpp - what the map of a scale says ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Interval arithmetic over affine expressions. The number of pages is known
// only to the call, so the page stays a term with a constant factor.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace mlir::fp8attn;

ScaleGranularity mlir::fp8attn::getGranularity(AffineMap map) {
  return {map.isFunctionOfDim(kPage) || map.isFunctionOfDim(kToken),
          map.isFunctionOfDim(kChannel)};
}

/// Returns how many neighbouring channels share the value of `expr`, counted
/// from multiples of that number; 0 if all do.
static int64_t getSharedChannels(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() == kChannel ? 1 : 0;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return 0;
  int64_t left = getSharedChannels(binary.getLHS());
  int64_t right = getSharedChannels(binary.getRHS());
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() == AffineExprKind::FloorDiv && divisor &&
      isa<AffineDimExpr>(binary.getLHS()) && divisor.getValue() > 0)
    return left * divisor.getValue();
  return std::gcd(left, right);
}

int64_t mlir::fp8attn::getChannelsPerScale(AffineMap map, int64_t channels) {
  int64_t shared = channels;
  for (AffineExpr result : map.getResults())
    shared = std::gcd(shared, getSharedChannels(result));
  return shared;
}

/// left + right * factor.
static std::optional<int64_t> addProduct(int64_t left, int64_t right,
                                         int64_t factor) {
  std::optional<int64_t> product = llvm::checkedMul(right, factor);
  return product ? llvm::checkedAdd(left, *product) : std::nullopt;
}

/// Returns left + right * factor for each member, with the bounds exchanged if
/// the factor is negative.
static std::optional<IndexRange> addProduct(IndexRange left, IndexRange right,
                                            int64_t factor) {
  if (factor < 0)
    std::swap(right.least, right.most);
  auto least = addProduct(left.least, right.least, factor);
  auto most = addProduct(left.most, right.most, factor);
  auto perPage = addProduct(left.perPage, right.perPage, factor);
  if (!least || !most || !perPage)
    return std::nullopt;
  return IndexRange{*least, *most, *perPage};
}

/// The range of a quotient or remainder by a constant.
static std::optional<IndexRange> divide(AffineExprKind kind, IndexRange range,
                                        int64_t divisor) {
  // A quotient of the page's term is no product with the page any more.
  if (divisor < 1 || range.perPage != 0)
    return std::nullopt;
  switch (kind) {
  case AffineExprKind::FloorDiv:
    return IndexRange{llvm::divideFloorSigned(range.least, divisor),
                      llvm::divideFloorSigned(range.most, divisor), 0};
  case AffineExprKind::CeilDiv:
    return IndexRange{llvm::divideCeilSigned(range.least, divisor),
                      llvm::divideCeilSigned(range.most, divisor), 0};
  default:
    return range.least >= 0 && range.most < divisor
               ? range
               : IndexRange{0, divisor - 1, 0};
  }
}

static std::optional<IndexRange> rangeOf(AffineExpr expr, CacheType cache) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return IndexRange{constant.getValue(), constant.getValue(), 0};
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    switch (dim.getPosition()) {
    case kPage:
      return IndexRange{0, 0, 1};
    case kHead:
      return IndexRange{0, cache.getNumHeads() - 1, 0};
    case kToken:
      return IndexRange{0, cache.getPageTokens() - 1, 0};
    default:
      return IndexRange{0, cache.getCodedDim() - 1, 0};
    }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  std::optional<IndexRange> left =
      binary ? rangeOf(binary.getLHS(), cache) : std::nullopt;
  if (!left)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add) {
    std::optional<IndexRange> right = rangeOf(binary.getRHS(), cache);
    return right ? addProduct(*left, *right, 1) : std::nullopt;
  }
  // Affine expressions keep the constant of a product or quotient on the right.
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!constant)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mul)
    return addProduct({0, 0, 0}, *left, constant.getValue());
  return divide(expr.getKind(), *left, constant.getValue());
}

std::optional<IndexRange> mlir::fp8attn::getIndexRange(AffineExpr result,
                                                       CacheType cache) {
  std::optional<IndexRange> range = rangeOf(result, cache);
  // The size is one more than the largest index.
  const bool fits = range && llvm::checkedAdd<int64_t>(range->most, 1);
  return fits && range->perPage >= 0 ? range : std::nullopt;
}
