//===- Dialect.cpp - the dialect in MLIR's C API --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between the handles of MLIR's C API and the classes of the dialect. Only the
// inline functions of that API are used: Debian's libMLIR.so has no others.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/Dialect.h"

#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"
#include "fp8attn/Pipelines/Pipelines.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"

#include <mutex>

using namespace mlir;
using namespace mlir::fp8attn;

// The enumerations of the header are those of the dialect.
static_assert(FP8ATTN_CACHE_KEY_VALUE == int(CacheContent::KeyValue) &&
              FP8ATTN_CACHE_VALUE == int(CacheContent::Value) &&
              FP8ATTN_CACHE_LATENT == int(CacheContent::Latent) &&
              getMaxEnumValForCacheContent() == FP8ATTN_CACHE_LATENT);
static_assert(FP8ATTN_LAYOUT_ROW_MAJOR == int(LayoutKind::RowMajor) &&
              FP8ATTN_LAYOUT_VLLM_AMX == int(LayoutKind::VllmAmx) &&
              FP8ATTN_LAYOUT_VLLM_VECTOR == int(LayoutKind::VllmVector) &&
              FP8ATTN_LAYOUT_QUADS == int(LayoutKind::Quads) &&
              FP8ATTN_LAYOUT_VLLM_AMX_FP8 == int(LayoutKind::VllmAmxFp8) &&
              FP8ATTN_LAYOUT_HND == int(LayoutKind::Hnd) &&
              FP8ATTN_LAYOUT_NHD == int(LayoutKind::Nhd) &&
              FP8ATTN_LAYOUT_HND_PACKED == int(LayoutKind::HndPacked) &&
              FP8ATTN_LAYOUT_FLASH_MLA == int(LayoutKind::FlashMla) &&
              getMaxEnumValForLayoutKind() == FP8ATTN_LAYOUT_FLASH_MLA);

MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Fp8Attn, fp8attn, Fp8AttnDialect)

void fp8attnRegisterPasses() {
  static std::once_flag once;
  std::call_once(once, registerPasses);
}

MlirAttribute fp8attnLayoutAttrGet(MlirContext context,
                                   Fp8AttnLayoutKind kind) {
  std::optional<LayoutKind> known = symbolizeLayoutKind(uint32_t(kind));
  if (!known)
    return {nullptr};
  return wrap(LayoutAttr::get(unwrap(context), *known));
}

bool fp8attnAttributeIsALayout(MlirAttribute attribute) {
  return isa_and_nonnull<LayoutAttr>(unwrap(attribute));
}

Fp8AttnLayoutKind fp8attnLayoutAttrGetKind(MlirAttribute layout) {
  return Fp8AttnLayoutKind(cast<LayoutAttr>(unwrap(layout)).getKind());
}

static MlirType getCacheType(Location loc, CacheContent content,
                             int64_t numHeads, int64_t headDim,
                             int64_t valueHeadDim, int64_t ropeHeadDim,
                             int64_t pageTokens, MlirType elementType,
                             MlirAttribute layout) {
  if (!elementType.ptr) {
    emitError(loc, "expects the element type of a cache, got null");
    return {nullptr};
  }
  if (layout.ptr && !fp8attnAttributeIsALayout(layout)) {
    emitError(loc) << "expects a #fp8attn.layout for a cache, got "
                   << unwrap(layout);
    return {nullptr};
  }
  return wrap(CacheType::getChecked(
      [&] { return emitError(loc); }, loc.getContext(), content, numHeads,
      headDim, valueHeadDim, ropeHeadDim, pageTokens, unwrap(elementType),
      cast_if_present<LayoutAttr>(unwrap(layout))));
}

MlirType fp8attnCacheTypeGetChecked(MlirLocation location,
                                    Fp8AttnCacheContent content,
                                    int64_t numHeads, int64_t headDim,
                                    int64_t pageTokens, MlirType elementType,
                                    MlirAttribute layout) {
  Location loc = unwrap(location);
  std::optional<CacheContent> known = symbolizeCacheContent(uint32_t(content));
  if (!known) {
    emitError(loc) << "expects the content of a cache to be 0 to "
                   << getMaxEnumValForCacheContent() << ", got "
                   << int(content);
    return {nullptr};
  }
  return getCacheType(loc, *known, numHeads, headDim, headDim,
                      /*ropeHeadDim=*/0, pageTokens, elementType, layout);
}

MlirType fp8attnLatentCacheTypeGetChecked(MlirLocation location,
                                          int64_t numHeads, int64_t headDim,
                                          int64_t valueHeadDim,
                                          int64_t pageTokens,
                                          MlirType elementType,
                                          MlirAttribute layout) {
  return getCacheType(unwrap(location), CacheContent::Latent, numHeads, headDim,
                      valueHeadDim, /*ropeHeadDim=*/0, pageTokens, elementType,
                      layout);
}

MlirType fp8attnMixedCacheTypeGetChecked(MlirLocation location, int64_t headDim,
                                         int64_t valueHeadDim,
                                         int64_t ropeHeadDim,
                                         int64_t pageTokens,
                                         MlirType elementType,
                                         MlirAttribute layout) {
  return getCacheType(unwrap(location), CacheContent::Latent, /*numHeads=*/1,
                      headDim, valueHeadDim, ropeHeadDim, pageTokens,
                      elementType, layout);
}

static CacheType toCache(MlirType type) {
  return cast<CacheType>(unwrap(type));
}

bool fp8attnTypeIsACache(MlirType type) {
  return isa_and_nonnull<CacheType>(unwrap(type));
}

Fp8AttnCacheContent fp8attnCacheTypeGetContent(MlirType cache) {
  return Fp8AttnCacheContent(toCache(cache).getContent());
}

int64_t fp8attnCacheTypeGetNumHeads(MlirType cache) {
  return toCache(cache).getNumHeads();
}

int64_t fp8attnCacheTypeGetHeadDim(MlirType cache) {
  return toCache(cache).getHeadDim();
}

int64_t fp8attnCacheTypeGetValueHeadDim(MlirType cache) {
  return toCache(cache).getValueHeadDim();
}

int64_t fp8attnCacheTypeGetRopeHeadDim(MlirType cache) {
  return toCache(cache).getRopeHeadDim();
}

int64_t fp8attnCacheTypeGetPageTokens(MlirType cache) {
  return toCache(cache).getPageTokens();
}

MlirType fp8attnCacheTypeGetElementType(MlirType cache) {
  return wrap(toCache(cache).getElementType());
}

MlirAttribute fp8attnCacheTypeGetLayout(MlirType cache) {
  return wrap(Attribute(toCache(cache).getLayout()));
}

int64_t fp8attnCacheTypeGetPageBytes(MlirType cache) {
  return toCache(cache).getLayout() ? toCache(cache).getPageBytes() : 0;
}
