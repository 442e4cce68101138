//===- Dialect.h - the dialect in MLIR's C API ------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect, its types and attributes that models name, and its passes, for
// programs that use the C API of MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_C_DIALECT_H
#define FP8ATTN_C_DIALECT_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

/// mlirGetDialectHandle__fp8attn__().
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Fp8Attn, fp8attn);

/// Registers the passes and the pipeline fp8attn-to-llvm, so that
/// mlirParsePassPipeline knows them. May be called any number of times, from
/// any thread.
MLIR_CAPI_EXPORTED void fp8attnRegisterPasses(void);

/// What a cache holds.
typedef enum Fp8AttnCacheContent {
  FP8ATTN_CACHE_KEY = 0,
  FP8ATTN_CACHE_VALUE = 1,
  FP8ATTN_CACHE_KEY_VALUE = 2,
  FP8ATTN_CACHE_LATENT = 3
} Fp8AttnCacheContent;

/// Orders of a page's bytes (docs/Layout.md).
typedef enum Fp8AttnLayoutKind {
  FP8ATTN_LAYOUT_PAIRS = 0,
  FP8ATTN_LAYOUT_ROW_MAJOR = 1,
  FP8ATTN_LAYOUT_VLLM_AMX = 2,
  FP8ATTN_LAYOUT_VLLM_VECTOR = 3,
  FP8ATTN_LAYOUT_QUADS = 4,
  FP8ATTN_LAYOUT_VLLM_AMX_FP8 = 5,
  FP8ATTN_LAYOUT_HND = 6,
  FP8ATTN_LAYOUT_NHD = 7,
  FP8ATTN_LAYOUT_HND_PACKED = 8,
  FP8ATTN_LAYOUT_FLASH_MLA = 9
} Fp8AttnLayoutKind;

/// Returns #fp8attn.layout<...>; null if `kind` is none of the enumeration. The
/// context must have loaded the dialect, here and below.
MLIR_CAPI_EXPORTED MlirAttribute fp8attnLayoutAttrGet(MlirContext context,
                                                      Fp8AttnLayoutKind kind);

/// Returns whether an attribute is a layout.
MLIR_CAPI_EXPORTED bool fp8attnAttributeIsALayout(MlirAttribute attribute);

/// Returns the kind of a layout.
MLIR_CAPI_EXPORTED Fp8AttnLayoutKind
fp8attnLayoutAttrGetKind(MlirAttribute layout);

/// Returns !fp8attn.cache<...>, latent with values of all channels of the keys.
/// A null `layout` leaves it open. Null after a diagnostic at `location` if
/// there is no such cache.
MLIR_CAPI_EXPORTED MlirType fp8attnCacheTypeGetChecked(
    MlirLocation location, Fp8AttnCacheContent content, int64_t num_heads,
    int64_t head_dim, int64_t page_tokens, MlirType element_type,
    MlirAttribute layout);

/// Returns !fp8attn.cache<latent, ...>, likewise: the first `value_head_dim`
/// channels of the keys are the values.
MLIR_CAPI_EXPORTED MlirType fp8attnLatentCacheTypeGetChecked(
    MlirLocation location, int64_t num_heads, int64_t head_dim,
    int64_t value_head_dim, int64_t page_tokens, MlirType element_type,
    MlirAttribute layout);

/// Returns the same of one head, of which the last `rope_head_dim` channels of
/// the keys are bf16.
MLIR_CAPI_EXPORTED MlirType fp8attnMixedCacheTypeGetChecked(
    MlirLocation location, int64_t head_dim, int64_t value_head_dim,
    int64_t rope_head_dim, int64_t page_tokens, MlirType element_type,
    MlirAttribute layout);

/// Returns whether a type is that of a cache. The functions below ask for one.
MLIR_CAPI_EXPORTED bool fp8attnTypeIsACache(MlirType type);

/// Returns what the cache holds.
MLIR_CAPI_EXPORTED Fp8AttnCacheContent
fp8attnCacheTypeGetContent(MlirType cache);

/// Returns the number of KV heads.
MLIR_CAPI_EXPORTED int64_t fp8attnCacheTypeGetNumHeads(MlirType cache);

/// Returns the size of a head in elements.
MLIR_CAPI_EXPORTED int64_t fp8attnCacheTypeGetHeadDim(MlirType cache);

/// Returns that of a value: less than that of a key in some latent caches.
MLIR_CAPI_EXPORTED int64_t fp8attnCacheTypeGetValueHeadDim(MlirType cache);

/// Returns how many channels of a key, the last ones, are bf16 whatever the
/// type of the elements is; 0 but in some latent caches.
MLIR_CAPI_EXPORTED int64_t fp8attnCacheTypeGetRopeHeadDim(MlirType cache);

/// Returns the number of tokens in a page.
MLIR_CAPI_EXPORTED int64_t fp8attnCacheTypeGetPageTokens(MlirType cache);

/// Returns the type of the elements.
MLIR_CAPI_EXPORTED MlirType fp8attnCacheTypeGetElementType(MlirType cache);

/// Returns the layout, null if it is open.
MLIR_CAPI_EXPORTED MlirAttribute fp8attnCacheTypeGetLayout(MlirType cache);

/// Returns the bytes of a page; 0 if the layout is open.
MLIR_CAPI_EXPORTED int64_t fp8attnCacheTypeGetPageBytes(MlirType cache);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_C_DIALECT_H
