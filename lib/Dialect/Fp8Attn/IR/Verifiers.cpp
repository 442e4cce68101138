//===- Verifiers.cpp - checks that operations share ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each check carries the tag of its constraint in docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"
#include "fp8attn/Dialect/Fp8Attn/IR/ScaleMap.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;

InFlightDiagnostic
fp8attn::detail::noteDefinition(InFlightDiagnostic diagnostic, StringRef name,
                                Value operand) {
  diagnostic.attachNote(operand.getLoc()) << name << " is defined here";
  return diagnostic;
}

std::string fp8attn::detail::sizeText(int64_t size) {
  return ShapedType::isDynamic(size) ? "?" : std::to_string(size);
}

LogicalResult fp8attn::detail::verifyMemRef(Operation *op, NamedShaped operand,
                                            bool contiguous) {
  if (!operand.value || isa<TensorType>(operand.type()))
    return success();
  auto type = cast<MemRefType>(operand.type());
  // operand_c1
  if (type.getMemorySpace())
    return op->emitOpError("expects ")
           << operand.name << " in the default memory space, got " << type;
  // operand_c2
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return op->emitOpError("expects a strided layout of ")
           << operand.name << ", got " << type;
  if (type.getLayout().isIdentity())
    return success();
  // operand_c3
  for (auto [dim, stride] : llvm::enumerate(strides))
    if (!ShapedType::isDynamic(stride) && stride < 1)
      return op->emitOpError("expects strides of ")
             << operand.name << " to be at least 1, got " << stride
             << " in dimension " << dim;
  // operand_c4
  // At the model level, calls check what is not known before.
  const bool mayBeDynamic = isa<ModelOpInterface>(op);
  if (contiguous && !strides.empty() && strides.back() != 1 &&
      !(mayBeDynamic && ShapedType::isDynamic(strides.back())))
    return op->emitOpError("expects innermost stride of ")
           << operand.name << " to be "
           << (ShapedType::isDynamic(strides.back()) ? "static and " : "")
           << "1, got " << sizeText(strides.back());
  return success();
}

LogicalResult fp8attn::detail::verifyMemRefs(Operation *op,
                                             ArrayRef<NamedShaped> operands) {
  for (const NamedShaped &operand : operands)
    if (failed(verifyMemRef(op, operand, /*contiguous=*/true)))
      return failure();
  return success();
}

LogicalResult fp8attn::detail::verifyStatic(Operation *op, StringRef what,
                                            NamedShaped operand, unsigned dim) {
  if (!ShapedType::isDynamic(operand.size(dim)))
    return success();
  return op->emitOpError("expects ")
         << what << " of " << operand.name << " to be static, got ? in "
         << operand.type();
}

LogicalResult fp8attn::detail::verifyOwnMemory(Operation *op,
                                               ArrayRef<NamedShaped> written,
                                               ArrayRef<NamedShaped> read) {
  // operand_c5
  for (auto [index, operand] : llvm::enumerate(written))
    for (const NamedShaped &other :
         llvm::concat<const NamedShaped>(written.drop_front(index + 1), read))
      if (operand.value && operand.value == other.value &&
          isa<MemRefType>(operand.type()))
        return op->emitOpError("expects ")
               << operand.name
               << ", which is written, to be memory of its own, got the value "
                  "of "
               << other.name;
  return success();
}

LogicalResult fp8attn::detail::verifyPositive(Operation *op, StringRef name,
                                              FloatAttr attribute) {
  if (!attribute)
    return success();
  APFloat value = attribute.getValue();
  if (!value.isFinite() || value.isNegative() || value.isZero())
    return op->emitOpError("expects ")
           << name << " to be finite and greater than 0, got " << attribute;
  return success();
}

LogicalResult fp8attn::detail::verifySizesAgree(Operation *op, StringRef what,
                                                NamedShaped operand,
                                                unsigned dim, NamedShaped other,
                                                unsigned otherDim) {
  int64_t size = operand.size(dim), otherSize = other.size(otherDim);
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(otherSize) ||
      size == otherSize)
    return success();
  return noteDefinition(op->emitOpError("expects ")
                            << what << " of " << operand.name << " (" << size
                            << ") to equal " << what << " of " << other.name
                            << " (" << otherSize << ")",
                        other.name, other.value);
}

