//===- Fp8AttnCacheOps.td - writing and converting ---------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Model level, as Fp8AttnOps.td: writes caches, converts them from one layout to
// another, and dense tensors from and to FP8 or i8.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNCACHEOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNCACHEOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.td"

def Fp8Attn_KvWriteOp : Fp8Attn_DestinationOp<"kv_write", [
    AttrSizedOperandSegments]> {
  let summary = "rotates and quantises new keys and values into a paged cache";
  let description = [{
    For each new token `i` with `slots[i] >= 0`, and each KV head `h`:

    ```
    cache K of page slots[i] / page, token slots[i] % page = quantise(key[i, h] / keyScale)
    ```

    and the same for values, which a `latent` cache does not have beside its
    keys. `quantise` divides in f32, rounds to nearest even,
    saturates to the largest finite value, keeps the sign of zero, and turns a
    NaN of either sign into 0x7F. To i8 it saturates to -127 and 127, to i4 to -7
    and 7, to f4E2M1FN, whose sign of zero is kept, to -6 and 6; these turn a NaN
    into 0. A bf16 cache takes bf16 elements unchanged and
    others rounded to nearest even, and has no scales. With a zero point z, to i8,
    `quantise` is `q + z` of the quotient q, rounded to nearest even, a NaN being 0,
    and saturates to -128 and 127. Tokens with a negative slot
    are skipped. If two tokens name the same slot, either may be the one that is
    kept, element by element.

    It is written as clauses, in any order, each once: `dynamic`, `microscaling`,
    `interleaved`, `key`, `value`, `query`, `slots`, `key_norm`, `query_norm`, `rotary`,
    `query_out`, `key_scale`, `value_scale`, `key_zero_point`, `value_zero_point`,
    `cache`, `key_outer_scale` and `value_outer_scale`.

    Operands:
    - `key`: bf16, f16 or f32 [tokens, Hkv, Dk], `value` likewise [tokens, Hkv,
      Dv]; any strides for tokens and heads;
    - `slots`: i64 [tokens];
    - `keyScale`, `valueScale`, `keyZeroPoint`, `valueZeroPoint`, their maps,
      `keyOuterScale` and `valueOuterScale`: as in `paged_attention`. With an outer scale, elements are divided by the product of both,
      in f32;
    - `caches`: one `key_value` cache, or a `key` and a `value` cache, which
      overlap neither each other nor the other operands; or one `latent` cache,
      without `value` and `valueScale`.

    With `dynamic`, the scales are results: for each token, head and, if the map
    says so, block of channels,

    ```
    scale = max(largest finite |element| / largest code, 2^-40)
    ```

    in f32, rounded up to a power of two if the scale is f8E8M0FNU, is computed
    and stored before its elements are divided by it. Maps then have the results
    page, head and token, and may have `channel` or `channel floordiv n`, each
    once, in any order. Scales of tokens that are skipped are left as they are.
    Scales of f8E4M3FN are what NVFP4 takes,

    ```
    scale = largest finite |element| / largest code / outer scale
    ```

    rounded to nearest even, from 2^-9, so that nothing is divided by 0, to 448. The
    outer scale is not computed: it is given, or counts as 1.
    With `microscaling` beside it, scales, of f8E8M0FNU, are those of the Microscaling
    specification of OCP,

    ```
    scale = max(2^(floor(log2(largest finite |element|)) - e), 2^-40)
    ```

    where 2^e is the largest power of two that is not above the largest code. They may be
    half of the others, where the largest element then saturates.

    Zero points are computed with the scales, and have the same map: with a and b the
    least and the largest of 0 and the finite elements that share one, the scale is
    `max(b / 255 - a / 255, 2^-40)`, and the zero point what takes `a` to -128
    (docs/Numerics.md).

    What models do to keys and queries before they attend is done on the way, on
    one reading of the new tokens:

    ```
    x_c    = key[i, h, c], in f32
    n_c    = x_c * (1 / sqrt(sum_c x_c^2 / Dk + norm_eps)) * key_norm[c]
    y_a    = n_a * cos[p, j] - n_b * sin[p, j]        p = positions[i]
    y_b    = n_b * cos[p, j] + n_a * sin[p, j]
    ```

    The second line is there with `key_norm`, the others with `rotary`, for each
    column `j` of the R / 2 that `cos` and `sin` have: (a, b) = (j, j + R / 2), or
    (2 j, 2 j + 1) if `interleaved`. Channels from R on stay `n`. All of this is f32, in
    an order that docs/Numerics.md defines; `y` is what `quantise` takes, so that it is
    rounded once, and what the largest magnitude of `dynamic` is of. `query` becomes
    `query_out` in the same way, with `query_norm` if it is given, rounded once to
    nearest even; for all tokens, those with a negative slot included.

    A `latent` key is its Dv channels of values, which are what a model normalises, and
    Dk - Dv others, which are what it rotates: there, `key_norm` is of the first Dv channels,
    the mean of their squares included, and R is up to Dk - Dv and a and b are Dv further. A
    query has no norm.

    - `query`: bf16, f16 or f32 [tokens, Hq, Dk], Hq a multiple of Hkv, and
      `query_out` likewise, which may be the memory of `query`;
    - `key_norm`, `query_norm`: bf16, f16 or f32 [Dk], of a latent cache [Dv], and the
      attribute `norm_eps`, f32, for both;
    - `rotary(positions, cos, sin)`: i32 [tokens], and the tables, bf16, f16 or f32
      [positions, R / 2]. A position is that of a row.

    Operands but the caches may be tensors. There is a result then for `query_out`
    and, only with `dynamic`, for each scale and zero point. The cache is memory: what reads it
    later in the program reads what was written.

    ```mlir
    func.func @write(%key: memref<?x8x64xbf16>, %value: memref<?x8x64xbf16>,
                     %slots: memref<?xi64>, %scale: memref<f32>,
                     %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>) {
      fp8attn.kv_write
          key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
          slots(%slots : memref<?xi64>)
          key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
          value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>)
      return
    }
    ```

    A latent cache:

    ```mlir
    func.func @write_latent(%latent: memref<?x1x576xbf16>, %slots: memref<?xi64>,
                            %scale: memref<f32>,
                            %cache: !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>) {
      fp8attn.kv_write key(%latent : memref<?x1x576xbf16>) slots(%slots : memref<?xi64>)
          key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
          cache(%cache : !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)
      return
    }
    ```

    One that is normalised and rotated on the way, as in DeepSeek's models, with the last
    channels of 128 queries:

    ```mlir
    func.func @write_rotated_latent(%latent: memref<?x1x576xbf16>, %query: memref<?x128x576xbf16>,
                                    %slots: memref<?xi64>, %norm: memref<512xbf16>,
                                    %positions: memref<?xi32>, %cos: memref<?x32xf32>, %sin: memref<?x32xf32>,
                                    %scale: memref<f32>,
                                    %cache: !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>) {
      fp8attn.kv_write interleaved
          key(%latent : memref<?x1x576xbf16>) query(%query : memref<?x128x576xbf16>)
          slots(%slots : memref<?xi64>) key_norm(%norm : memref<512xbf16>)
          rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x32xf32>, memref<?x32xf32>)
          query_out(%query : memref<?x128x576xbf16>)
          key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
          cache(%cache : !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>)
          {norm_eps = 1.0e-06 : f32}
      return
    }
    ```

    Tensors, and scales that are computed:

    ```mlir
    #by_token = affine_map<(page, head, token, channel) -> (page, head, token)>
    func.func @write_dynamic(%key: tensor<?x8x64xbf16>, %value: tensor<?x8x64xbf16>,
                             %slots: tensor<?xi64>, %key_scale: tensor<?x8x32xf32>,
                             %value_scale: tensor<?x8x32xf32>,
                             %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)
        -> (tensor<?x8x32xf32>, tensor<?x8x32xf32>) {
      %scales:2 = fp8attn.kv_write dynamic
          key(%key : tensor<?x8x64xbf16>) value(%value : tensor<?x8x64xbf16>)
          slots(%slots : tensor<?xi64>)
          key_scale(%key_scale : tensor<?x8x32xf32>, #by_token)
          value_scale(%value_scale : tensor<?x8x32xf32>, #by_token)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)
          -> (tensor<?x8x32xf32>, tensor<?x8x32xf32>)
      return %scales#0, %scales#1 : tensor<?x8x32xf32>, tensor<?x8x32xf32>
    }
    ```

    Keys and queries that are normalised and rotated, in place of the queries:

    ```mlir
    func.func @write_rotated(%key: memref<?x8x128xbf16>, %value: memref<?x8x128xbf16>,
                             %query: memref<?x32x128xbf16>, %slots: memref<?xi64>,
                             %key_norm: memref<128xbf16>, %query_norm: memref<128xbf16>,
                             %positions: memref<?xi32>, %cos: memref<?x64xf32>, %sin: memref<?x64xf32>,
                             %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>) {
      fp8attn.kv_write
          key(%key : memref<?x8x128xbf16>) value(%value : memref<?x8x128xbf16>)
          query(%query : memref<?x32x128xbf16>) slots(%slots : memref<?xi64>)
          key_norm(%key_norm : memref<128xbf16>) query_norm(%query_norm : memref<128xbf16>)
          rotary(%positions, %cos, %sin : memref<?xi32>, memref<?x64xf32>, memref<?x64xf32>)
          query_out(%query : memref<?x32x128xbf16>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>)
          {norm_eps = 1.0e-06 : f32}
      return
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Shaped<"key", [BF16, F16, F32], [3]>:$key,
    Optional<Fp8Attn_Shaped<"value", [BF16, F16, F32], [3]>>:$value,
    Optional<Fp8Attn_Shaped<"query", [BF16, F16, F32], [3]>>:$query,
    Fp8Attn_Shaped<"slots", [I64], [1]>:$slots,
    Optional<Fp8Attn_Shaped<"key_norm", [BF16, F16, F32], [1]>>:$keyNorm,
    Optional<Fp8Attn_Shaped<"query_norm", [BF16, F16, F32], [1]>>:$queryNorm,
    Optional<Fp8Attn_Shaped<"positions", [I32], [1]>>:$positions,
    Optional<Fp8Attn_Shaped<"cos", [BF16, F16, F32], [2]>>:$cos,
    Optional<Fp8Attn_Shaped<"sin", [BF16, F16, F32], [2]>>:$sin,
    Optional<Fp8Attn_Shaped<"query_out", [BF16, F16, F32], [3]>>:$queryOut,
    Optional<Fp8Attn_CacheScale<"key_scale">>:$keyScale,
    Optional<Fp8Attn_CacheScale<"value_scale">>:$valueScale,
    Optional<Fp8Attn_ZeroPoint<"key_zero_point">>:$keyZeroPoint,
    Optional<Fp8Attn_ZeroPoint<"value_zero_point">>:$valueZeroPoint,
    Variadic<Fp8Attn_Cache<"cache">>:$caches,
    Optional<Fp8Attn_Scale<"key_outer_scale">>:$keyOuterScale,
    Optional<Fp8Attn_Scale<"value_outer_scale">>:$valueOuterScale,
    OptionalAttr<AffineMapAttr>:$keyScaleMap,
    OptionalAttr<AffineMapAttr>:$valueScaleMap,
    OptionalAttr<AffineMapAttr>:$keyZeroPointMap,
    OptionalAttr<AffineMapAttr>:$valueZeroPointMap,
    OptionalAttr<Fp8Attn_Number>:$norm_eps,
    UnitAttr:$dynamic,
    UnitAttr:$interleaved,
    UnitAttr:$microscaling
  );
  let builders = [
    // What must be there; setters do the rest.
    OpBuilder<(ins "::mlir::Value":$key, "::mlir::Value":$value,
                   "::mlir::Value":$slots, "::mlir::ValueRange":$caches)>
  ];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  /// Version 4 of bytecode knows less (BytecodeInterface.cpp).
  let useCustomPropertiesEncoding = 1;
  let extraClassDeclaration = [{
    /// Returns whether keys are normalised or rotated.
    bool isRotated() { return getKeyNorm() || getPositions(); }
    /// Returns how many channels of a key, from the first one on, a norm is of.
    int64_t getNormDim() { return getKeyCacheType().getValueHeadDim(); }
    /// Returns the first of the channels that may be rotated.
    int64_t getFirstRotated() {
      return getKeyCacheType().isLatent() ? getNormDim() : 0;
    }
    CacheType getKeyCacheType() {
      return ::llvm::cast<CacheType>(getKeyCache().getType());
    }
    CacheType getValueCacheType() {
      return ::llvm::cast<CacheType>(getValueCache().getType());
    }
    ::mlir::Value getKeyCache() { return getCaches().front(); }
    ::mlir::Value getValueCache() { return getCaches().back(); }
  }];
}

def Fp8Attn_RepackOp : Fp8Attn_ModelOp<"repack", [AttrSizedOperandSegments]> {
  let summary = "copies pages of a cache into one of any layout";
  let description = [{
    Copies every element of `source` to its place in `destination`. The caches
    have the same content, heads and head size; they may differ in layout, in
    element type, and in page size, by a whole factor. Padding of the head size
    is written as zeros; pages that differ in nothing, or in layouts that agree,
    are copied byte for byte, padding included.

    Tokens keep their order: token t of a page of P tokens is, in pages of p
    tokens, token t mod p of page t floordiv p of the P / p that hold the same.

    Without `pages`, page i goes to page i, or to and from as many pages as hold
    the same tokens, from i * P / p on; both caches have the same number of
    tokens, and must not overlap.

    `pages`, i32 [n, columns], lists the pages to copy. An entry is a page of
    `source` and then one of `destination`. If page sizes differ, that of the
    cache with smaller pages is a list of the P / p pages that hold the tokens of
    the other's page, in their order; -1 there is no page: these tokens are not
    copied, and those of `destination` stay as they are. Entries are in any
    order; other pages of `destination` stay as they are, and the caches may have
    different numbers of pages. They may be the same memory, page for page, if
    their types are the same and no page that is written is read or written by
    another entry; they must not overlap in another way. In memory of its own, a
    page of `destination` that is named twice keeps either, element by element.
    The list may be a tensor.

    Element types are the same, or one of these:

    - bf16 to f8E4M3FN, f8E5M2 or i8: `quantise(element / scale)` as in `kv_write`;
    - f8E4M3FN, f8E5M2, i8 or f8E4M3FNUZ to bf16: `value(code) * scale`, the exact
      product rounded once, to nearest even; NaN becomes a NaN;
    - f8E4M3FNUZ to f8E4M3FN: the code stays. It is worth twice as much there, so
      that **the scale of the destination is half that of the source**. What has
      another code: 0x80, the NaN of f8E4M3FNUZ, becomes 0x7F, a NaN; 0x7F and
      0xFF, its largest values +-240, would be +-480 and become +-448 (0x7E,
      0xFE), the largest there;
    - f8E4M3FN to f8E4M3FNUZ: the code stays, and the scale of the destination is
      twice that of the source, exactly, but for -0, which becomes 0; a NaN
      becomes 0x80.

    Elements of 4 bits stay as they are. Caches with `rope_head_dim` are copied
    among themselves, the bf16 channels as they are. One of them may be of the
    layout `flash_mla`, which has scales within: `keyScale` is then those of the
    other cache, one for each token and 128 channels. They are written for the
    tokens that are copied, if the source is the one with scales within, and else
    read.

    `keyScale`, `valueScale` and their maps are those of the other cache if one
    is bf16, as in `paged_attention`; page and token are those of that cache.
    Otherwise, but for `flash_mla`, there are none: codes are moved, not scales.

    ```mlir
    func.func @export(%source: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
                      %destination: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>) {
      fp8attn.repack %source into %destination
          : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
            !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
      return
    }
    ```

    Copy on write, of some pages within a pool:

    ```mlir
    func.func @fork(%pool: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>,
                    %pages: memref<?x2xi32>) {
      fp8attn.repack %pool into %pool pages(%pages : memref<?x2xi32>)
          : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>,
            !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>
      return
    }
    ```

    Two pages of 16 tokens in bf16 become one of 32 in FP8:

    ```mlir
    func.func @import(%source: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 16, bf16, #fp8attn.layout<nhd>>,
                      %destination: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
                      %pages: memref<?x3xi32>, %key_scale: memref<8xf32>, %value_scale: memref<8xf32>) {
      fp8attn.repack %source into %destination pages(%pages : memref<?x3xi32>)
          key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
          value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
          : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 16, bf16, #fp8attn.layout<nhd>>,
            !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
      return
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Cache<"source">:$source,
    Fp8Attn_Cache<"destination">:$destination,
    Optional<Fp8Attn_Shaped<"pages", [I32], [2]>>:$pages,
    Optional<Fp8Attn_CacheScale<"key_scale">>:$keyScale,
    Optional<Fp8Attn_CacheScale<"value_scale">>:$valueScale,
    OptionalAttr<AffineMapAttr>:$keyScaleMap,
    OptionalAttr<AffineMapAttr>:$valueScaleMap
  );
  let assemblyFormat = [{
    $source `into` $destination (`pages` `(` $pages^ `:` type($pages) `)`)?
    (`key_scale` `(` $keyScale^ `:` type($keyScale) `,` $keyScaleMap `)`)?
    (`value_scale` `(` $valueScale^ `:` type($valueScale) `,` $valueScaleMap `)`)?
    attr-dict `:` qualified(type($source)) `,` qualified(type($destination))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns how many pages of `source`, or of `destination`, an entry names:
    /// 1, or those that hold the tokens of a page of the other.
    int64_t getPagesOfEntry(bool ofSource);
    /// Returns the cache that scales are of, if the other one is bf16 or has
    /// scales within.
    ::mlir::Value getScaledCache();
    /// Returns whether scales are written: those within the source.
    bool takesScales() {
      return getSource().getType().isFlashMla() &&
             !getDestination().getType().isFlashMla();
    }
  }];
}

def Fp8Attn_QuantizeOp : Fp8Attn_DestinationOp<"quantize"> {
  let summary = "quantises a dense tensor to FP8 or i8";
  let description = [{
    `destination[i...] = quantise(source[i...] / scale[map(i...)])`, rounding
    and special values as in `kv_write`. The map takes the indices of the
    element and must not use the last one; each result is one index. The last
    dimension of source and destination is contiguous. The two do not overlap.

    ```mlir
    func.func @quantize(%x: memref<?x8x128xbf16>, %scale: memref<8xf32>, %y: memref<?x8x128xf8E4M3FN>) {
      fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> (h)>) into %y
          : memref<?x8x128xbf16>, memref<8xf32>, memref<?x8x128xf8E4M3FN>
      return
    }
    ```

    On tensors, the destination is also the result:

    ```mlir
    func.func @quantize_tensors(%x: tensor<?x8x128xbf16>, %scale: tensor<8xf32>,
                                %y: tensor<?x8x128xf8E4M3FN>) -> tensor<?x8x128xf8E4M3FN> {
      %result = fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> (h)>) into %y
          : tensor<?x8x128xbf16>, tensor<8xf32>, tensor<?x8x128xf8E4M3FN>
          -> tensor<?x8x128xf8E4M3FN>
      return %result : tensor<?x8x128xf8E4M3FN>
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Shaped<"source", [BF16, F16, F32], [1, 2, 3, 4]>:$source,
    Fp8Attn_RowScale<"scale">:$scale,
    Fp8Attn_Shaped<"destination", [Fp8Attn_Code], [1, 2, 3, 4]>:$destination,
    AffineMapAttr:$scaleMap
  );
  let assemblyFormat = [{
    $source `scale` `(` $scale `,` $scaleMap `)` `into` $destination attr-dict
    `:` type($source) `,` type($scale) `,` type($destination)
    (`->` type($result_tensors)^)?
  }];
  let hasVerifier = 1;
}

def Fp8Attn_DequantizeOp : Fp8Attn_DestinationOp<"dequantize"> {
  let summary = "converts a dense tensor of FP8 or i8 back";
  let description = [{
    `destination[i...] = value(source[i...]) * scale[map(i...)]`, the product
    in f32, rounded to nearest even if the destination is bf16 or f16. The map is as in
    `quantize`, and so are the memory and the form with tensors.

    ```mlir
    func.func @dequantize(%x: memref<?x128xf8E5M2>, %scale: memref<f32>, %y: memref<?x128xf32>) {
      fp8attn.dequantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
          : memref<?x128xf8E5M2>, memref<f32>, memref<?x128xf32>
      return
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Shaped<"source", [Fp8Attn_Code], [1, 2, 3, 4]>:$source,
    Fp8Attn_RowScale<"scale">:$scale,
    Fp8Attn_Shaped<"destination", [BF16, F16, F32], [1, 2, 3, 4]>:$destination,
    AffineMapAttr:$scaleMap
  );
  let assemblyFormat = [{
    $source `scale` `(` $scale `,` $scaleMap `)` `into` $destination attr-dict
    `:` type($source) `,` type($scale) `,` type($destination)
    (`->` type($result_tensors)^)?
  }];
  let hasVerifier = 1;
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNCACHEOPS_TD
