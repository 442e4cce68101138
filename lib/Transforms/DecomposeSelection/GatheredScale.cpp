//===- GatheredScale.cpp - factors of copied tokens -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. The verifier has seen to it that no result of a map depends
// on page or token and on head or channel.
//
//===----------------------------------------------------------------------===//

#include "DecomposeSelection/GatheredScale.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/ScaleLoads.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// Dimensions of the map of a scale.
static constexpr unsigned kPage = 0, kToken = 2;

static bool dependsOnToken(AffineExpr result) {
  return result.isFunctionOfDim(kPage) || result.isFunctionOfDim(kToken);
}

GatheredScale::GatheredScale(OpBuilder &builder, Location loc, Value source,
                             AffineMapAttr sourceMap, Value numPages,
                             int64_t pageTokens)
    : scale(source), map(sourceMap) {
  if (!source || llvm::none_of(map.getValue().getResults(), dependsOnToken))
    return;
  this->source = source;
  this->sourceMap = sourceMap;
  auto type = cast<MemRefType>(source.getType());
  SmallVector<AffineExpr> results = {builder.getAffineDimExpr(kPage),
                                     builder.getAffineDimExpr(kToken)};
  SmallVector<int64_t> shape = {ShapedType::kDynamic, pageTokens};
  SmallVector<Value> sizes = {numPages};
  for (auto [dim, result] : llvm::enumerate(sourceMap.getValue().getResults()))
    if (!dependsOnToken(result)) {
      results.push_back(result);
      shape.push_back(type.getDimSize(dim));
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(builder, loc, source, dim));
    }
  scale = memref::AllocOp::create(
      builder, loc, MemRefType::get(shape, type.getElementType()), sizes);
  map = AffineMapAttr::get(AffineMap::get(sourceMap.getValue().getNumDims(), 0,
                                          results, builder.getContext()));
}

/// Emits a loop nest over the dimensions of `memref` from the third on, with
/// their indices behind those of `indices`.
static void forEachOther(OpBuilder &builder, Location loc, Value memref,
                         SmallVector<Value> indices,
                         function_ref<void(OpBuilder &, ValueRange)> build) {
  const auto dim = static_cast<int64_t>(indices.size());
  if (dim == cast<MemRefType>(memref.getType()).getRank())
    return build(builder, indices);
  Value size = memref::DimOp::create(builder, loc, memref, dim);
  forEach(builder, loc, size, 1, [&](OpBuilder &body, Value index) {
    SmallVector<Value> inner(indices);
    inner.push_back(index);
    forEachOther(body, loc, memref, inner, build);
  });
}

void GatheredScale::gather(OpBuilder &builder, Location loc,
                           const GatheredTokens &tokens) const {
  if (!isCopy())
    return;
  Value pageTokens = constantIndex(builder, loc, tokens.pageTokens);
  auto divide = [&](OpBuilder &body, Value place) -> std::pair<Value, Value> {
    return {arith::DivUIOp::create(body, loc, place, pageTokens),
            arith::RemUIOp::create(body, loc, place, pageTokens)};
  };
  auto copy = [&](OpBuilder &body, Value token) {
    Value from = memref::LoadOp::create(body, loc, tokens.places,
                                        ValueRange{tokens.row, token});
    from = arith::IndexCastOp::create(body, loc, body.getIndexType(), from);
    auto [fromPage, fromToken] = divide(body, from);
    auto [page, ofPage] =
        divide(body, arith::AddIOp::create(body, loc, tokens.place, token));
    SmallVector<Value> place =
        getScaleIndices(body, loc, sourceMap.getValue(),
                        {fromPage, Value(), fromToken, Value()});
    forEachOther(body, loc, scale, {page, ofPage},
                 [&](OpBuilder &inner, ValueRange indices) {
                   ValueRange others = indices.drop_front(2);
                   SmallVector<Value> source(place);
                   for (auto [index, result] :
                        llvm::zip(source, sourceMap.getValue().getResults()))
                     if (!dependsOnToken(result)) {
                       index = others.front();
                       others = others.drop_front();
                     }
                   Value factor =
                       memref::LoadOp::create(inner, loc, this->source, source);
                   memref::StoreOp::create(inner, loc, factor, scale, indices);
                 });
  };
  scf::ForOp::create(
      builder, loc, tokens.first, tokens.end, constantIndex(builder, loc, 1),
      ValueRange(),
      [&](OpBuilder &body, Location loc, Value token, ValueRange) {
        copy(body, token);
        scf::YieldOp::create(body, loc);
      });
}
