//===- Fp8AttnAttributes.td - attributes -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The cache layout, the content of a cache, where queries stand among keys, how
// exact attention is, and the ISA of a function.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNATTRIBUTES_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNATTRIBUTES_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Fp8Attn_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Fp8Attn_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Fp8Attn_CacheContent : I32EnumAttr<"CacheContent", "what a cache holds", [
    I32EnumAttrCase<"Key", 0, "key">,
    I32EnumAttrCase<"Value", 1, "value">,
    I32EnumAttrCase<"KeyValue", 2, "key_value">,
    I32EnumAttrCase<"Latent", 3, "latent">
  ]> {
  let cppNamespace = "::mlir::fp8attn";
  let genSpecializedAttr = 0;
}
def Fp8Attn_CacheContentAttr
    : EnumAttr<Fp8Attn_Dialect, Fp8Attn_CacheContent, "content"> {
  let description = [{
    Keys, values, for each head its keys and then its values, or keys whose first
    channels are the values. It is written as a word of a cache type or of an
    operation.

    ```mlir
    !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>
    ```
  }];
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

def Fp8Attn_LayoutKind : I32EnumAttr<"LayoutKind", "order of a page's bytes", [
    I32EnumAttrCase<"Pairs", 0, "pairs">,
    I32EnumAttrCase<"RowMajor", 1, "row_major">,
    I32EnumAttrCase<"VllmAmx", 2, "vllm_amx">,
    I32EnumAttrCase<"VllmVector", 3, "vllm_vector">,
    I32EnumAttrCase<"Quads", 4, "quads">,
    I32EnumAttrCase<"VllmAmxFp8", 5, "vllm_amx_fp8">,
    I32EnumAttrCase<"Hnd", 6, "hnd">,
    I32EnumAttrCase<"Nhd", 7, "nhd">,
    I32EnumAttrCase<"HndPacked", 8, "hnd_packed">,
    I32EnumAttrCase<"FlashMla", 9, "flash_mla">
  ]> {
  let cppNamespace = "::mlir::fp8attn";
  let genSpecializedAttr = 0;
}

def Fp8Attn_LayoutAttr : Fp8Attn_Attr<"Layout", "layout"> {
  let summary = "order of the bytes in a cache page";
  let description = [{
    Says at which byte of one head's keys (or values) in a page the element
    (token, channel) is stored: an affine map from (token, channel), given by
    `getMap`. docs/Layout.md has the formulas.

    `pairs`: tiles of 16 rows of 64 bytes once decoded to bf16, pairs along the
    dimension that the GEMM reduces (channels for keys, tokens for values), and
    for FP8 and i8 two tile rows interleaved byte by byte, so that a 64-byte load
    decodes into two rows of an AMX tile, or two AVX-512 vectors, without a
    shuffle. Elements of 4 bits are the same with each two bytes in one. Tiles are 32 channels of keys and 16 of values wide; a head size
    that does not fill the last one is padded with zeros. The layout of all
    kernels.

    `quads`: tiles of 16 rows of 64 bytes of FP8 as AMX-FP8 multiplies them,
    groups of four along the dimension that is reduced. Tiles are 64 channels of
    keys, and 64 tokens by 16 channels of values; a head is padded to them.

    The others are for exchange with other programs, without padding.
    `repack` converts between all layouts; nothing else takes a cache of one that
    the kernel table (runtime_kernels/kernels.def) has no kernels for.

    - `row_major`: one token after the other, a head's keys and then its values;
    - `hnd`, `nhd`: as most engines on GPUs have it, the keys of all heads before
      the values of all; of these, heads before tokens, or tokens before heads;
    - `hnd_packed`: heads before tokens, key and value of a token side by side;
    - `flash_mla`: one token after the other, a row of codes, their scales, and the
      channels of `rope_head_dim` each, as engines keep latent caches of FP8 for
      the kernels of FlashMLA;
    - `vllm_amx`, `vllm_amx_fp8`, `vllm_vector`: the caches of vLLM's CPU backend
      for its AMX, its AMX-FP8 and its vector kernels.

    ```mlir
    #fp8attn.layout<pairs>
    ```
  }];
  let parameters = (ins EnumParameter<Fp8Attn_LayoutKind>:$kind);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// Returns the map (token, channel) -> byte within one head's keys, or
    /// values, of a page. `pageTokens` is the number of tokens in a page,
    /// `headDim` that of channels, `elementBits` 4, 8 or 16. Of elements of 4 bits, it
    /// is the byte that has the element and another one: those of two rows of a
    /// tile, or of two channels, the earlier one in the low half. Channels
    /// from headDim to getChannels(part, headDim) are padding. Rows of `nhd` and
    /// `hnd_packed` are not neighbours: of these it is the map of a cache of one
    /// head and one part (see CacheType::getMap).
    ::mlir::AffineMap getMap(CacheContent part, int64_t pageTokens,
                             int64_t headDim, int64_t elementBits) const;
    /// Returns the channels that a key, or a value, of `headDim` channels is
    /// stored as.
    int64_t getChannels(CacheContent part, int64_t headDim) const;
    /// Returns whether a head of `other` has every byte of such a part in the same
    /// place, padding included, and these bytes are neighbours.
    bool agreesWith(LayoutAttr other, CacheContent part, int64_t pageTokens,
                    int64_t headDim, int64_t elementBits) const;
    /// Returns whether the keys, or values, of a head in a page are neighbours.
    bool hasContiguousHeads() const {
      return getKind() != LayoutKind::Nhd &&
             getKind() != LayoutKind::HndPacked &&
             getKind() != LayoutKind::FlashMla;
    }
    /// Returns whether it is one of other programs.
    bool isForExchange() const {
      return getKind() != LayoutKind::Pairs && getKind() != LayoutKind::Quads;
    }
    /// Returns whether the channels of a token's key, or value, are neighbours,
    /// in their order.
    bool hasRows(CacheContent part) const;
    /// Returns whether the kernel table has rows for caches of this layout.
    bool hasKernels() const;
    /// Elements along the reduced dimension, channels of keys and tokens of
    /// values, in a tile of AMX-FP8.
    static constexpr int64_t kQuadTile = 64;

    /// Returns whether it keeps four elements together, so that elements are FP8
    /// and pages are multiples of 64 tokens.
    bool hasQuads() const {
      return getKind() == LayoutKind::Quads ||
             getKind() == LayoutKind::VllmAmxFp8;
    }
  }];
}

