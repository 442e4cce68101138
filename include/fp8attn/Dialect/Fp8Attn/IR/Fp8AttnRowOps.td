//===- Fp8AttnRowOps.td - the tile level beside attention -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations of the tile level on rows in memory: what decomposition makes of
// merging, of cache writes and of conversions.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNROWOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNROWOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTileOps.td"

def Fp8Attn_TileMergeOp : Fp8Attn_TileOp<"merge",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "combines two partial results of some rows";
  let description = [{
    As `merge`, for rows [rows, channels] that have an `lse` each.

    ```mlir
    func.func @merge(%out: memref<?x64xbf16>, %lse: memref<?xf32>, %other: memref<?x64xbf16>, %other_lse: memref<?xf32>) {
      fp8attn.tile.merge %out, %lse, %other, %other_lse into %out, %lse : memref<?x64xbf16>, memref<?xf32>,
          memref<?x64xbf16>, memref<?xf32>, memref<?x64xbf16>, memref<?xf32>
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[BF16, F16, F32], [2]>:$firstOut,
                       MemRefRankOf<[F32], [1]>:$firstLse,
                       MemRefRankOf<[BF16, F16, F32], [2]>:$secondOut,
                       MemRefRankOf<[F32], [1]>:$secondLse,
                       MemRefRankOf<[BF16, F16, F32], [2]>:$out,
                       MemRefRankOf<[F32], [1]>:$lse);
  let assemblyFormat = [{
    $firstOut `,` $firstLse `,` $secondOut `,` $secondLse `into` $out `,` $lse
    attr-dict `:` type($firstOut) `,` type($firstLse) `,` type($secondOut) `,`
    type($secondLse) `,` type($out) `,` type($lse)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_StoreOp : Fp8Attn_TileOp<"store", [
    AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "quantises tokens of one head into a cache";
  let description = [{
    Writes `source` ([tokens, channels]) divided by `scale` to the slots of
    head `head` of the keys or values, as in `kv_write`. With `scales`, each
    element is divided by the one that the map from (page, head, token, channel)
    gives it; with `computed`, that is computed and stored first, with `microscaling`
    as `kv_write` says. With `scale` and `scales`, it is divided by their product. With
    `zero_points`, which are computed as `scales` are, the zero point that their map gives
    is added to the code.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @store(%rows: memref<?x64xbf16, strided<[512, 1]>>, %slots: memref<?xi64>, %scale: f32,
        %cache: !cache, %head: index) {
      fp8attn.tile.store key %rows, %slots scale %scale into %cache[%head]
          : memref<?x64xbf16, strided<[512, 1]>>, memref<?xi64>, !cache
      return
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[BF16, F16, F32], [2]>:$source,
                       MemRefRankOf<[I64], [1]>:$slots, Optional<F32>:$scale,
                       Optional<MemRefRankOf<[F32, F8E8M0FNU, F8E4M3FN], [0, 1, 2, 3, 4]>>:$scales,
                       Optional<MemRefRankOf<[I8], [0, 1, 2, 3, 4]>>:$zeroPoints,
                       Fp8Attn_CacheType:$cache, Index:$head,
                       Fp8Attn_CacheContentAttr:$content,
                       OptionalAttr<AffineMapAttr>:$scaleMap,
                       OptionalAttr<AffineMapAttr>:$zeroPointMap,
                       UnitAttr:$computed, UnitAttr:$microscaling);
  let assemblyFormat = [{
    $content $source `,` $slots (`scale` $scale^)?
    (`scales` `(` $scales^ `[` $scaleMap `]` `:` type($scales) `)`)?
    (`zero_points` `(` $zeroPoints^ `[` $zeroPointMap `]` `:` type($zeroPoints) `)`)?
    (`computed` $computed^)? (`microscaling` $microscaling^)? `into` $cache `[` $head `]`
    attr-dict `:` type($source) `,` type($slots) `,` type($cache)
  }];
  let hasVerifier = 1;
}

class Fp8Attn_RowConvertOp<string mnemonic, Type from, Type to, string what>
    : Fp8Attn_TileOp<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = what;
  let arguments = (ins MemRefRankOf<[from], [1]>:$source, F32:$scale,
                       MemRefRankOf<[to], [1]>:$destination);
  let assemblyFormat = [{
    $source `,` $scale `into` $destination attr-dict `:` type($source) `,`
    type($destination)
  }];
  let hasVerifier = 1;
}
def Fp8Attn_TileQuantizeOp : Fp8Attn_RowConvertOp<"quantize",
    AnyTypeOf<[BF16, F16, F32]>, Fp8Attn_Code, "quantises a contiguous row"> {
  let description = [{
    As `quantize`, with one scale.

    ```mlir
    func.func @quantize(%row: memref<128xbf16>, %scale: f32, %codes: memref<128xf8E4M3FN>) {
      fp8attn.tile.quantize %row, %scale into %codes : memref<128xbf16>, memref<128xf8E4M3FN>
      return
    }
    ```
  }];
}
def Fp8Attn_TileDequantizeOp : Fp8Attn_RowConvertOp<"dequantize",
    Fp8Attn_Code, AnyTypeOf<[BF16, F16, F32]>, "converts a contiguous row back"> {
  let description = [{
    As `dequantize`, with one scale.

    ```mlir
    func.func @dequantize(%codes: memref<128xf8E4M3FN>, %scale: f32, %row: memref<128xbf16>) {
      fp8attn.tile.dequantize %codes, %scale into %row : memref<128xf8E4M3FN>, memref<128xbf16>
      return
    }
    ```
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNROWOPS_TD