LogicalResult fp8attn::detail::verifySizeOfCache(Operation *op, StringRef what,
                                                 NamedShaped operand,
                                                 unsigned dim, Value cache,
                                                 StringRef cacheWhat,
                                                 int64_t expected) {
  if (operand.size(dim) == expected)
    return success();
  if (failed(verifyStatic(op, what, operand, dim)))
    return failure();
  return noteDefinition(op->emitOpError("expects ")
                            << what << " of " << operand.name << " ("
                            << sizeText(operand.size(dim)) << ") to equal "
                            << cacheWhat << " of the cache (" << expected
                            << ")",
                        "the cache", cache);
}

/// Returns the layouts that kernels read and write.
static SmallVector<LayoutAttr> getLayoutsWithKernels(MLIRContext *context) {
  SmallVector<LayoutAttr> layouts;
  for (uint64_t kind = 0; kind <= getMaxEnumValForLayoutKind(); ++kind)
    layouts.push_back(LayoutAttr::get(context, static_cast<LayoutKind>(kind)));
  llvm::erase_if(layouts,
                 [](LayoutAttr layout) { return !layout.hasKernels(); });
  return layouts;
}

LogicalResult fp8attn::detail::verifyHasKernels(Operation *op, Value cache) {
  // layout_c1
  LayoutAttr layout = cast<CacheType>(cache.getType()).getLayout();
  if (layout && !layout.hasKernels()) {
    InFlightDiagnostic diagnostic = op->emitOpError("expects a cache of ");
    llvm::interleave(getLayoutsWithKernels(op->getContext()), diagnostic,
                     " or ");
    diagnostic << ", because there are no kernels for " << layout
               << "; fp8attn.repack converts it";
    return noteDefinition(std::move(diagnostic), "the cache", cache);
  }
  return success();
}

LogicalResult fp8attn::detail::verifyHasLayout(Operation *op, Value cache) {
  // layout_c2
  if (!cast<CacheType>(cache.getType()).getLayout())
    return noteDefinition(op->emitOpError("expects a cache with a layout, got ")
                              << cache.getType()
                              << "; fp8attn-assign-layouts gives it one",
                          "the cache", cache);
  return success();
}

LogicalResult fp8attn::detail::verifyCaches(Operation *op,
                                            OperandRange caches) {
  SmallVector<CacheContent> contents =
      llvm::map_to_vector(caches.getTypes(), [](Type type) {
        return cast<CacheType>(type).getContent();
      });
  // caches_c1
  if (contents != SmallVector{CacheContent::KeyValue} &&
      contents != SmallVector{CacheContent::Latent} &&
      contents != SmallVector{CacheContent::Key, CacheContent::Value}) {
    InFlightDiagnostic diagnostic =
        op->emitOpError("expects one key_value or latent cache, or a key and "
                        "then a value cache, got (");
    llvm::interleaveComma(contents, diagnostic, [&](CacheContent content) {
      diagnostic << stringifyCacheContent(content);
    });
    return diagnostic << ")";
  }
  // caches_c2
  auto keys = cast<CacheType>(caches.front().getType());
  auto values = cast<CacheType>(caches.back().getType());
  if (values.getPageTokens() != keys.getPageTokens() ||
      values.getLayout() != keys.getLayout())
    return noteDefinition(op->emitOpError("expects a value cache with page and "
                                          "layout of the key cache (")
                              << keys << "), got " << values,
                          "the key cache", caches.front());
  return verifyHasKernels(op, caches.front());
}

LogicalResult fp8attn::detail::verifyCachePart(Operation *op,
                                               CacheContent content,
                                               CacheType cache) {
  // cache_part_c1
  bool held = content == CacheContent::Key     ? cache.hasKeys()
              : content == CacheContent::Value ? cache.hasValues()
                                               : false;
  if (!held)
    return op->emitOpError("expects key or value, and a cache that holds it, "
                           "got ")
           << stringifyCacheContent(content) << " of " << cache;
  return success();
}

