//===- ListOperands.cpp - what the heads of a list have -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header. The verifier has seen to it that heads of a cache are those
// of one list, or all query heads of a list share one.
//
//===----------------------------------------------------------------------===//

#include "DecomposeSelection/ListOperands.h"
#include "Support/Constants.h"
#include "Support/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// Neighbouring heads.
struct HeadRange {
  Value first;
  int64_t count;
};
} // namespace

/// Returns what a memref has of heads in the dimensions `dims`; null of null.
static Value headsOf(OpBuilder &builder, Location loc, Value memref,
                     ArrayRef<int64_t> dims, HeadRange heads) {
  if (!memref || dims.empty())
    return memref;
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, loc, memref);
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t dim : dims) {
    offsets[dim] = heads.first;
    sizes[dim] = builder.getIndexAttr(heads.count);
    shape[dim] = heads.count;
  }
  return viewOf(builder, loc, memref, offsets, sizes, shape);
}

/// Returns the results of a map that are dimension `head`.
static SmallVector<int64_t> findHeadResults(std::optional<AffineMap> map,
                                            unsigned head) {
  SmallVector<int64_t> dims;
  if (map)
    for (auto [dim, result] : llvm::enumerate(map->getResults()))
      if (result == getAffineDimExpr(head, map->getContext()))
        dims.push_back(dim);
  return dims;
}

ListOperands::ListOperands(PagedAttentionOp op)
    : selected(op.getSelected()), caches(op.getCaches()),
      keyScale(op.getKeyScale()), valueScale(op.getValueScale()),
      keyOuterScale(op.getKeyOuterScale()),
      valueOuterScale(op.getValueOuterScale()),
      keyZeroPoint(op.getKeyZeroPoint()),
      valueZeroPoint(op.getValueZeroPoint()), query(op.getQuery()),
      out(op.getOut()), lse(op.getLse()), sink(op.getSink()),
      queryScale(op.getQueryScale()), outScale(op.getOutScale()) {}

ListOperands::ListOperands(OpBuilder &builder, PagedAttentionOp op, Value list)
    : ListOperands(op) {
  Location loc = op.getLoc();
  const int64_t lists = op.getNumSelectedLists();
  auto number = [&](int64_t value) {
    return constantIndex(builder, loc, value);
  };
  auto rangeOf = [&](int64_t numHeads) -> HeadRange {
    if (numHeads >= lists) {
      const int64_t count = numHeads / lists;
      return {arith::MulIOp::create(builder, loc, list, number(count)), count};
    }
    return {
        arith::DivUIOp::create(builder, loc, list, number(lists / numHeads)),
        1};
  };
  auto listType = cast<MemRefType>(selected.getType());
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  selected = viewOf(builder, loc, selected, {zero, list, zero},
                    {memref::getMixedSize(builder, loc, selected, 0), one,
                     memref::getMixedSize(builder, loc, selected, 2)},
                    {listType.getDimSize(0), listType.getDimSize(2)});
  const HeadRange ofQuery = rangeOf(op.getNumHeads());
  for (Value *tensor : {&query, &out, &lse})
    *tensor = headsOf(builder, loc, *tensor, {1}, ofQuery);
  sink = headsOf(builder, loc, sink, {0}, ofQuery);
  queryScale = headsOf(builder, loc, queryScale,
                       findHeadResults(op.getQueryScaleMap(), 1), ofQuery);
  outScale = headsOf(builder, loc, outScale,
                     findHeadResults(op.getOutScaleMap(), 1), ofQuery);
  auto takeCacheHeads = [&](CacheType type, Value &scale,
                            std::optional<AffineMap> map, Value &zeroPoint,
                            std::optional<AffineMap> zeroPointMap,
                            Value &outer) {
    const HeadRange heads = rangeOf(type.getNumHeads());
    scale = headsOf(builder, loc, scale, findHeadResults(map, 1), heads);
    zeroPoint = headsOf(builder, loc, zeroPoint,
                        findHeadResults(zeroPointMap, 1), heads);
    if (outer && cast<MemRefType>(outer.getType()).getRank() == 1)
      outer = headsOf(builder, loc, outer, {0}, heads);
  };
  takeCacheHeads(op.getKeyCacheType(), keyScale, op.getKeyScaleMap(),
                 keyZeroPoint, op.getKeyZeroPointMap(), keyOuterScale);
  takeCacheHeads(op.getValueCacheType(), valueScale, op.getValueScaleMap(),
                 valueZeroPoint, op.getValueZeroPointMap(), valueOuterScale);
  for (Value &cache : caches) {
    auto type = cast<CacheType>(cache.getType());
    const HeadRange heads = rangeOf(type.getNumHeads());
    if (heads.count < type.getNumHeads())
      cache = CacheHeadsOp::create(builder, loc, type.withHeads(heads.count),
                                   cache, heads.first);
  }
}
