//===- Fp8AttnKernelOps.td - the kernel level -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls of chosen microkernels, and what stands around them in a function:
// run-time checks, the choice of an ISA, the parallel loop and its scratch.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNKERNELOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNKERNELOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Fp8Attn_UkernelCallOp : Fp8Attn_Op<"ukernel.call",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "call of a microkernel";
  let description = [{
    Calls a row of the kernel table. Operands are those of the C signature, in
    order: a memref stands for the pointer to its first element, an index for
    an int64_t; an absent pointer is `ukernel.null`.

    ```mlir
    func.func @init(%rows: index, %channels: index, %max: memref<48xf32>, %sum: memref<48xf32>, %acc: memref<48x128xf32>) {
      fp8attn.ukernel.call @fp8attn_uk_init_f32_f32_f32_48x1x16_generic(%rows, %channels, %max, %sum, %acc)
          : index, index, memref<48xf32>, memref<48xf32>, memref<48x128xf32>
      return
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel,
    Variadic<AnyTypeOf<[AnyMemRef, Index, F32, Fp8Attn_WorkItemType,
                        Fp8Attn_KeyRunType]>>:$operands_);
  let assemblyFormat = [{
    $kernel `(` $operands_ `)` attr-dict (`:` type($operands_)^)?
  }];
  let hasVerifier = 1;
}

def Fp8Attn_UkernelHandOverOp : Fp8Attn_Op<"ukernel.hand_over",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "leaves the state of a part of a block to the last worker";
  let description = [{
    For a work item that is one of several parts of its block: leaves its state
    of the online softmax, for all of the item's rows, in the workspace. True for
    the part that is ready last, once for each block; `max`, `sum` and `acc` are
    then the state of the block, joined from those of all parts in their order by
    the kernel `join`. The workers' shares of the workspace are of the size of
    `scratch`, and begin with what `fp8attn_part_states_bytes` says.

    ```mlir
    func.func @last(%item: !fp8attn.work_item, %channels: index, %max: memref<48xf32>, %sum: memref<48xf32>,
        %acc: memref<3x8x16x16xf32>) -> i1 {
      %scratch = fp8attn.worker_scratch : memref<1101120xi8>
      %last = fp8attn.ukernel.hand_over %item, %channels, %max, %sum, %acc of %scratch
          join @fp8attn_uk_join_f32_f32_f32_48x1x16_generic
          : memref<48xf32>, memref<48xf32>, memref<3x8x16x16xf32>, memref<1101120xi8>
      return %last : i1
    }
    ```
  }];
  let arguments = (ins Fp8Attn_WorkItemType:$item, Index:$channels,
                       MemRefOf<[F32]>:$max, MemRefOf<[F32]>:$sum,
                       MemRefOf<[F32]>:$acc, MemRefRankOf<[I8], [1]>:$scratch,
                       FlatSymbolRefAttr:$join);
  let results = (outs I1:$last);
  let assemblyFormat = [{
    $item `,` $channels `,` $max `,` $sum `,` $acc `of` $scratch `join` $join
    attr-dict `:` type($max) `,` type($sum) `,` type($acc) `,` type($scratch)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_UkernelNullOp : Fp8Attn_Op<"ukernel.null", [Pure]> {
  let summary = "null pointer operand of a microkernel";
  let description = "Stands for a memref that is absent, such as `lse`.";
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Fp8Attn_UkernelPackedRunOp : Fp8Attn_Op<"ukernel.packed_run",
    [MemoryEffects<[MemWrite]>]> {
  let summary = "key run of one page in scratch";
  let description = [{
    Keys and values that were packed into memory of the worker, as kernels take
    them: a run of `numKeys` keys in one page of FP8ATTN_BLOCK_KEYS tokens, which
    fill the memrefs. It is valid until the same operation is executed again.
  }];
  let arguments = (ins MemRefRankOf<[I8], [1]>:$keys,
                       MemRefRankOf<[I8], [1]>:$values, Index:$numKeys);
  let results = (outs Fp8Attn_KeyRunType:$run);
  let assemblyFormat = [{
    $keys `,` $values `,` $numKeys attr-dict `:` type($keys) `,` type($values)
  }];
}

def Fp8Attn_UkernelTileBeginOp : Fp8Attn_Op<"ukernel.tile_begin",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "configures the AMX tiles of this thread";
  let description = [{
    Eight tiles of 16 rows of 64 bytes, which all AMX rows of the table expect.
  }];
  let assemblyFormat = "attr-dict";
}

def Fp8Attn_UkernelTileEndOp : Fp8Attn_Op<"ukernel.tile_end",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "releases the AMX tiles of this thread";
  let description = "Ends what `ukernel.tile_begin` began.";
  let assemblyFormat = "attr-dict";
}

def Fp8Attn_RunPageOp : Fp8Attn_Op<"run_page", [MemoryEffects<[MemRead]>]> {
  let summary = "page of a run";
  let description = [{
    The number, in the cache, of the run's page `index`, from 0.
  }];
  let arguments = (ins Fp8Attn_KeyRunType:$run, Index:$index);
  let results = (outs Index:$page);
  let assemblyFormat = "$run `[` $index `]` attr-dict";
}

def Fp8Attn_WorkerScratchOp : Fp8Attn_Op<"worker_scratch",
    [MemoryEffects<[MemRead]>]> {
  let summary = "scratch memory of the running worker";
  let description = [{
    The worker's part of the context's workspace, aligned to 64 bytes, contents
    undefined. The type says how many bytes are needed; it is also the distance
    between workers, so all scratch of one function is of one type.
  }];
  let results = (outs MemRefRankOf<[I8], [1]>:$scratch);
  let assemblyFormat = "attr-dict `:` type($scratch)";
  let hasVerifier = 1;
}

def Fp8Attn_CachePartOp : Fp8Attn_Op<"cache_part",
    [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "first byte of a head's keys or values in page 0";
  let description = "What kernels that write a cache take as its base.";
  let arguments = (ins Fp8Attn_CacheType:$cache, Index:$head,
                       Fp8Attn_CacheContentAttr:$content);
  let results = (outs MemRefRankOf<[I8], [1]>:$bytes);
  let assemblyFormat = "$content $cache `[` $head `]` attr-dict `:` type($cache)";
  let hasVerifier = 1;
}

def Fp8Attn_CacheNumPagesOp : Fp8Attn_Op<"cache_num_pages", [Pure]> {
  let summary = "number of pages of a cache";
  let description = "What the caller says when it passes the cache.";
  let arguments = (ins Fp8Attn_CacheType:$cache);
  let results = (outs Index:$pages);
  let assemblyFormat = "$cache attr-dict `:` type($cache)";
}

def Fp8Attn_CachePageBytesOp : Fp8Attn_Op<"cache_page_bytes", [Pure]> {
  let summary = "distance between pages of a cache, in bytes";
  let description = [{
    What the caller says when it passes the cache: at least the bytes of a page.
    What is between two pages is the caller's.
  }];
  let arguments = (ins Fp8Attn_CacheType:$cache);
  let results = (outs Index:$bytes);
  let assemblyFormat = "$cache attr-dict `:` type($cache)";
}

def Fp8Attn_ElementBitsOp : Fp8Attn_Op<"element_bits",
    [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "the same memory, its elements as integers";
  let description = [{
    An i1 is a byte, of which any value but 0 is true; a bf16 or f16 is an i16.
    Vector code reads integers: LLVM packs a vector of i1, and some targets
    convert small floats by calling a library.

    ```mlir
    func.func @view(%mask: memref<?x?xi1, strided<[?, 1]>>) -> memref<?x?xi8, strided<[?, 1]>> {
      %0 = fp8attn.element_bits %mask : memref<?x?xi1, strided<[?, 1]>>
      return %0 : memref<?x?xi8, strided<[?, 1]>>
    }
    ```
  }];
  let arguments = (ins MemRefOf<[I1, BF16, F16]>:$elements);
  let results = (outs MemRefOf<[I8, I16]>:$bits);
  let assemblyFormat = "$elements attr-dict `:` type($elements)";
}

def Fp8Attn_ParallelForOp : Fp8Attn_Op<"parallel_for", [
    MemoryEffects<[MemRead, MemWrite]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a body function over a range on the host's threads";
  let description = [{
    The body is a function that takes (begin, end, worker) and then the
    captures; it is called through the context's `parallel_for`.
  }];
  let arguments = (ins FlatSymbolRefAttr:$body, Index:$count,
                       Variadic<AnyType>:$captures);
  let assemblyFormat = [{
    $body `count` $count `captures` `(` $captures `)` attr-dict
    (`:` type($captures)^)?
  }];
}

def Fp8Attn_SelectIsaOp : Fp8Attn_Op<"select_isa",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "best of the given ISAs that this call may use";
  let description = [{
    Asks the runtime, once a call; the number is that of `#fp8attn.isa`. If
    none may be used, the function returns with a status.
  }];
  // select_isa_c1
  let arguments = (ins ConfinedAttr<
      TypedArrayAttrBase<Fp8Attn_IsaAttr, "array of #fp8attn.isa">,
      [ArrayMinCount<1>]>:$isas);
  let results = (outs Index:$isa);
  let assemblyFormat = "$isas attr-dict";
}

