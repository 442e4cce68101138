//===- DecompositionPasses.td - model to tiles -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The decompositions of operations of the model level, in pipeline order.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TRANSFORMS_DECOMPOSITIONPASSES_TD
#define FP8ATTN_TRANSFORMS_DECOMPOSITIONPASSES_TD

include "mlir/Pass/PassBase.td"

def DecomposePrefix : Pass<"fp8attn-decompose-prefix", "::mlir::func::FuncOp"> {
  let summary = "Decompose attention with a shared prefix into two and a merge";
  let description = [{
    Turns a `paged_attention` whose sequences share prefixes into one over the
    prefixes, in which each group is a sequence, so that they are read once for
    all its queries; one over the own keys; and the `merge` of both, whose parts
    are f32, in memory that is allocated for the call. Where the result is f32,
    the second is computed and merged in place.

    Before:
    ```mlir
    !kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    !rows = memref<?x8x64xbf16>
    func.func @grouped(%query: !rows, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
                       %table: memref<?x?xi32>, %groups: memref<?xi32>, %prefix_lens: memref<?xi32>,
                       %prefix_table: memref<?x?xi32>, %out: !rows) {
      fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
          batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
          prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      return
    }
    ```
    After, in outline:
    ```
    %groupStarts[g] = %starts[%groups[g]], for each g
    fp8attn.paged_attention query(%query) cache(%cache)
        batch(%groupStarts, %prefix_lens, %prefix_table) out(%prefixOut) lse(%prefixLse)
    fp8attn.paged_attention causal query(%query) cache(%cache)
        batch(%starts, %lens, %table) out(%ownOut) lse(%ownLse)
    fp8attn.merge first(%prefixOut, %prefixLse) second(%ownOut, %ownLse) into(%out, %ownLse)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def DecomposeSelection : Pass<"fp8attn-decompose-selection", "::mlir::func::FuncOp"> {
  let summary = "Decompose attention to selected keys into attention to all of others";
  let description = [{
    Turns a `paged_attention` whose queries see selected keys into one in which
    each query token is a sequence of its own, which has these keys and no others:
    the block table has the pages of the token's list, in memory that is
    allocated for the call. Selected tokens, but for those that are pages of their
    own, are copied to pages first, for as many query tokens at once as take a few
    megabytes, and the factors of a scale that depends on page or token likewise.

    Before:
    ```mlir
    !kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    !rows = memref<?x8x64xbf16>
    func.func @sparse(%query: !rows, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
                      %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: !rows) {
      fp8attn.paged_attention causal query(%query : !rows) cache(%cache : !kv)
          batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : !rows)
          selected_pages(%list : memref<?x?xi32>)
      return
    }
    ```
    After, in outline:
    ```
    for each query token t:
      %tokenStarts[t] = t
      %tokenLens[t] = fp8attn.tile.select_pages %list[t], ... into %tokenTable[t] window_right = 0
    fp8attn.paged_attention query(%query) cache(%cache)
        batch(%tokenStarts, %tokenLens, %tokenTable) out(%out)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def DecomposeAttention
    : Pass<"fp8attn-decompose-attention", "::mlir::func::FuncOp"> {
  let summary = "Decompose attention into tile operations with explicit scales";
  let description = [{
    Turns `paged_attention` and `attention` into a parallel loop over work items
    (blocks of query rows of one KV head of one sequence, or batch entry) around
    a loop over blocks of keys. FP8 tiles are decoded, and each factor is a multiplication of its own:
    the key scale and the value scale of their tiles, the softmax scale and
    log2(e) of the scores. `fp8attn-fold-scales` then finds places where they
    are free.

    Dense keys and values are loaded by `tile.load_dense` from views of a head of
    a batch entry, and an item has up to 192 rows, because each of its steps will
    be packed. All else is alike.

    What modifies scores (softcap, ALiBi, the region, the mask) becomes one
    region in `tile.modify`, behind the softmax scale and before log2(e).

    Items with few rows (decode) and items with many (prefill) get a body each,
    told apart by the number of rows at run time, so that one call may mix them
    and kernels can be chosen for either.

    Before:
    ```mlir
    !kv = !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>
    func.func @attend(%query: memref<?x32x128xbf16>, %cache: !kv, %starts: memref<?xi32>,
                      %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x32x128xbf16>) {
      fp8attn.paged_attention causal query(%query : memref<?x32x128xbf16>) cache(%cache : !kv)
          batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          out(%out : memref<?x32x128xbf16>)
      return
    }
    ```
    After, in outline:
    ```
    scf.forall (%i) in (%items) {
      %item = fp8attn.tile.work_item %i, ...
      %state = fp8attn.tile.init
      scf.for %k = %first to %keys step %c256 iter_args(%max, %sum, %acc) {
        %s = fp8attn.tile.qk %q, %key
        %scaled = fp8attn.tile.scale %s, %softmaxScale
        ...
      }
      fp8attn.tile.finish %item, %max, %sum, %acc into %out
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect", "::mlir::fp8attn::Fp8AttnDialect"];
}

def DecomposeQuantization
    : Pass<"fp8attn-decompose-quantization", "::mlir::func::FuncOp"> {
  let summary = "Decompose cache writes and dense conversions into loops";
  let description = [{
    Turns `kv_write` into a parallel loop over blocks of tokens and KV heads
    around `tile.store`, and `quantize` and `dequantize` into one over rows
    around `tile.quantize` and `tile.dequantize`. A scale's map becomes the load
    of the scale that the row needs. Keys that are normalised or rotated are so
    in vectors, 16 tokens at a time, into scratch that `tile.store` takes;
    queries in vectors, into `query_out`.

    Before:
    ```mlir
    func.func @quantize(%x: memref<?x128xbf16>, %scale: memref<f32>, %y: memref<?x128xf8E5M2>) {
      fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
          : memref<?x128xbf16>, memref<f32>, memref<?x128xf8E5M2>
      return
    }
    ```
    After, in outline:
    ```
    scf.forall (%row) in (%rows) {
      %s = memref.load %scale[]
      fp8attn.tile.quantize %xRow, %s into %yRow
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def DecomposeMerge : Pass<"fp8attn-decompose-merge", "::mlir::func::FuncOp"> {
  let summary = "Decompose the merge of partial results into a loop";
  let description = [{
    Turns `merge` into a parallel loop around `tile.merge`: over tokens, whose
    heads it takes at a time, or, of dense tensors, over batch entries, heads and
    blocks of 64 queries.

    Before:
    ```mlir
    func.func @merge(%a: memref<?x32x128xbf16>, %a_lse: memref<?x32xf32>,
                     %b: memref<?x32x128xbf16>, %b_lse: memref<?x32xf32>) {
      fp8attn.merge first(%a, %a_lse : memref<?x32x128xbf16>, memref<?x32xf32>)
          second(%b, %b_lse : memref<?x32x128xbf16>, memref<?x32xf32>)
          into(%a, %a_lse : memref<?x32x128xbf16>, memref<?x32xf32>)
      return
    }
    ```
    After, in outline:
    ```
    scf.forall (%token) in (%tokens) {
      fp8attn.tile.merge %aToken, %aLseToken, %bToken, %bLseToken into %aToken, %aLseToken
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::fp8attn::Fp8AttnDialect"];
}

def DecomposeRepack : Pass<"fp8attn-decompose-repack", "::mlir::func::FuncOp"> {
  let summary = "Decompose repacks into loops over rows";
  let description = [{
    Turns `repack` into a parallel loop over heads and entries, a page of the larger
    size and those that hold the same tokens. Where layouts agree, it moves bytes;
    else rows of 16 channels: of 4 tokens at once between `pairs` and layouts with
    rows, transposed in registers, or element by element. Elements are converted,
    padding is zeroed. Of at least 16 MB, what is written goes past the caches.

    Before:
    ```mlir
    !from = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    !to = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>
    func.func @export(%from: !from, %to: !to) {
      fp8attn.repack %from into %to : !from, !to
      return
    }
    ```
    After, in outline:
    ```
    scf.forall (%i) in (%pagesTimesHeads) {
      scf.for %token = 0 to 32 step 16 {
        scf.for %channel = 0 to 64 step 64 {
          %chunk = vector.load %fromPart[%placeInPairs] : memref<2048xi16>, vector<8xi16>
          ...
          vector.store %row, %toPart[%placeInRowMajor] : memref<2048xi16>, vector<16xi16>
          ...
        }
      }
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::fp8attn::Fp8AttnDialect"];
}

#endif // FP8ATTN_TRANSFORMS_DECOMPOSITIONPASSES_TD
