//===- Fp8AttnItemOps.td - work items of the tile level -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a parallel loop runs over: blocks of query rows, or parts of the keys of
// such blocks (docs/Passes.md, Work items).
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNITEMOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNITEMOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Fp8Attn_TileOp<string mnemonic, list<Trait> traits = []>
    : Fp8Attn_Op<"tile." # mnemonic, traits>;

/// Query heads of a KV head, or KV heads: at least 1. tile_c2.
def Fp8Attn_HeadCount : ConfinedAttr<I64Attr, [IntPositive]>;

def Fp8Attn_ItemRowsOp : Fp8Attn_TileOp<"item_rows",
    [MemoryEffects<[MemRead]>]> {
  let summary = "query rows in a work item of a batch";
  let description = [{
    Up to `most` rows, FP8ATTN_BLOCK_ROWS unless kernels take more: so many that
    the context's workers still have items enough. Results do not depend on it.

    ```mlir
    func.func @rows(%tokens: index, %sequences: index) -> index {
      %0 = fp8attn.tile.item_rows %tokens, %sequences {group = 4, kv_heads = 8, most = 48}
      return %0 : index
    }
    ```
  }];
  let arguments = (ins Index:$tokens, Index:$sequences, Fp8Attn_HeadCount:$group,
                       Fp8Attn_HeadCount:$kv_heads,
                       ConfinedAttr<I64Attr, [IntPositive]>:$most);
  let results = (outs Index:$result);
  let assemblyFormat = "$tokens `,` $sequences attr-dict";
}

def Fp8Attn_NumWorkItemsOp : Fp8Attn_TileOp<"num_work_items", [Pure]> {
  let summary = "number of work items of a batch";
  let description = [{
    An upper bound, found without a pass over the batch, of the blocks of `rows`
    query rows (FP8ATTN_BLOCK_ROWS without them) of all sequences and KV heads.

    ```mlir
    func.func @items(%tokens: index, %sequences: index) -> index {
      %0 = fp8attn.tile.num_work_items %tokens, %sequences {group = 4, kv_heads = 8}
      return %0 : index
    }
    ```
  }];
  let arguments = (ins Index:$tokens, Index:$sequences, Optional<Index>:$rows,
                       Fp8Attn_HeadCount:$group, Fp8Attn_HeadCount:$kv_heads);
  let results = (outs Index:$result);
  let assemblyFormat = "$tokens `,` $sequences (`rows` $rows^)? attr-dict";
}

def Fp8Attn_NumPartsOp : Fp8Attn_TileOp<"num_parts",
    [AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "parts into which the keys of each block of rows are divided";
  let description = [{
    1 if there are enough of the `blocks` for the context's workers, or if they
    have more `rows` than a part's state has room for, else the most parts of FP8ATTN_PART_KEYS keys that a block has, if the workspace has
    room for their states; see `tile.work_item`, also for `most_keys`. Prepares the workspace for the
    loop over `blocks` times parts that follows, and writes to it in which order
    `tile.work_item` takes blocks.

    ```mlir
    func.func @parts(%blocks: index, %tokens: index, %starts: memref<?xi32>, %lens: memref<?xi32>) -> index {
      %parts = fp8attn.tile.num_parts %blocks, %tokens, %starts, %lens window_right = 0
          {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
      return %parts : index
    }
    ```
  }];
  let arguments = (ins Index:$blocks, Index:$tokens,
                       MemRefRankOf<[I32], [1]>:$queryStart,
                       MemRefRankOf<[I32], [1]>:$seqLens,
                       Optional<Index>:$rows, Optional<Index>:$mostKeys,
                       Fp8Attn_HeadCount:$group,
                       Fp8Attn_HeadCount:$kv_heads,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_left,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_right,
                       DefaultValuedAttr<Fp8Attn_AlignmentAttr,
                                         "Alignment::BottomRight">:$alignment);
  let results = (outs Index:$result);
  let assemblyFormat = [{
    $blocks `,` $tokens `,` $queryStart `,` $seqLens (`rows` $rows^)?
    (`most_keys` $mostKeys^)?
    (`window_left` `=` $window_left^)? (`window_right` `=` $window_right^)?
    (`alignment` `=` $alignment^)? attr-dict `:`
    type($queryStart) `,` type($seqLens)
  }];
}