class Fp8Attn_CheckOp<string mnemonic, list<Trait> traits = []>
    : Fp8Attn_Op<"check." # mnemonic,
                 traits # [MemoryEffects<[MemRead, MemWrite]>]>;

def Fp8Attn_CheckSizeOp : Fp8Attn_CheckOp<"size"> {
  let summary = "returns a status if two sizes differ";
  let description = "The names appear in the message.";
  let arguments = (ins StrAttr:$name, Index:$size, StrAttr:$otherName,
                       Index:$otherSize);
  let assemblyFormat = [{
    $name `,` $size `,` $otherName `,` $otherSize attr-dict
  }];
}

def Fp8Attn_CheckColumnsOp : Fp8Attn_CheckOp<"columns"> {
  let summary = "returns a status if a sequence has more keys than columns";
  let description = "The name appears in the message.";
  let arguments = (ins StrAttr:$name, Index:$columns,
                       MemRefRankOf<[I32], [1]>:$seqLens);
  let assemblyFormat = [{
    $name `,` $columns `,` $seqLens attr-dict `:` type($seqLens)
  }];
}

def Fp8Attn_CheckScaleOp : Fp8Attn_CheckOp<"scale"> {
  let summary = "returns a status if a scale is not finite and positive";
  let description = "Looks at every scale of the memref.";
  let arguments = (ins StrAttr:$name,
                       MemRefRankOf<[F32, F8E8M0FNU], [0, 1, 2, 3, 4]>:$scale);
  let assemblyFormat = "$name `,` $scale attr-dict `:` type($scale)";
}

def Fp8Attn_CheckScalePagesOp : Fp8Attn_CheckOp<"scale_pages"> {
  let summary = "returns a status if a scale has no element for some page";
  let description = [{
    Dimension `dimension` of a scale is indexed with up to `most + perPage *
    page`, for each page of the cache. See `paged_attention`.
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

def Fp8Attn_CheckSlotsOp : Fp8Attn_CheckOp<"slots"> {
  let summary = "returns a status if a slot is beyond the cache";
  let description = "Negative slots are allowed.";
  let arguments = (ins MemRefRankOf<[I64], [1]>:$slots, Fp8Attn_CacheType:$cache);
  let assemblyFormat = "$slots `,` $cache attr-dict `:` type($slots) `,` type($cache)";
}

def Fp8Attn_CheckPagesOp : Fp8Attn_CheckOp<"pages"> {
  let summary = "returns a status if a list names a page that is not there";
  let description = "Entries are (page of `source`, page of `destination`).";
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

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNKERNELOPS_TD