/// Checks that a dimension of a scale has an element for each index.
static LogicalResult verifyScaleSize(Operation *op,
                                     fp8attn::detail::NamedShaped scale,
                                     unsigned dim, AffineMap map,
                                     CacheType cache) {
  AffineExpr result = map.getResult(dim);
  std::optional<IndexRange> range = getIndexRange(result, cache);
  // cache_scale_c4
  if (!range || range->least < 0) {
    InFlightDiagnostic diagnostic =
        op->emitOpError("expects results of the map of ")
        << scale.name
        << " to be at least 0, with a constant multiple of page, got "
        << AffineMapAttr::get(map);
    if (range)
      diagnostic << ", whose result " << dim << " is as low as "
                 << range->least;
    return diagnostic;
  }
  // cache_scale_c6
  const int64_t size = scale.size(dim), needed = range->most + 1;
  const bool enough = range->perPage
                          ? ShapedType::isDynamic(size) || size >= needed
                          : size == needed;
  if (!enough)
    return op->emitOpError("expects ")
           << scale.name << " to have " << (range->perPage ? "at least " : "")
           << needed << " elements in dimension " << dim
           << ", as its map says, got " << scale.type();
  return success();
}

/// Checks the map of a scale, or of a zero point, and its memory.
static LogicalResult verifyScaleMap(Operation *op,
                                    fp8attn::detail::NamedShaped scale,
                                    AffineMap map, CacheType cache) {
  // cache_scale_c3
  if (map.getNumDims() != kNumScaleDims || map.getNumSymbols() != 0)
    return op->emitOpError("expects dimensions (page, head, token, channel) "
                           "and no symbols in the map of ")
           << scale.name << ", got " << AffineMapAttr::get(map);
  // cache_scale_c5
  if (scale.type().getRank() != map.getNumResults())
    return op->emitOpError("expects ")
           << scale.name << " to have a dimension for each result of its map ("
           << map.getNumResults() << "), got " << scale.type();
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
    if (failed(verifyScaleSize(op, scale, dim, map, cache)))
      return failure();
  return verifyMemRef(op, scale, /*contiguous=*/false);
}

LogicalResult fp8attn::detail::verifyCacheScale(Operation *op,
                                                NamedShaped scale,
                                                std::optional<AffineMap> map,
                                                CacheType cache,
                                                StringRef holder, Type held) {
  // cache_scale_c1
  if (static_cast<bool>(scale.value) != cache.isQuantized())
    return op->emitOpError("expects ")
           << (cache.isQuantized() ? "a " : "no ") << scale.name << ", because "
           << holder << " holds " << (held ? held : cache.getElementType());
  // cache_scale_c2
  if (map.has_value() != static_cast<bool>(scale.value))
    return op->emitOpError("expects ")
           << scale.name << " and its map to be given together, got only the "
           << (map ? "map" : "scale");
  return map ? verifyScaleMap(op, scale, *map, cache) : success();
}

LogicalResult fp8attn::detail::verifyOuterScale(Operation *op,
                                                NamedShaped outer,
                                                NamedShaped scale,
                                                CacheType cache) {
  if (!outer.value)
    return success();
  // outer_scale_c1
  if (!scale.value)
    return op->emitOpError("expects no ")
           << outer.name << " without " << scale.name;
  if (!isa<Float8E4M3FNType>(scale.type().getElementType()))
    return op->emitOpError("expects ")
           << scale.name << " to be of f8E4M3FN beside " << outer.name
           << ", got " << scale.type();
  // outer_scale_c2
  if (outer.type().getRank() == 1 && outer.size(0) != cache.getNumHeads())
    return op->emitOpError("expects ")
           << outer.name << " to have no dimension, or an element for each of "
           << cache.getNumHeads() << " heads, got " << outer.type();
  // outer_scale_c3
  if (cache.isMixed())
    return op->emitOpError("expects no ")
           << outer.name << " of a cache whose last " << cache.getRopeHeadDim()
           << " channels (rope_head_dim) are bf16";
  return verifyMemRef(op, outer, /*contiguous=*/false);
}

