//===- Fp8AttnKernelOps.td - the kernel level -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls of chosen microkernels, and what stands around them in a function:
// the choice of an ISA, the parallel loop and its scratch. Run-time checks have a
// file of their own (Fp8AttnCheckOps.td).
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
  let description = [{
    Stands for a memref that is absent, such as `lse`.

    ```mlir
    func.func @absent() -> memref<?xf32> {
      %0 = fp8attn.ukernel.null : memref<?xf32>
      return %0 : memref<?xf32>
    }
    ```
  }];
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

    ```mlir
    func.func @run(%keys: memref<32768xi8>, %values: memref<32768xi8>, %n: index) -> !fp8attn.key_run {
      %0 = fp8attn.ukernel.packed_run %keys, %values, %n : memref<32768xi8>, memref<32768xi8>
      return %0 : !fp8attn.key_run
    }
    ```
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

    ```mlir
    func.func @tiles() {
      fp8attn.ukernel.tile_begin
      fp8attn.ukernel.tile_end
      return
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Fp8Attn_UkernelTileEndOp : Fp8Attn_Op<"ukernel.tile_end",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "releases the AMX tiles of this thread";
  let description = [{
    Ends what `ukernel.tile_begin` began.

    ```mlir
    func.func @tiles() {
      fp8attn.ukernel.tile_begin
      fp8attn.ukernel.tile_end
      return
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Fp8Attn_RunPageOp : Fp8Attn_Op<"run_page", [MemoryEffects<[MemRead]>]> {
  let summary = "page of a run";
  let description = [{
    The number, in the cache, of the run's page `index`, from 0.

    ```mlir
    func.func @page(%run: !fp8attn.key_run, %i: index) -> index {
      %0 = fp8attn.run_page %run[%i]
      return %0 : index
    }
    ```
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

    ```mlir
    func.func @scratch() -> memref<163840xi8> {
      %0 = fp8attn.worker_scratch : memref<163840xi8>
      return %0 : memref<163840xi8>
    }
    ```
  }];
  let results = (outs MemRefRankOf<[I8], [1]>:$scratch);
  let assemblyFormat = "attr-dict `:` type($scratch)";
  let hasVerifier = 1;
}

def Fp8Attn_CachePartOp : Fp8Attn_Op<"cache_part",
    [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "first byte of a head's keys or values in page 0";
  let description = [{
    What kernels that write a cache take as its base.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @values(%cache: !cache, %head: index) -> memref<?xi8> {
      %0 = fp8attn.cache_part value %cache[%head] : !cache
      return %0 : memref<?xi8>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_CacheType:$cache, Index:$head,
                       Fp8Attn_CacheContentAttr:$content);
  let results = (outs MemRefRankOf<[I8], [1]>:$bytes);
  let assemblyFormat = "$content $cache `[` $head `]` attr-dict `:` type($cache)";
  let hasVerifier = 1;
}

def Fp8Attn_CacheChannelsOp : Fp8Attn_Op<"cache_channels", [Pure]> {
  let summary = "one of the two parts of a mixed cache, as a cache";
  let description = [{
    The codes of a latent cache with `rope_head_dim`, or its bf16 channels: the
    same pages at the same distance, of which each has the channels of the result.

    ```mlir
    !mixed = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, rope_head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    !rope = !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    func.func @rope(%cache: !mixed) -> !rope {
      %0 = fp8attn.cache_channels %cache : !mixed -> !rope
      return %0 : !rope
    }
    ```
  }];
  let arguments = (ins Fp8Attn_CacheType:$cache);
  let results = (outs Fp8Attn_CacheType:$part);
  let assemblyFormat = "$cache attr-dict `:` type($cache) `->` type($part)";
  let hasVerifier = 1;
}

def Fp8Attn_CacheHeadsOp : Fp8Attn_Op<"cache_heads", [Pure]> {
  let summary = "neighbouring heads of a cache, as a cache";
  let description = [{
    The same pages at the same distance, of which each has as many heads as the
    result, from `first` on.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    !head = !fp8attn.cache<key_value, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    func.func @head(%cache: !cache, %first: index) -> !head {
      %0 = fp8attn.cache_heads %cache from %first : !cache -> !head
      return %0 : !head
    }
    ```
  }];
  let arguments = (ins Fp8Attn_CacheType:$cache, Index:$first);
  let results = (outs Fp8Attn_CacheType:$part);
  let assemblyFormat =
      "$cache `from` $first attr-dict `:` type($cache) `->` type($part)";
  let hasVerifier = 1;
}

def Fp8Attn_CacheNumPagesOp : Fp8Attn_Op<"cache_num_pages", [Pure]> {
  let summary = "number of pages of a cache";
  let description = [{
    What the caller says when it passes the cache.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @pages(%cache: !cache) -> index {
      %0 = fp8attn.cache_num_pages %cache : !cache
      return %0 : index
    }
    ```
  }];
  let arguments = (ins Fp8Attn_CacheType:$cache);
  let results = (outs Index:$pages);
  let assemblyFormat = "$cache attr-dict `:` type($cache)";
}

def Fp8Attn_CachePageBytesOp : Fp8Attn_Op<"cache_page_bytes", [Pure]> {
  let summary = "distance between pages of a cache, in bytes";
  let description = [{
    What the caller says when it passes the cache: at least the bytes of a page.
    What is between two pages is the caller's.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @distance(%cache: !cache) -> index {
      %0 = fp8attn.cache_page_bytes %cache : !cache
      return %0 : index
    }
    ```
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

    ```mlir
    func.func private @body(%begin: index, %end: index, %worker: index, %x: memref<?xf32>) {
      return
    }
    func.func @run(%count: index, %x: memref<?xf32>) {
      fp8attn.parallel_for @body count %count captures(%x) : memref<?xf32>
      return
    }
    ```
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

    ```mlir
    func.func @best() -> index {
      %0 = fp8attn.select_isa [#fp8attn.isa<amx_bf16>, #fp8attn.isa<avx2>, #fp8attn.isa<generic>]
      return %0 : index
    }
    ```
  }];
  // select_isa_c1
  let arguments = (ins ConfinedAttr<
      TypedArrayAttrBase<Fp8Attn_IsaAttr, "array of #fp8attn.isa">,
      [ArrayMinCount<1>]>:$isas);
  let results = (outs Index:$isa);
  let assemblyFormat = "$isas attr-dict";
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNKERNELOPS_TD