def Fp8Attn_GroupedOp : Fp8Attn_TileOp<"grouped", [Pure]> {
  let summary = "iterations of a parallel loop, with how many run at once";
  let description = [{
    `count`, as the bound of an `scf.forall`: `at_once` neighbouring iterations,
    at least 1, then run one after the other on one thread.

    ```mlir
    func.func @rows(%count: index, %few: index, %out: memref<?xindex>) {
      %0 = fp8attn.tile.grouped %count by %few
      scf.forall (%i) in (%0) {
        memref.store %i, %out[%i] : memref<?xindex>
      }
      return
    }
    ```
  }];
  let arguments = (ins Index:$count, Index:$at_once);
  let results = (outs Index:$result);
  let assemblyFormat = "$count `by` $at_once attr-dict";
}

def Fp8Attn_ItemsAtOnceOp : Fp8Attn_TileOp<"items_at_once",
    [MemoryEffects<[MemRead]>]> {
  let summary = "work items of a batch that are worth a thread";
  let description = [{
    How many neighbours of the `items` take longer, on the average, than it takes
    to wake a thread for them: at least 1. `channels` are those of a key and a
    value together. Results do not depend on it.

    ```mlir
    func.func @few(%items: index, %starts: memref<?xi32>, %lens: memref<?xi32>) -> index {
      %0 = fp8attn.tile.items_at_once %items, %starts, %lens window_left = 1023
          {group = 4, kv_heads = 8, channels = 256} : memref<?xi32>, memref<?xi32>
      return %0 : index
    }
    ```
  }];
  let arguments = (ins Index:$items, MemRefRankOf<[I32], [1]>:$queryStart,
                       MemRefRankOf<[I32], [1]>:$seqLens,
                       Fp8Attn_HeadCount:$group, Fp8Attn_HeadCount:$kv_heads,
                       ConfinedAttr<I64Attr, [IntPositive]>:$channels,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_left);
  let results = (outs Index:$result);
  let assemblyFormat = [{
    $items `,` $queryStart `,` $seqLens (`window_left` `=` $window_left^)?
    attr-dict `:` type($queryStart) `,` type($seqLens)
  }];
}

def Fp8Attn_WorkItemOp : Fp8Attn_TileOp<"work_item",
    [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "describes a work item of a batch";
  let description = [{
    Finds the sequence, KV head and rows of work item `index`, and the keys that
    they see: blocks have up to `rows` rows, FP8ATTN_BLOCK_ROWS without them. The
    window and the alignment are those of `paged_attention`; no row sees a key from
    `most_keys` on, without which there is no such bound. With
    `parts` from `tile.num_parts`, it is part `index` % `parts` of a block of
    rows, with the keys of that part only, and `tile.finish` of the part that is
    ready last finishes them all; blocks that take longest come first then.

    ```mlir
    func.func @item(%i: index, %tokens: index, %starts: memref<?xi32>, %lens: memref<?xi32>) -> index {
      %item = fp8attn.tile.work_item %i, %tokens, %starts, %lens window_right = 0
          {group = 4, kv_heads = 8} : memref<?xi32>, memref<?xi32>
      %rows = fp8attn.tile.num_rows %item
      return %rows : index
    }
    ```
  }];
  let arguments = (ins Index:$index, Optional<Index>:$parts, Index:$tokens,
                       MemRefRankOf<[I32], [1]>:$queryStart,
                       MemRefRankOf<[I32], [1]>:$seqLens,
                       Optional<Index>:$rows, Optional<Index>:$mostKeys,
                       Fp8Attn_HeadCount:$group,
                       Fp8Attn_HeadCount:$kv_heads,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_left,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_right,
                       DefaultValuedAttr<Fp8Attn_AlignmentAttr,
                                         "Alignment::BottomRight">:$alignment);
  let results = (outs Fp8Attn_WorkItemType:$item);
  let assemblyFormat = [{
    $index (`parts` $parts^)? `,` $tokens `,` $queryStart `,` $seqLens
    (`rows` $rows^)?
    (`most_keys` $mostKeys^)?
    (`window_left` `=` $window_left^)? (`window_right` `=` $window_right^)?
    (`alignment` `=` $alignment^)? attr-dict `:`
    type($queryStart) `,` type($seqLens)
  }];
}