LogicalResult fp8attn::detail::verifyZeroPoint(Operation *op,
                                               NamedShaped zeroPoint,
                                               std::optional<AffineMap> map,
                                               CacheType cache) {
  // zero_point_c2
  if (map.has_value() != static_cast<bool>(zeroPoint.value))
    return op->emitOpError("expects ")
           << zeroPoint.name << " and its map to be given together, got only "
           << (map ? "the map" : "the zero point");
  if (!map)
    return success();
  // zero_point_c1
  if (!cache.getElementType().isInteger(8))
    return op->emitOpError("expects no ")
           << zeroPoint.name << ", because the cache holds "
           << cache.getElementType() << ", not i8";
  // zero_point_c3
  if (cache.isMixed())
    return op->emitOpError("expects no ")
           << zeroPoint.name << " of a cache whose last "
           << cache.getRopeHeadDim() << " channels (rope_head_dim) are bf16";
  // zero_point_c5
  return verifyScaleMap(op, zeroPoint, *map, cache);
}

LogicalResult
fp8attn::detail::verifyNoValueScale(Operation *op, StringRef name,
                                    StringRef what, Value operand,
                                    std::optional<AffineMap> map) {
  // cache_scale_c7
  // zero_point_c4
  if (operand || map)
    return op->emitOpError("expects no ")
           << name << ", because values of a latent cache have the " << what
           << " of the keys";
  return success();
}

LogicalResult fp8attn::detail::verifyTensorScale(Operation *op,
                                                 NamedShaped scale,
                                                 AffineMap map,
                                                 NamedShaped tensor) {
  unsigned rank = tensor.type().getRank();
  // tensor_scale_c1
  if (map.getNumDims() != rank || map.getNumSymbols() != 0)
    return op->emitOpError("expects a dimension for each of ")
           << tensor.name << " (" << rank << ") and no symbols in the map of "
           << scale.name << ", got " << AffineMapAttr::get(map);
  // tensor_scale_c2
  for (AffineExpr result : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || dim.getPosition() + 1 == rank)
      return op->emitOpError("expects results of the map of ")
             << scale.name << " to be dimensions other than the last, got "
             << AffineMapAttr::get(map);
  }
  // tensor_scale_c3
  if (scale.type().getRank() != map.getNumResults())
    return op->emitOpError("expects ")
           << scale.name << " to have a dimension for each result of its map ("
           << map.getNumResults() << "), got " << scale.type();
  // tensor_scale_c4
  for (auto [index, result] : llvm::enumerate(map.getResults()))
    if (failed(verifySizesAgree(op, "scaled size", scale, index, tensor,
                                cast<AffineDimExpr>(result).getPosition())))
      return failure();
  return verifyMemRef(op, scale, /*contiguous=*/false);
}

LogicalResult fp8attn::detail::verifyRowScale(Operation *op, NamedShaped scale,
                                              std::optional<AffineMap> map,
                                              NamedShaped tensor) {
  const Type element = tensor.type().getElementType();
  const bool isFp8 = element.getIntOrFloatBitWidth() == 8;
  // row_scale_c1
  if (static_cast<bool>(scale.value) != isFp8)
    return op->emitOpError("expects ")
           << (isFp8 ? "a " : "no ") << scale.name << ", because "
           << tensor.name << " is of " << element;
  // row_scale_c2
  if (map.has_value() != static_cast<bool>(scale.value))
    return op->emitOpError("expects both of ")
           << scale.name << " and its map, got only the "
           << (map ? "map" : "scale");
  return map ? verifyTensorScale(op, scale, *map, tensor) : success();
}

LogicalResult fp8attn::detail::verifyMergedTypes(Operation *op,
                                                 NamedShaped first,
                                                 NamedShaped second,
                                                 NamedShaped out) {
  Type type = first.type().getElementType();
  // merge_c5
  if (second.type().getElementType() != type)
    return noteDefinition(
        op->emitOpError("expects elements of second_out to be those of "
                        "first_out (")
            << type << "), got " << second.type(),
        first.name, first.value);
  // merge_c6
  if (!type.isF32() && out.type().getElementType() != type)
    return noteDefinition(
        op->emitOpError("expects elements of out to be those of first_out (")
            << type << "), or these to be f32, got " << out.type(),
        first.name, first.value);
  return success();
}
