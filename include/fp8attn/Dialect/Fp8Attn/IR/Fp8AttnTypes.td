//===- Fp8AttnTypes.td - types -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The paged cache, and the opaque handles that the tile level passes around.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNTYPES_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNTYPES_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnAttributes.td"

class Fp8Attn_Type<string name, string typeMnemonic>
    : TypeDef<Fp8Attn_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Fp8Attn_CacheType : Fp8Attn_Type<"Cache", "cache"> {
  let summary = "paged cache of keys, values or both";
  let description = [{
    A cache is memory of the caller: pages of `page` tokens each, and in a page,
    head after head, the keys and then the values of the head (or only one of
    them, as `content` says), their bytes in the order of the layout. In a
    `latent` cache, as multi-head latent attention has it, the first
    `value_head_dim` channels of a key are the value: nothing else is stored, and
    values have the scale of the keys. The last `rope_head_dim` channels of its
    keys, if it has that, are bf16 without a scale, whatever the others are; there
    is one head then. The head
    size is any multiple of 8 up to 576. Elements are f8E4M3FN, f8E5M2, i8 or bf16,
    or of 4 bits, two in a byte: f4E2M1FN (the element of MXFP4 and NVFP4) or i4.
    The layout `pairs` pads it, keys to a
    multiple of 32 channels and values to one of 16, so that the two parts of a
    head may differ in size; `kv_write` stores zeros in the padding
    (docs/Layout.md). Without a layout it is left open at the model level:
    `fp8attn-assign-layouts` gives it the one that all kernels read. Pages have
    any number of tokens, best a multiple of 32.
    Caches of other programs may have elements of f8E4M3FNUZ, or scales within
    (`flash_mla`); `repack` converts them.

    ```mlir
    !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32,
                   f8E4M3FN, #fp8attn.layout<pairs>>
    !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32,
                   f8E4M3FN, #fp8attn.layout<pairs>>
    !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64,
                   page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    ```
  }];
  let parameters = (ins
    EnumParameter<Fp8Attn_CacheContent>:$content,
    "int64_t":$numHeads,
    "int64_t":$headDim,
    "int64_t":$valueHeadDim,
    "int64_t":$ropeHeadDim,
    "int64_t":$pageTokens,
    "::mlir::Type":$elementType,
    OptionalParameter<"::mlir::fp8attn::LayoutAttr">:$layout
  );
  let builders = [
    // Of values that have as many channels as keys.
    TypeBuilder<(ins "CacheContent":$content, "int64_t":$numHeads,
                     "int64_t":$headDim, "int64_t":$pageTokens,
                     "::mlir::Type":$elementType,
                     "::mlir::fp8attn::LayoutAttr":$layout), [{
      return $_get($_ctxt, content, numHeads, headDim, headDim,
                   /*ropeHeadDim=*/0, pageTokens, elementType, layout);
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool hasKeys() const { return getContent() != CacheContent::Value; }
    /// Returns whether there are values beside the keys, or alone.
    bool hasValues() const { return getContent() == CacheContent::Value ||
                                    getContent() == CacheContent::KeyValue; }
    /// Returns whether the values are the first channels of the keys.
    bool isLatent() const { return getContent() == CacheContent::Latent; }
    /// Returns whether the last channels of keys are bf16, and the others codes.
    bool isMixed() const { return getRopeHeadDim() > 0; }
    /// Returns how many channels of a key are of the element type: those that
    /// have scales, if any have.
    int64_t getCodedDim() const { return getHeadDim() - getRopeHeadDim(); }
    /// Returns the cache that the codes of a mixed one are, and that of the bf16
    /// channels. A page of it is the pages of both, one behind the other.
    CacheType getCodedPart() const;
    CacheType getRopePart() const;
    /// Returns whether tokens are rows of codes, their scales and bf16 channels.
    bool isFlashMla() const {
      return getLayout() && getLayout().getKind() == LayoutKind::FlashMla;
    }
    /// Channels that share a scale in such a row, an f32.
    static constexpr int64_t kRowChannelsPerScale = 128;
    /// Returns how many scales such a row has, the byte of its first bf16
    /// channel, and its bytes.
    int64_t getRowScales() const {
      return getCodedDim() / kRowChannelsPerScale;
    }
    int64_t getRowRopeOffset() const {
      return getCodedDim() + getRowScales() * sizeof(float);
    }
    int64_t getRowBytes() const {
      return getRowRopeOffset() + getRopeHeadDim() * sizeof(uint16_t);
    }
    /// Returns the type with another number of heads.
    CacheType withHeads(int64_t heads) const;
    /// Returns whether elements are codes, so that scales are needed: all but
    /// bf16.
    bool isQuantized() const;
    /// Returns the size of an element in bits: 4, 8 or 16.
    int64_t getElementBits() const;
    /// Returns the size of an element in bytes; 1 if two share a byte.
    int64_t getElementBytes() const;
    /// Returns the bytes of the keys of one head in a page; 0 if there are none.
    int64_t getKeyBytes() const;
    /// Returns the bytes of the values of one head in a page, likewise.
    int64_t getValueBytes() const;
    /// Returns the bytes from one head to the next within a page.
    int64_t getHeadBytes() const;
    /// Returns the bytes from a head's first key to its first value.
    int64_t getValueOffset() const;
    /// Returns the map (token, channel) -> byte from the first one of a head's
    /// keys, or values, in a page. Of a mixed cache only its parts have one.
    ::mlir::AffineMap getMap(CacheContent part) const;
    /// Returns the bytes from the first one to the end of the last one.
    int64_t getPartBytes(CacheContent part) const;
    /// Returns the pages that hold as many tokens as one of `other`, at least 1;
    /// page sizes differ by a whole factor.
    int64_t getPagesPerPage(CacheType other) const;
    /// Returns the bytes of a page.
    int64_t getPageBytes() const;
  }];
}

def Fp8Attn_WorkItemType : Fp8Attn_Type<"WorkItem", "work_item"> {
  let summary = "block of query rows of one KV head of one sequence";
  let description = [{
    A `fp8attn_work_item` of the runtime: which rows (query token x head of the
    GQA group) one iteration of the parallel loop computes.

    ```mlir
    !fp8attn.work_item
    ```
  }];
}

def Fp8Attn_KeyRunType : Fp8Attn_Type<"KeyRun", "key_run"> {
  let summary = "keys and values of one KV head of one sequence, page by page";
  let description = [{
    A `fp8attn_key_run` of the runtime.

    ```mlir
    !fp8attn.key_run
    ```
  }];
}

def Fp8Attn_ContextType : Fp8Attn_Type<"Context", "context"> {
  let summary = "context of a call, in code that is not of the model";
  let description = [{
    The address of a `fp8attn_context` (fp8attn/Runtime/fp8attn.h), which a host
    hands to a function that calls an entry point by `fp8attn.call`. It becomes
    an `!llvm.ptr`.

    ```mlir
    func.func private @layer(%context: !fp8attn.context, %x: memref<?x8x64xbf16>) -> i32
    ```
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNTYPES_TD
