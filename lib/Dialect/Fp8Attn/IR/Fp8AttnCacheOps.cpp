//===- Fp8AttnCacheOps.cpp - writing caches and converting tensors --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers of kv_write, repack, quantize and dequantize. Each check carries
// the tag of its constraint in docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "OperandTypes.h"
#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/IR/AffineMap.h"

#include <tuple>

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Checks that each token, head and block of channels has a scale of its own.
static LogicalResult verifyDynamicScale(KvWriteOp op, StringRef name,
                                        std::optional<AffineMap> map,
                                        int64_t headDim) {
  if (!map)
    return success();
  SmallVector<int> uses(kNumScaleDims);
  bool isPlain = true;
  for (AffineExpr result : map->getResults()) {
    auto block = dyn_cast<AffineBinaryOpExpr>(result);
    if (block && block.getKind() == AffineExprKind::FloorDiv &&
        block.getLHS() == getAffineDimExpr(kChannel, op.getContext())) {
      // A smaller last block would be computed in parts.
      auto size = cast<AffineConstantExpr>(block.getRHS()).getValue();
      isPlain &= headDim % size == 0;
      result = block.getLHS();
    }
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      ++uses[dim.getPosition()];
    else
      isPlain = false;
  }
  // kv_write_c4
  if (!isPlain || uses[kPage] != 1 || uses[kHead] != 1 || uses[kToken] != 1 ||
      uses[kChannel] > 1)
    return op.emitOpError("expects results page, head, token and at most one "
                          "of channel in the map of ")
           << name << ", because it is dynamic, got "
           << AffineMapAttr::get(*map);
  return success();
}

LogicalResult KvWriteOp::verify() {
  if (failed(verifyTypes(*this)) || failed(verifyCaches(*this, getCaches())))
    return failure();
  NamedShaped key{"key", getKey()}, slots{"slots", getSlots()};
  std::pair<NamedShaped, Value> stores[] = {
      {key, getKeyCache()}, {{"value", getValue()}, getValueCache()}};
  for (auto [source, cache] : stores) {
    auto type = cast<CacheType>(cache.getType());
    // kv_write_c1
    if (failed(verifySizeOfCache(*this, "heads", source, 1, cache, "heads",
                                 type.getNumHeads())))
      return failure();
    // kv_write_c2
    if (failed(verifySizeOfCache(*this, "head dim", source, 2, cache,
                                 "head_dim", type.getHeadDim())))
      return failure();
    // kv_write_c3
    if (failed(verifySizesAgree(*this, "tokens", source, 0, slots, 0)))
      return failure();
  }
  if (failed(verifyCacheScales(*this)))
    return failure();
  // kv_write_c5
  if (getDynamic() && !getKeyScale() && !getValueScale())
    return emitOpError("expects an FP8 cache, because dynamic computes scales, "
                       "got ")
           << getKeyCacheType();
  if (getDynamic() &&
      (failed(verifyDynamicScale(*this, "key_scale", getKeyScaleMap(),
                                 getKeyCacheType().getHeadDim())) ||
       failed(verifyDynamicScale(*this, "value_scale", getValueScaleMap(),
                                 getValueCacheType().getHeadDim()))))
    return failure();
  if (getDynamic() && failed(verifyOwnMemory(*this,
                                             {{"key_scale", getKeyScale()},
                                              {"value_scale", getValueScale()}},
                                             {key, {"value", getValue()}})))
    return failure();
  return verifyMemRefs(*this, {key, {"value", getValue()}, slots});
}

LogicalResult RepackOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  CacheType source = getSource().getType();
  auto withoutLayout = [](CacheType type) {
    return std::make_tuple(type.getContent(), type.getNumHeads(),
                           type.getHeadDim(), type.getPageTokens(),
                           type.getElementType());
  };
  // repack_c1
  if (withoutLayout(getDestination().getType()) != withoutLayout(source))
    return noteDefinition(
        emitOpError("expects a destination that differs from source (")
            << source << ") in the layout only, got "
            << getDestination().getType(),
        "source", getSource());
  // repack_c2
  NamedShaped pages{"pages", getPages()};
  if (pages.value && failed(verifyStatic(*this, "columns", pages, 1)))
    return failure();
  if (pages.value && pages.size(1) != 2)
    return emitOpError("expects pages to have two columns, the page of source "
                       "and that of destination, got ")
           << pages.type();
  // repack_c3
  if (!pages.value && getSource() == getDestination())
    return emitOpError("expects source and destination to be two caches "
                       "without pages, got one");
  return verifyMemRef(*this, pages, /*contiguous=*/true);
}

/// Checks quantize and dequantize, which differ in direction only.
template <typename Op> static LogicalResult verifyConvert(Op op) {
  if (failed(verifyTypes(op)))
    return failure();
  NamedShaped source{"source", op.getSource()},
      destination{"destination", op.getDestination()};
  // convert_c1
  if (failed(verifyCompatibleShape(source.type(), destination.type())))
    return noteDefinition(op.emitOpError("expects destination (")
                              << destination.type()
                              << ") to have the shape of source ("
                              << source.type() << ")",
                          source.name, source.value);
  if (failed(verifyTensorScale(op, {"scale", op.getScale()}, op.getScaleMap(),
                               source)))
    return failure();
  return verifyMemRefs(op, {source, destination});
}
LogicalResult QuantizeOp::verify() { return verifyConvert(*this); }
LogicalResult DequantizeOp::verify() { return verifyConvert(*this); }
