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

#include <algorithm>
#include <tuple>

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Checks that each token, head and block of channels has a scale of its own,
/// of a type that the rule computes.
static LogicalResult verifyDynamicScale(KvWriteOp op, NamedShaped scale,
                                        std::optional<AffineMap> map,
                                        int64_t headDim) {
  if (!map)
    return success();
  // kv_write_c16
  if (op.getMicroscaling() &&
      !isa<Float8E8M0FNUType>(scale.type().getElementType()))
    return op.emitOpError("expects ")
           << scale.name << " to be of f8E8M0FNU beside microscaling, got "
           << scale.type();
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
           << scale.name << ", because it is dynamic, got "
           << AffineMapAttr::get(*map);
  return success();
}

/// Checks the map of zero points that are computed.
static LogicalResult verifyDynamicZeroPoint(KvWriteOp op, StringRef name,
                                            std::optional<AffineMap> map,
                                            std::optional<AffineMap> scaleMap) {
  if (!map)
    return success();
  // kv_write_c17
  if (map != scaleMap)
    return op.emitOpError("expects the map of ")
           << name << " to be that of its scale ("
           << AffineMapAttr::get(*scaleMap)
           << "), because both are dynamic, got " << AffineMapAttr::get(*map);
  // kv_write_c18
  if (op.getMicroscaling())
    return op.emitOpError("expects no ")
           << name << " beside microscaling, which is a rule without one";
  return success();
}