def Fp8Attn_Alignment : I32EnumAttr<"Alignment",
    "where the queries of a sequence stand among its keys", [
    I32EnumAttrCase<"BottomRight", 0, "bottom_right">,
    I32EnumAttrCase<"TopLeft", 1, "top_left">
  ]> {
  let cppNamespace = "::mlir::fp8attn";
  let genSpecializedAttr = 0;
}
def Fp8Attn_AlignmentAttr
    : EnumAttr<Fp8Attn_Dialect, Fp8Attn_Alignment, "alignment"> {
  let description = [{
    `bottom_right`: the last query stands at the last key, as if the queries were
    the newest tokens. `top_left`: the first query stands at the first key.

    ```mlir
    func.func @sdpa(%query: memref<?x8x?x64xbf16>, %key: memref<?x8x?x64xbf16>,
                    %value: memref<?x8x?x64xbf16>, %out: memref<?x8x?x64xbf16>) {
      fp8attn.attention causal alignment = top_left
          query(%query : memref<?x8x?x64xbf16>)
          key(%key : memref<?x8x?x64xbf16>) value(%value : memref<?x8x?x64xbf16>)
          out(%out : memref<?x8x?x64xbf16>)
      return
    }
    ```
  }];
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

def Fp8Attn_Precision : I32EnumAttr<"Precision",
    "what the products of attention are of", [
    I32EnumAttrCase<"Bf16", 0, "bf16">,
    I32EnumAttrCase<"F32", 1, "f32">
  ]> {
  let cppNamespace = "::mlir::fp8attn";
  let genSpecializedAttr = 0;
}
def Fp8Attn_PrecisionAttr
    : EnumAttr<Fp8Attn_Dialect, Fp8Attn_Precision, "precision"> {
  let description = [{
    What queries and probabilities are rounded to before they are multiplied:
    `bf16`, or `f32`, which queries of the other types are exactly.

    ```mlir
    func.func @exact(%query: memref<?x8x?x64xf32>, %key: memref<?x8x?x64xbf16>,
                     %value: memref<?x8x?x64xbf16>, %out: memref<?x8x?x64xf32>) {
      fp8attn.attention causal precision = f32
          query(%query : memref<?x8x?x64xf32>)
          key(%key : memref<?x8x?x64xbf16>) value(%value : memref<?x8x?x64xbf16>)
          out(%out : memref<?x8x?x64xf32>)
      return
    }
    ```
  }];
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

/// Keys that a query sees beside its own position: tile_c3.
def Fp8Attn_WindowSide : ConfinedAttr<I64Attr, [IntNonNegative]>;

def Fp8Attn_Isa : I32EnumAttr<"Isa", "instruction set of a body", [
    I32EnumAttrCase<"Generic", 0, "generic">,
    I32EnumAttrCase<"Avx2", 1, "avx2">,
    I32EnumAttrCase<"Avx512", 2, "avx512">,
    I32EnumAttrCase<"Avx512Bf16", 3, "avx512_bf16">,
    I32EnumAttrCase<"AmxBf16", 4, "amx_bf16">
  ]> {
  let cppNamespace = "::mlir::fp8attn";
  let genSpecializedAttr = 0;
}
def Fp8Attn_IsaAttr : Fp8Attn_Attr<"Isa", "isa"> {
  let summary = "instruction set that a function is specialised for";
  let description = [{
    The numbers are those of `fp8attn_isa` in the C header.

    ```mlir
    #fp8attn.isa<avx512_bf16>
    ```
  }];
  let parameters = (ins EnumParameter<Fp8Attn_Isa>:$value);
  let hasCustomAssemblyFormat = 1;
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNATTRIBUTES_TD
