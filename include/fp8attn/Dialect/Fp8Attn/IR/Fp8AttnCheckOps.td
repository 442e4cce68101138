//===- Fp8AttnCheckOps.td - checks of a call -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is looked at while a call runs, before anything is written: each ends the
// function with a status and a message if it finds an offence.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNCHECKOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNCHECKOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Fp8Attn_CheckOp<string mnemonic, list<Trait> traits = []>
    : Fp8Attn_Op<"check." # mnemonic,
                 traits # [MemoryEffects<[MemRead, MemWrite]>]>;

def Fp8Attn_CheckSizeOp : Fp8Attn_CheckOp<"size"> {
  let summary = "returns a status if two sizes differ";
  let description = [{
    The names appear in the message.

    ```mlir
    func.func @check(%out: index, %query: index) {
      fp8attn.check.size "tokens of out", %out, "tokens of query", %query
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Index:$size, StrAttr:$otherName,
                       Index:$otherSize);
  let assemblyFormat = [{
    $name `,` $size `,` $otherName `,` $otherSize attr-dict
  }];
}

def Fp8Attn_CheckIntegersOp : Fp8Attn_CheckOp<"integers"> {
  let summary = "returns a status if an integer is not from 0 to a bound";
  let description = [{
    The name appears in the message.

    ```mlir
    func.func @check(%lens: memref<?xi32>, %keys: index) {
      fp8attn.check.integers "key_lens", %lens most %keys : memref<?xi32>
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, MemRefRankOf<[I32], [1]>:$integers,
                       Index:$most);
  let assemblyFormat = [{
    $name `,` $integers `most` $most attr-dict `:` type($integers)
  }];
}

def Fp8Attn_CheckDraftColumnsOp : Fp8Attn_CheckOp<"draft_columns"> {
  let summary = "returns a status if a sequence has more queries than columns";
  let description = [{
    The name appears in the message.

    ```mlir
    func.func @check(%columns: index, %starts: memref<?xi32>) {
      fp8attn.check.draft_columns "draft_mask", %columns, %starts : memref<?xi32>
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Index:$columns,
                       MemRefRankOf<[I32], [1]>:$queryStart);
  let assemblyFormat = [{
    $name `,` $columns `,` $queryStart attr-dict `:` type($queryStart)
  }];
}

def Fp8Attn_CheckScaleOp : Fp8Attn_CheckOp<"scale"> {
  let summary = "returns a status if a scale is not finite and positive";
  let description = [{
    Looks at every scale of the memref, or at the number.

    ```mlir
    func.func @check(%key_scale: memref<8xf32>) {
      fp8attn.check.scale "key_scale", %key_scale : memref<8xf32>
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name,
                       AnyTypeOf<[F32, MemRefRankOf<[F32, F8E8M0FNU, F8E4M3FN],
                                                    [0, 1, 2, 3, 4]>]>:$scale);
  let assemblyFormat = "$name `,` $scale attr-dict `:` type($scale)";
}

def Fp8Attn_CheckScalePagesOp : Fp8Attn_CheckOp<"scale_pages"> {
  let summary = "returns a status if a scale has no element for some page";
  let description = [{
    Dimension `dimension` of a scale is indexed with up to `most + perPage *
    page`, for each page of the cache. See `paged_attention`.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%size: index, %cache: !cache) {
      fp8attn.check.scale_pages "key_scale"[0], %size most 31 per_page 32, %cache : !cache
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$dimension, Index:$size,
                       I64Attr:$most, I64Attr:$perPage,
                       Fp8Attn_CacheType:$cache);
  let assemblyFormat = [{
    $name `[` $dimension `]` `,` $size `most` $most `per_page` $perPage `,`
    $cache attr-dict `:` type($cache)
  }];
}

def Fp8Attn_CheckBatchOp : Fp8Attn_CheckOp<"batch"> {
  let summary = "returns a status if a ragged batch is inconsistent";
  let description = [{
    Checks `query_start`, `seq_lens` and `block_table` as `paged_attention`
    demands them, against the tokens and the pages of the caches. Entries of the
    table for keys that the window keeps from being read are not looked at.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
        %tokens: index, %cache: !cache) {
      fp8attn.check.batch %starts, %lens, %table, %tokens, %cache window_right = 0
          : memref<?xi32>, memref<?xi32>, memref<?x?xi32>, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I32], [1]>:$queryStart,
                       MemRefRankOf<[I32], [1]>:$seqLens,
                       MemRefRankOf<[I32], [2]>:$blockTable, Index:$tokens,
                       Fp8Attn_CacheType:$cache,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_left,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_right,
                       DefaultValuedAttr<Fp8Attn_AlignmentAttr,
                                         "Alignment::BottomRight">:$alignment);
  let assemblyFormat = [{
    $queryStart `,` $seqLens `,` $blockTable `,` $tokens `,` $cache
    (`window_left` `=` $window_left^)? (`window_right` `=` $window_right^)?
    (`alignment` `=` $alignment^)? attr-dict `:` type($queryStart) `,` type($seqLens) `,` type($blockTable) `,`
    type($cache)
  }];
}

def Fp8Attn_CheckPrefixOp : Fp8Attn_CheckOp<"prefix"> {
  let summary = "returns a status if groups of sequences are inconsistent";
  let description = [{
    Checks `group_start`, `prefix_lens` and `prefix_table` as `paged_attention`
    demands them, against the sequences of a `query_start` that `check.batch` has
    accepted and the pages of the caches. Pages of groups without queries are not
    looked at.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%groups: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
        %starts: memref<?xi32>, %cache: !cache) {
      fp8attn.check.prefix %groups, %lens, %table, %starts, %cache
          : memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?xi32>, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I32], [1]>:$groupStart,
                       MemRefRankOf<[I32], [1]>:$prefixLens,
                       MemRefRankOf<[I32], [2]>:$prefixTable,
                       MemRefRankOf<[I32], [1]>:$queryStart,
                       Fp8Attn_CacheType:$cache);
  let assemblyFormat = [{
    $groupStart `,` $prefixLens `,` $prefixTable `,` $queryStart `,` $cache
    attr-dict `:` type($groupStart) `,` type($prefixLens) `,` type($prefixTable) `,`
    type($queryStart) `,` type($cache)
  }];
}

def Fp8Attn_CheckSelectionOp : Fp8Attn_CheckOp<"selection"> {
  let summary = "returns a status if a batch with selected keys is inconsistent";
  let description = [{
    Does what `check.batch` does where queries see only what `selected` lists, in
    units of `unit` tokens: it has a row for each query token, or one for each of several
    groups of heads. Of the block table,
    entries of listed keys are looked at, and no others. `name` is that of the
    list in messages.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%list: memref<?x?xi32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
        %table: memref<?x?xi32>, %tokens: index, %cache: !cache) {
      fp8attn.check.selection "selected_pages" unit 32, %list, %starts, %lens, %table, %tokens, %cache
          window_right = 0 : memref<?x?xi32>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, !cache
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$unit,
                       MemRefRankOf<[I32], [2, 3]>:$selected,
                       MemRefRankOf<[I32], [1]>:$queryStart,
                       MemRefRankOf<[I32], [1]>:$seqLens,
                       MemRefRankOf<[I32], [2]>:$blockTable, Index:$tokens,
                       Fp8Attn_CacheType:$cache,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_right,
                       DefaultValuedAttr<Fp8Attn_AlignmentAttr,
                                         "Alignment::BottomRight">:$alignment);
  let assemblyFormat = [{
    $name `unit` $unit `,` $selected `,` $queryStart `,` $seqLens `,`
    $blockTable `,` $tokens `,` $cache (`window_right` `=` $window_right^)?
    (`alignment` `=` $alignment^)? attr-dict `:` type($selected) `,`
    type($queryStart) `,` type($seqLens) `,` type($blockTable) `,` type($cache)
  }];
}

def Fp8Attn_CheckSlotsOp : Fp8Attn_CheckOp<"slots"> {
  let summary = "returns a status if a slot is beyond the cache";
  let description = [{
    Negative slots are allowed.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%slots: memref<?xi64>, %cache: !cache) {
      fp8attn.check.slots %slots, %cache : memref<?xi64>, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I64], [1]>:$slots, Fp8Attn_CacheType:$cache);
  let assemblyFormat = "$slots `,` $cache attr-dict `:` type($slots) `,` type($cache)";
}

def Fp8Attn_CheckPagesOp : Fp8Attn_CheckOp<"pages"> {
  let summary = "returns a status if a list names a page that is not there";
  let description = [{
    Entries are (page of `source`, page of `destination`). If page sizes differ,
    the cache with the smaller pages has as many columns as hold the tokens of a
    page of the other, and -1 there is no page.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%pages: memref<?x2xi32>, %from: !cache, %to: !cache) {
      fp8attn.check.pages %pages, %from, %to : memref<?x2xi32>, !cache, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I32], [2]>:$pages,
                       Fp8Attn_CacheType:$source,
                       Fp8Attn_CacheType:$destination);
  let assemblyFormat = [{
    $pages `,` $source `,` $destination attr-dict `:` type($pages) `,`
    type($source) `,` type($destination)
  }];
}

def Fp8Attn_CheckPageMovesOp : Fp8Attn_CheckOp<"page_moves"> {
  let summary = "returns a status if pages are copied over each other";
  let description = [{
    Of a list of pairs that `check.pages` has found to be pages. If `source` and
    `destination` share memory, they must have the same first page and the same
    distance between pages, and no page that an entry writes may be read or
    written by another one.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @check(%pages: memref<?x2xi32>, %from: !cache, %to: !cache) {
      fp8attn.check.page_moves %pages, %from, %to : memref<?x2xi32>, !cache, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I32], [2]>:$pages,
                       Fp8Attn_CacheType:$source,
                       Fp8Attn_CacheType:$destination);
  let assemblyFormat = [{
    $pages `,` $source `,` $destination attr-dict `:` type($pages) `,`
    type($source) `,` type($destination)
  }];
}

def Fp8Attn_CheckTensorOp : Fp8Attn_CheckOp<"tensor"> {
  let summary = "returns a status if sizes or strides are impossible";
  let description = [{
    Of a memref that is not an argument of an entry point, whose descriptor is
    checked before: sizes are at least 0, and no two elements are in one place.
    The name appears in the message.

    ```mlir
    func.func @check(%table: memref<?x?xi32>) {
      fp8attn.check.tensor "block_table", %table : memref<?x?xi32>
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name,
                       MemRefRankOf<[F32, BF16, F16, F8E4M3FN, F8E5M2,
                                     F8E8M0FNU, I1, I8, I32, I64],
                                    [0, 1, 2, 3, 4]>:$tensor);
  let assemblyFormat = "$name `,` $tensor attr-dict `:` type($tensor)";
}

/// What has memory in the caller's hands.
def Fp8Attn_CheckedOperand
    : AnyTypeOf<[MemRefRankOf<[F32, BF16, F16, F8E4M3FN, F8E5M2, F8E8M0FNU, I1,
                               I8, I32, I64],
                              [0, 1, 2, 3, 4]>,
                 Fp8Attn_CacheType]>;

def Fp8Attn_CheckOverlapOp
    : Fp8Attn_CheckOp<"overlap", [AttrSizedOperandSegments]> {
  let summary = "returns a status if what is written shares memory";
  let description = [{
    No `written` operand may share a byte with another one, of any list. Each of
    `in_place` may also be a written one, element for element. Operands may reach
    through one another, as the columns of a fused buffer do. The names, one for
    each operand in order, appear in the message.

    ```mlir
    func.func @check(%out: memref<?x8x64xbf16>, %query: memref<?x8x64xbf16>, %table: memref<?x?xi32>) {
      fp8attn.check.overlap ["out", "query", "block_table"]
          written(%out : memref<?x8x64xbf16>) in_place(%query : memref<?x8x64xbf16>)
          read(%table : memref<?x?xi32>)
      return
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$names,
                       Variadic<Fp8Attn_CheckedOperand>:$written,
                       Variadic<Fp8Attn_CheckedOperand>:$inPlace,
                       Variadic<Fp8Attn_CheckedOperand>:$read);
  let assemblyFormat = [{
    $names `written` `(` $written `:` type($written) `)`
    (`in_place` `(` $inPlace^ `:` type($inPlace) `)`)?
    (`read` `(` $read^ `:` type($read) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

def Fp8Attn_CheckLaterReadsOp : Fp8Attn_CheckOp<"later_reads"> {
  let summary = "returns a status if what is read was written under another name";
  let description = [{
    What the operations of a function write and read, in their order: one letter
    of `order` for each operand, `w` for what is written and `r` for what is
    read. What is read may share no byte with what is written before it; two that
    are written may, and so may two that are read. The names, one for each operand in order, appear in the message.

    One check for all pairs, so that its size grows with the operations and not
    with their pairs.

    ```mlir
    func.func @check(%pool: memref<?x64xbf16>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>, %scale: memref<f32>) {
      fp8attn.check.later_reads "wrwr" ["pool", "table", "out", "scale"](%pool, %table, %out, %scale)
          : memref<?x64xbf16>, memref<?x?xi32>, memref<?x8x64xbf16>, memref<f32>
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$order, StrArrayAttr:$names,
                       Variadic<Fp8Attn_CheckedOperand>:$accesses);
  let assemblyFormat = [{
    $order $names `(` $accesses `)` attr-dict `:` type($accesses)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_CheckViewOp : Fp8Attn_CheckOp<"view"> {
  let summary = "returns a status if memory does not hold whole pages";
  let description = [{
    Of memory that `cache_view` makes a cache of: its bytes are a multiple of
    `page_bytes`, and it is aligned. The name appears in the message.

    ```mlir
    func.func @check(%pages: memref<?xi8>) {
      fp8attn.check.view "pages", %pages page_bytes 65536 : memref<?xi8>
      return
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyMemRef:$source, I64Attr:$pageBytes);
  let assemblyFormat = [{
    $name `,` $source `page_bytes` $pageBytes attr-dict `:` type($source)
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNCHECKOPS_TD