LogicalResult KvWriteOp::verify() {
  if (failed(verifyTypes(*this)) || failed(verifyCaches(*this, getCaches())))
    return failure();
  // kv_write_c6
  if (static_cast<bool>(getValue()) == getKeyCacheType().isLatent())
    return emitOpError("expects ")
           << (getValue() ? "no value, because values of a latent cache are "
                            "part of the keys"
                          : "a value, because the cache is not latent")
           << ", got " << getKeyCacheType();
  NamedShaped key{"key", getKey()}, slots{"slots", getSlots()};
  std::pair<NamedShaped, Value> stores[] = {
      {key, getKeyCache()}, {{"value", getValue()}, getValueCache()}};
  for (auto [source, cache] : stores) {
    if (!source.value)
      continue;
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
  if (failed(verifyRotation(*this)) || failed(verifyCacheScales(*this)))
    return failure();
  // kv_write_c16
  if (getMicroscaling() && !getDynamic())
    return emitOpError(
        "expects dynamic beside microscaling, which is a rule of "
        "scales that are computed");
  // kv_write_c5
  if (getDynamic() && !getKeyScale() && !getValueScale())
    return emitOpError(
               "expects a cache of FP8 or i8, because dynamic computes scales, "
               "got ")
           << getKeyCacheType();
  if (getDynamic() &&
      (failed(verifyDynamicScale(*this, {"key_scale", getKeyScale()},
                                 getKeyScaleMap(),
                                 getKeyCacheType().getCodedDim())) ||
       failed(verifyDynamicScale(*this, {"value_scale", getValueScale()},
                                 getValueScaleMap(),
                                 getValueCacheType().getHeadDim()))))
    return failure();
  if (getDynamic() &&
      (failed(verifyDynamicZeroPoint(*this, "key_zero_point",
                                     getKeyZeroPointMap(), getKeyScaleMap())) ||
       failed(verifyDynamicZeroPoint(*this, "value_zero_point",
                                     getValueZeroPointMap(),
                                     getValueScaleMap()))))
    return failure();
  if (getDynamic() &&
      failed(verifyOwnMemory(*this,
                             {{"key_scale", getKeyScale()},
                              {"value_scale", getValueScale()},
                              {"key_zero_point", getKeyZeroPoint()},
                              {"value_zero_point", getValueZeroPoint()}},
                             {key, {"value", getValue()}})))
    return failure();
  return verifyMemRefs(*this, {key, {"value", getValue()}, slots});
}

int64_t RepackOp::getPagesOfEntry(bool ofSource) {
  const CacheType source = getSource().getType();
  const CacheType destination = getDestination().getType();
  return ofSource ? source.getPagesPerPage(destination)
                  : destination.getPagesPerPage(source);
}

Value RepackOp::getScaledCache() {
  const bool hasWithin = getSource().getType().isFlashMla();
  if (hasWithin != getDestination().getType().isFlashMla())
    return hasWithin ? getDestination() : getSource();
  const bool isSource = getSource().getType().isQuantized();
  if (isSource == getDestination().getType().isQuantized())
    return {};
  return isSource ? getSource() : getDestination();
}

/// Returns whether elements of `from` become such of `to` in a repack.
static bool isConverted(Type from, Type to) {
  return from == to ||
         (isa<BFloat16Type>(from) &&
          (isa<Float8E4M3FNType, Float8E5M2Type>(to) || to.isInteger(8))) ||
         (isa<BFloat16Type>(to) && from.getIntOrFloatBitWidth() >= 8) ||
         (isa<Float8E4M3FNType>(from) && isa<Float8E4M3FNUZType>(to)) ||
         (isa<Float8E4M3FNUZType>(from) && isa<Float8E4M3FNType>(to));
}

/// Checks that a scale has one for each token and channels of a row that share
/// one, as rows have.
static LogicalResult verifyRowScale(RepackOp op) {
  AffineExpr blocks = getAffineDimExpr(kChannel, op.getContext())
                          .floorDiv(CacheType::kRowChannelsPerScale);
  SmallVector<AffineExpr> expected = {blocks};
  for (unsigned dim : {kPage, kToken})
    expected.push_back(getAffineDimExpr(dim, op.getContext()));
  SmallVector<AffineExpr> results(op.getKeyScaleMap()->getResults());
  llvm::erase(results, getAffineDimExpr(kHead, op.getContext()));
  // repack_c9
  if (!op.getKeyScale().getType().getElementType().isF32() ||
      results.size() != expected.size() ||
      !llvm::all_of(expected, [&](AffineExpr result) {
        return llvm::is_contained(results, result);
      }))
    return op.emitOpError("expects key_scale to be of f32 and its map to have "
                          "the results page, token and channel floordiv ")
           << CacheType::kRowChannelsPerScale
           << ", each once and with or without head, because so are the scales "
              "in rows of flash_mla, got "
           << op.getKeyScale().getType() << " and "
           << AffineMapAttr::get(*op.getKeyScaleMap());
  return success();
}

/// Checks the scales of a repack from bf16 to FP8 or i8, or back, or from or to
/// rows that have them within.
static LogicalResult verifyRepackScales(RepackOp op) {
  auto scaled = dyn_cast_or_null<TypedValue<CacheType>>(op.getScaledCache());
  std::tuple<NamedShaped, std::optional<AffineMap>, bool> scales[] = {
      {{"key_scale", op.getKeyScale()},
       op.getKeyScaleMap(),
       op.getSource().getType().hasKeys()},
      {{"value_scale", op.getValueScale()},
       op.getValueScaleMap(),
       op.getSource().getType().hasValues()}};
  for (auto &[scale, map, hasPart] : scales) {
    // repack_c6
    if ((!scaled || !hasPart) && (scale.value || map))
      return op.emitOpError("expects no ")
             << scale.name << ", because "
             << (hasPart ? "elements are not converted from or to bf16 and "
                           "both or none have scales within, "
                         : "the caches have none of these, ")
             << "from " << op.getSource().getType() << " to "
             << op.getDestination().getType();
    if (scaled && hasPart &&
        failed(verifyCacheScale(op, scale, map, scaled.getType())))
      return failure();
  }
  return success();
}

LogicalResult RepackOp::verify() {
  if (failed(verifyTypes(*this)))
    return failure();
  // repack_c10
  if (takesScales() && getKeyScale() &&
      isa<TensorType>(getKeyScale().getType()))
    return emitOpError("expects key_scale to be a memref, because the scales "
                       "within source are written to it, got ")
           << getKeyScale().getType();
  const CacheType source = getSource().getType();
  const CacheType destination = getDestination().getType();
  auto shapeOf = [](CacheType type) {
    return std::make_tuple(type.getContent(), type.getNumHeads(),
                           type.getHeadDim(), type.getValueHeadDim(),
                           type.getRopeHeadDim());
  };
  auto refuse = [&](const Twine &expected) {
    return noteDefinition(emitOpError("expects a destination ")
                              << expected << " source (" << source << "), got "
                              << destination,
                          "source", getSource());
  };
  // repack_c1
  if (shapeOf(destination) != shapeOf(source))
    return refuse(source.isLatent()
                      ? "with the content, heads, head_dim, value_head_dim and "
                        "rope_head_dim of"
                      : "with the content, heads and head_dim of");
  // repack_c4
  const auto [smaller, larger] =
      std::minmax(source.getPageTokens(), destination.getPageTokens());
  if (larger % smaller != 0)
    return refuse("whose page divides or is a multiple of that of");
  // repack_c8
  if (source.isMixed() &&
      source.getElementType() != destination.getElementType())
    return refuse("with the element type, beside rope_head_dim, of");
  // repack_c5
  if (!isConverted(source.getElementType(), destination.getElementType()))
    return refuse("with elements that come from those of");
  // repack_c2
  NamedShaped pages{"pages", getPages()};
  if (pages.value && failed(verifyStatic(*this, "columns", pages, 1)))
    return failure();
  const int64_t sourcePages = getPagesOfEntry(/*ofSource=*/true);
  const int64_t destinationPages = getPagesOfEntry(/*ofSource=*/false);
  if (pages.value && pages.size(1) != sourcePages + destinationPages)
    return emitOpError("expects pages to have ")
           << sourcePages + destinationPages << " columns, " << sourcePages
           << " of source and " << destinationPages << " of destination, got "
           << pages.type();
  // repack_c3
  if (!pages.value && getSource() == getDestination())
    return emitOpError("expects source and destination to be two caches "
                       "without pages, got one");
  if (failed(verifyRepackScales(*this)))
    return failure();
  if (source.isMixed() && getKeyScale() && failed(verifyRowScale(*this)))
    return failure();
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
