//===- Fp8AttnSelectionOps.td - selected keys -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What attention to selected keys does before it is attention to all keys of
// other sequences, one for each query token.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNSELECTIONOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNSELECTIONOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnItemOps.td"

class Fp8Attn_SelectOp<string mnemonic, Type element, string word, string what,
                       string entry>
    : Fp8Attn_TileOp<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = what;
  let description = [{
    Takes row `token` of `selected`, the list of query token `token` of a batch, as
    `paged_attention` defines it, and writes }] # entry # [{ to row `outRow` of
    `out`: in the order of positions, each once, of visible keys alone. Returns
    the number of keys. `page` is the tokens of a page.

    ```mlir
    func.func @select(%token: index, %list: memref<?x?xi32>, %starts: memref<?xi32>,
        %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x?x}] #
    word # [{>, %row: index) -> index {
      %keys = fp8attn.tile.}] # mnemonic # [{ %list[%token], %starts, %lens, %table into %out[%row]
          window_right = 0 {page = 32}
          : memref<?x?xi32>, memref<?xi32>, memref<?xi32>, memref<?x?xi32>, memref<?x?x}] #
    word # [{>
      return %keys : index
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I32], [2]>:$selected, Index:$token,
                       MemRefRankOf<[I32], [1]>:$queryStart,
                       MemRefRankOf<[I32], [1]>:$seqLens,
                       MemRefRankOf<[I32], [2]>:$blockTable,
                       MemRefRankOf<[element], [2]>:$out, Index:$outRow,
                       ConfinedAttr<I64Attr, [IntPositive]>:$page,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_right,
                       DefaultValuedAttr<Fp8Attn_AlignmentAttr,
                                         "Alignment::BottomRight">:$alignment);
  let results = (outs Index:$keys);
  let assemblyFormat = [{
    $selected `[` $token `]` `,` $queryStart `,` $seqLens `,` $blockTable `into`
    $out `[` $outRow `]` (`window_right` `=` $window_right^)?
    (`alignment` `=` $alignment^)? attr-dict `:` type($selected) `,`
    type($queryStart) `,` type($seqLens) `,` type($blockTable) `,` type($out)
  }];
}
def Fp8Attn_SelectPagesOp : Fp8Attn_SelectOp<"select_pages", I32, "i32",
    "pages of the keys that a query token sees", "the pages of the cache">;
def Fp8Attn_SelectTokensOp : Fp8Attn_SelectOp<"select_tokens", I64, "i64",
    "places of the keys that a query token sees",
    "places in the cache, page number * page + token of the page,">;

def Fp8Attn_GatherTokensOp : Fp8Attn_TileOp<"gather_tokens",
    [AllTypesMatch<["source", "destination"]>,
     MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copies tokens of a cache to neighbouring places of another one";
  let description = [{
    Copies tokens [`first`, `end`) of row `row` of `places`, as `tile.select_tokens`
    writes them, with all heads, to the places from `place` + `first` on of a cache
    of the same type. `first` is a multiple of FP8ATTN_GRANULE, and `place` of the
    tokens of a page.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @gather(%places: memref<?x?xi64>, %row: index, %first: index, %end: index,
        %source: !cache, %destination: !cache, %place: index) {
      fp8attn.tile.gather_tokens %places[%row] from %first to %end, %source into %destination at %place
          : memref<?x?xi64>, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[I64], [2]>:$places, Index:$row, Index:$first,
                       Index:$end, Fp8Attn_CacheType:$source,
                       Fp8Attn_CacheType:$destination, Index:$place);
  let assemblyFormat = [{
    $places `[` $row `]` `from` $first `to` $end `,` $source `into` $destination
    `at` $place attr-dict `:` type($places) `,` type($source)
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNSELECTIONOPS_TD