def Fp8Attn_DenseItemOp : Fp8Attn_TileOp<"dense_item", [Pure]> {
  let summary = "describes a work item of a dense batch";
  let description = [{
    Finds the batch entry, KV head and rows of work item `index` of `attention`,
    and the keys that they see, of the first `keys` of the entry. `diagonal` is the
    position of its first query among the keys. There are `ceil(queries * group / rows)` items,
    one after the other, for each KV head of each batch entry. Tokens of the item
    are counted from the first query of its batch entry.

    ```mlir
    func.func @item(%i: index, %queries: index, %keys: index, %first: index) -> index {
      %item = fp8attn.tile.dense_item %i, %queries, %keys at %first window_right = 0
          {group = 4, kv_heads = 8, rows = 192}
      %rows = fp8attn.tile.num_rows %item
      return %rows : index
    }
    ```
  }];
  let arguments = (ins Index:$index, Index:$queries, Index:$keys,
                       Index:$diagonal, Fp8Attn_HeadCount:$group,
                       Fp8Attn_HeadCount:$kv_heads,
                       ConfinedAttr<I64Attr, [IntPositive]>:$rows,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_left,
                       OptionalAttr<Fp8Attn_WindowSide>:$window_right);
  let results = (outs Fp8Attn_WorkItemType:$item);
  let assemblyFormat = [{
    $index `,` $queries `,` $keys `at` $diagonal
    (`window_left` `=` $window_left^)? (`window_right` `=` $window_right^)?
    attr-dict
  }];
}

class Fp8Attn_WorkItemField<string mnemonic, string what>
    : Fp8Attn_TileOp<mnemonic, [Pure]> {
  let summary = what;
  let description = [{
    Reads a member of a work item. See `tile.work_item`.

    ```mlir
    func.func @read(%item: !fp8attn.work_item) -> index {
      %0 = fp8attn.tile.}] # mnemonic # [{ %item
      return %0 : index
    }
    ```
  }];
  let arguments = (ins Fp8Attn_WorkItemType:$item);
  let results = (outs Index:$result);
  let assemblyFormat = "$item attr-dict";
}
def Fp8Attn_NumRowsOp : Fp8Attn_WorkItemField<"num_rows",
    "query rows of a work item, 0 for a surplus item">;
def Fp8Attn_FirstKeyOp : Fp8Attn_WorkItemField<"first_key",
    "key at which the steps of a work item begin">;
def Fp8Attn_NumKeysOp : Fp8Attn_WorkItemField<"num_keys",
    "end of the keys that the rows of a work item see">;
def Fp8Attn_ItemPartsOp : Fp8Attn_WorkItemField<"item_parts",
    "parts into which the keys of the item's block are divided">;
def Fp8Attn_KvHeadOp : Fp8Attn_WorkItemField<"kv_head",
    "KV head of a work item">;
def Fp8Attn_SequenceOp : Fp8Attn_WorkItemField<"sequence",
    "sequence of a work item">;
def Fp8Attn_GroupOp : Fp8Attn_WorkItemField<"group",
    "query heads that share the KV head of a work item">;
def Fp8Attn_FirstRowOp : Fp8Attn_WorkItemField<"first_row",
    "first row of a work item among those of its sequence and KV head">;
def Fp8Attn_QueryBeginOp : Fp8Attn_WorkItemField<"query_begin",
    "first query token of a work item's sequence among those of the call">;
def Fp8Attn_DiagonalOp : Fp8Attn_WorkItemField<"diagonal",
    "position of the first query of a work item's sequence among its keys">;

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNITEMOPS_TD
