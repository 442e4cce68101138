//===- ItemScale.cpp - the scale of a work item ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "DecomposeAttention/ItemScale.h"

#include "Support/ScaleLoads.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"
#include "fp8attn/Runtime/kernels.h"

using namespace mlir;
using namespace mlir::fp8attn;

ItemScale mlir::fp8attn::makeItemScale(OpBuilder &builder, Location loc,
                                       Value scale,
                                       std::optional<AffineMap> map,
                                       Value outer, int64_t channels,
                                       int64_t pageTokens, Value head,
                                       bool byElement) {
  if (!scale)
    return {};
  ItemScale result{scale, *map, head, channels, pageTokens, byElement, {}, {}};
  result.outer = loadOuterScale(builder, loc, outer, head);
  ScaleGranularity granularity = getGranularity(*map);
  if (granularity.byToken || byElement)
    return result;
  if (!granularity.byChannel)
    result.factor =
        loadScale(builder, loc, scale, *map, {Value(), head, Value(), Value()});
  else
    result.factor = LoadScaleOp::create(
        builder, loc, RankedTensorType::get({channels}, builder.getF32Type()),
        scale, *map, head, /*run=*/Value(), /*firstKey=*/Value(), channels,
        pageTokens);
  return result;
}

Value mlir::fp8attn::makeStepFactor(OpBuilder &builder, Location loc,
                                    const ItemScale &scale, Value run,
                                    Value firstKey) {
  if (!scale.scale || scale.factor)
    return scale.factor;
  SmallVector<int64_t> shape = {FP8ATTN_BLOCK_KEYS};
  if (getGranularity(scale.map).byChannel || scale.byElement)
    shape.push_back(scale.channels /
                    getChannelsPerScale(scale.map, scale.channels));
  return LoadScaleOp::create(builder, loc,
                             RankedTensorType::get(shape, builder.getF32Type()),
                             scale.scale, scale.map, scale.head, run, firstKey,
                             scale.channels, scale.pageTokens);
}

Value mlir::fp8attn::decodeAndScale(OpBuilder &builder, Location loc,
                                    Value tile, Value zeroPoints, Value factor,
                                    Value outer) {
  auto type = cast<RankedTensorType>(tile.getType());
  if (type.getElementType().isBF16())
    return tile;
  Value decoded =
      DecodeOp::create(builder, loc, type.clone(builder.getBF16Type()), tile);
  if (zeroPoints)
    decoded = SubtractOp::create(builder, loc, decoded, zeroPoints);
  // Factors of rank 1 are of the keys or, loaded without them, of channels.
  IntegerAttr along;
  auto factors = dyn_cast<RankedTensorType>(factor.getType());
  if (factors && factors.getRank() == 1)
    along = builder.getI64IntegerAttr(
        factor.getDefiningOp<LoadScaleOp>().getRun() ? 0 : 1);
  Value scaled = ScaleOp::create(builder, loc, decoded, factor, along);
  return outer ? ScaleOp::create(builder, loc, scaled, outer, IntegerAttr())
                     .getResult()
               : scaled;
}
