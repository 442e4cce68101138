//===- Fp8AttnTileOps.td - the tile level -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What decomposition makes of the model level, besides the description of work
// items (Fp8AttnItemOps.td): operations on tiles with value semantics. Tiles are ranked tensors
// of static shape; rows and keys beyond the item's are unspecified. Scores are
// in the natural domain until scaled by log2(e); softmax works in base 2.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNTILEOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNTILEOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnItemOps.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

/// A tensor of one type of tile. Tiles are of static shape: tile_c1.
class Fp8Attn_StaticTile<Type tensor>
    : ConfinedType<tensor, [HasStaticShapePred],
                   "statically shaped " # tensor.summary>;
def Fp8Attn_Tile
    : Fp8Attn_StaticTile<2DTensorOf<[F32, BF16, F8E4M3FN, F8E5M2, F4E2M1FN, I8, I<4>]>>;
def Fp8Attn_CodeTile : Fp8Attn_StaticTile<2DTensorOf<[F8E4M3FN, F8E5M2, F4E2M1FN, I8, I<4>]>>;
/// A query or probabilities, as they are multiplied.
def Fp8Attn_ProductTile : Fp8Attn_StaticTile<2DTensorOf<[BF16, F32]>>;
def Fp8Attn_F32Tile : Fp8Attn_StaticTile<2DTensorOf<[F32]>>;
def Fp8Attn_BF16Tile : Fp8Attn_StaticTile<2DTensorOf<[BF16]>>;
def Fp8Attn_RowTile : Fp8Attn_StaticTile<1DTensorOf<[F32]>>;
/// One factor, one for each row or column, or one for each part of a row.
def Fp8Attn_Factor : AnyTypeOf<[F32, Fp8Attn_RowTile, Fp8Attn_F32Tile]>;

def Fp8Attn_KeyRunOp : Fp8Attn_TileOp<"key_run",
    [MemoryEffects<[MemRead]>]> {
  let summary = "keys and values of a work item's head and sequence";
  let description = [{
    Combines the item's row of the block table with its heads' places in the
    caches. KV heads of the item are as many as both caches' heads divide: neighbours
    share a head of a cache that has fewer. See `paged_attention` for the operands.

    ```mlir
    !cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>, %cache: !cache) -> !fp8attn.key_run {
      %0 = fp8attn.tile.key_run %item, %table, %cache, %cache : memref<?x?xi32>, !cache, !cache
      return %0 : !fp8attn.key_run
    }
    ```
  }];
  let arguments = (ins Fp8Attn_WorkItemType:$item,
                       MemRefRankOf<[I32], [2]>:$blockTable,
                       Fp8Attn_CacheType:$keyCache,
                       Fp8Attn_CacheType:$valueCache);
  let results = (outs Fp8Attn_KeyRunType:$run);
  let assemblyFormat = [{
    $item `,` $blockTable `,` $keyCache `,` $valueCache attr-dict `:`
    type($blockTable) `,` type($keyCache) `,` type($valueCache)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_LoadQueryOp : Fp8Attn_TileOp<"load_query",
    [MemoryEffects<[MemRead]>]> {
  let summary = "gathers the query rows of a work item";
  let description = [{
    `tile[r, c] = channelFactor[c] * query[token(r), head(r), c]` for the rows
    of the item, rounded to the type of the tile once, to nearest even;
    channelFactor is 1 if absent. FP8 codes are their values, which bf16 has.

    ```mlir
    func.func @query(%item: !fp8attn.work_item, %query: memref<?x8x64xf16>) -> tensor<16x64xbf16> {
      %0 = fp8attn.tile.load_query %item, %query : memref<?x8x64xf16> -> tensor<16x64xbf16>
      return %0 : tensor<16x64xbf16>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_WorkItemType:$item,
                       MemRefRankOf<[BF16, F16, F32, F8E4M3FN, F8E5M2], [3]>:$query,
                       Optional<Fp8Attn_RowTile>:$channelFactor);
  let results = (outs Fp8Attn_ProductTile:$tile);
  let assemblyFormat = [{
    $item `,` $query (`channel_factor` `(` $channelFactor^ `:`
    type($channelFactor) `)`)? attr-dict `:` type($query) `->` type($tile)
  }];
  let hasVerifier = 1;
}

class Fp8Attn_LoadRunOp<string mnemonic, string what>
    : Fp8Attn_TileOp<mnemonic, [MemoryEffects<[MemRead]>]> {
  let summary = what # " of a run, beginning at a key";
  let description = [{
    `tile[j, c]` = element (firstKey + j, c) of the run.

    ```mlir
    func.func @load(%run: !fp8attn.key_run, %key: index) -> tensor<256x64xf8E4M3FN> {
      %0 = fp8attn.tile.}] # mnemonic # [{ %run[%key] : tensor<256x64xf8E4M3FN>
      return %0 : tensor<256x64xf8E4M3FN>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_KeyRunType:$run, Index:$firstKey);
  let results = (outs Fp8Attn_Tile:$tile);
  let assemblyFormat = "$run `[` $firstKey `]` attr-dict `:` type($tile)";
}
def Fp8Attn_LoadKeyOp : Fp8Attn_LoadRunOp<"load_key", "keys">;
def Fp8Attn_LoadValueOp : Fp8Attn_LoadRunOp<"load_value", "values">;

def Fp8Attn_LoadDenseOp : Fp8Attn_TileOp<"load_dense",
    [MemoryEffects<[MemRead]>]> {
  let summary = "rows of a dense tensor, beginning at a key";
  let description = [{
    `tile[j, c] = source[firstKey + j, c]`: FP8 codes as they are, other
    elements rounded to bf16, to nearest even. Rows beyond the source are
    unspecified.

    ```mlir
    func.func @load(%keys: memref<?x64xf32, strided<[?, 1]>>, %first: index) -> tensor<256x64xbf16> {
      %tile = fp8attn.tile.load_dense %keys[%first]
          : memref<?x64xf32, strided<[?, 1]>> -> tensor<256x64xbf16>
      return %tile : tensor<256x64xbf16>
    }
    ```
  }];
  let arguments = (ins
      MemRefRankOf<[BF16, F16, F32, F8E4M3FN, F8E5M2], [2]>:$source,
      Index:$firstKey);
  let results = (outs Fp8Attn_Tile:$tile);
  let assemblyFormat = [{
    $source `[` $firstKey `]` attr-dict `:` type($source) `->` type($tile)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_DecodeOp : Fp8Attn_TileOp<"decode", [Pure]> {
  let summary = "value of codes, exact in bf16";
  let description = [{
    Every f8E4M3FN, f8E5M2, f4E2M1FN, i8 and i4 value is a bf16 value.

    ```mlir
    func.func @values(%codes: tensor<256x64xf8E5M2>) -> tensor<256x64xbf16> {
      %0 = fp8attn.tile.decode %codes : tensor<256x64xf8E5M2> -> tensor<256x64xbf16>
      return %0 : tensor<256x64xbf16>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_CodeTile:$codes);
  let results = (outs Fp8Attn_BF16Tile:$values);
  let assemblyFormat = "$codes attr-dict `:` type($codes) `->` type($values)";
  let hasVerifier = 1;
}

def Fp8Attn_ScaleOp : Fp8Attn_TileOp<"scale",
    [Pure, AllTypesMatch<["tile", "result"]>]> {
  let summary = "multiplies a tile by a number, or by one for each part of it";
  let description = [{
    `result[i, j] = tile[i, j] * f`, in f32 or better and not rounded in
    between: it is `fp8attn-fold-scales` that gives it a place. f is
    - `factor`, if it is a number;
    - `factor[i]` or `factor[j]`, if it is of rank 1: `along = 0` has a factor
      for each row, `along = 1` for each column;
    - `factor[i, j floordiv n]`, n columns having one in common, if it is of
      rank 2.

    ```mlir
    func.func @scale(%k: tensor<256x64xbf16>, %a: tensor<256xf32>, %b: tensor<256x2xf32>) -> tensor<256x64xbf16> {
      %0 = fp8attn.tile.scale %k, %a along 0 : tensor<256x64xbf16>, tensor<256xf32>
      %1 = fp8attn.tile.scale %0, %b : tensor<256x64xbf16>, tensor<256x2xf32>
      return %1 : tensor<256x64xbf16>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_Tile:$tile, Fp8Attn_Factor:$factor,
                       OptionalAttr<I64Attr>:$along);
  let results = (outs Fp8Attn_Tile:$result);
  let assemblyFormat = [{
    $tile `,` $factor (`along` $along^)? attr-dict `:` type($tile) `,`
    type($factor)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns whether the factor is one number.
    bool isUniform() { return getFactor().getType().isF32(); }
  }];
}

def Fp8Attn_SubtractOp : Fp8Attn_TileOp<"subtract",
    [Pure, AllTypesMatch<["values", "result"]>]> {
  let summary = "subtracts zero points from the values of codes";
  let description = [{
    `result[i, j] = values[i, j] - zeroPoints[i, j floordiv n]`, n columns having one
    in common. Both are integers of 8 bits, so that the difference is exact in bf16.

    ```mlir
    func.func @subtract(%k: tensor<256x64xbf16>, %z: tensor<256x1xf32>) -> tensor<256x64xbf16> {
      %0 = fp8attn.tile.subtract %k, %z : tensor<256x64xbf16>, tensor<256x1xf32>
      return %0 : tensor<256x64xbf16>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_BF16Tile:$values, Fp8Attn_F32Tile:$zeroPoints);
  let results = (outs Fp8Attn_BF16Tile:$result);
  let assemblyFormat = [{
    $values `,` $zeroPoints attr-dict `:` type($values) `,` type($zeroPoints)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_AppendRopeOp : Fp8Attn_TileOp<"append_rope",
    [MemoryEffects<[MemRead]>]> {
  let summary = "bf16 channels of a run's keys, behind those of a tile";
  let description = [{
    `result[j, c] = tile[j, c]` for the channels of the tile; behind them are those
    of token firstKey + j of the run in `rope`, a part of the mixed cache that the
    run is of.

    ```mlir
    !rope = !fp8attn.cache<key, heads = 1, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
    func.func @append(%k: tensor<256x512xbf16>, %run: !fp8attn.key_run, %key: index, %rope: !rope) -> tensor<256x576xbf16> {
      %0 = fp8attn.tile.append_rope %k, %run[%key], %rope : tensor<256x512xbf16>, !rope -> tensor<256x576xbf16>
      return %0 : tensor<256x576xbf16>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_BF16Tile:$tile, Fp8Attn_KeyRunType:$run,
                       Index:$firstKey, Fp8Attn_CacheType:$rope);
  let results = (outs Fp8Attn_BF16Tile:$result);
  let assemblyFormat = [{
    $tile `,` $run `[` $firstKey `]` `,` $rope attr-dict `:` type($tile) `,`
    type($rope) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_LoadScaleOp : Fp8Attn_TileOp<"load_scale",
    [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "scales of a step of keys, of channels, or of both";
  let description = [{
    Loads scales, or zero points (i8), of one head through their map from (page, head, token,
    channel). With `keys`, result[j] is the scale of token firstKey + j of the
    run; if the result has two dimensions, result[j, b] is that of its b-th group
    of channels. Without `keys`, result[c] is the scale of channel c. `channels`
    is the head size.

    ```mlir
    func.func @load(%scale: memref<?x32x8xf32>, %run: !fp8attn.key_run, %k: index, %head: index) -> tensor<256xf32> {
      %0 = fp8attn.tile.load_scale %scale[affine_map<(page, head, token, channel) -> (page, token, head)>]
          head %head keys %run[%k] {channels = 128, page = 32} : memref<?x32x8xf32> -> tensor<256xf32>
      return %0 : tensor<256xf32>
    }
    ```
  }];
  let arguments = (ins MemRefRankOf<[F32, F8E8M0FNU, F8E4M3FN, I8], [0, 1, 2, 3, 4]>:$scale,
                       AffineMapAttr:$map, Index:$head,
                       Optional<Fp8Attn_KeyRunType>:$run,
                       Optional<Index>:$firstKey, I64Attr:$channels,
                       I64Attr:$page);
  let results = (outs AnyTypeOf<[Fp8Attn_RowTile, Fp8Attn_F32Tile]>:$result);
  let assemblyFormat = [{
    $scale `[` $map `]` `head` $head (`keys` $run^ `[` $firstKey `]`)? attr-dict
    `:` type($scale) `->` type($result)
  }];
}

def Fp8Attn_LoadRowScaleOp : Fp8Attn_TileOp<"load_row_scale",
    [MemoryEffects<[MemRead]>]> {
  let summary = "scales of the rows of a work item";
  let description = [{
    `result[r] = scale[map(sequence, token(r), head(r))]` for the rows of the item,
    tokens being those of the call, or of the batch entry if it is dense. The scales of
    other rows are unspecified.

    ```mlir
    func.func @load(%item: !fp8attn.work_item, %scale: memref<?x8xf32>) -> tensor<16xf32> {
      %0 = fp8attn.tile.load_row_scale %item, %scale[affine_map<(sequence, token, head) -> (token, head)>]
          : memref<?x8xf32> -> tensor<16xf32>
      return %0 : tensor<16xf32>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_WorkItemType:$item,
                       MemRefRankOf<[F32], [0, 1, 2, 3]>:$scale,
                       AffineMapAttr:$map);
  let results = (outs Fp8Attn_RowTile:$result);
  let assemblyFormat = [{
    $item `,` $scale `[` $map `]` attr-dict `:` type($scale) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_QkOp : Fp8Attn_TileOp<"qk", [Pure, AttrSizedOperandSegments]> {
  let summary = "scores of query rows and keys";
  let description = [{
    `scores[r, j] = factor * rowFactor[r] * keyFactor[j] * sum over c of query[r,
    c] * key[j, c]`, the sum in f32; absent factors are 1.

    ```mlir
    func.func @scores(%query: tensor<16x64xbf16>, %key: tensor<256x64xbf16>, %factor: f32) -> tensor<16x256xf32> {
      %0 = fp8attn.tile.qk %query, %key factor %factor
          : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
      return %0 : tensor<16x256xf32>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_ProductTile:$query, Fp8Attn_BF16Tile:$key,
                       Optional<F32>:$factor,
                       Optional<Fp8Attn_RowTile>:$rowFactor,
                       Optional<Fp8Attn_RowTile>:$keyFactor);
  let results = (outs Fp8Attn_F32Tile:$scores);
  let assemblyFormat = [{
    $query `,` $key (`factor` $factor^)?
    (`row_factor` `(` $rowFactor^ `:` type($rowFactor) `)`)?
    (`key_factor` `(` $keyFactor^ `:` type($keyFactor) `)`)? attr-dict `:`
    type($query) `,` type($key) `->` type($scores)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_ModifyOp : Fp8Attn_TileOp<"modify",
    [AttrSizedOperandSegments, RecursiveMemoryEffects,
     AllTypesMatch<["scores", "result"]>]> {
  let summary = "applies a score region";
  let description = [{
    `result[r, j] = factor * region(scores[r, j], sequence, head(r), position(r),
    firstKey + j)` for rows r of the item and keys that they see; others are
    unspecified. See `paged_attention` for the region. Scores are in the natural
    domain; factor is 1 if absent. Not linear: no scale may move across it. With
    `from`, the region does not change scores with keys before that position, so that
    it need not be computed for them.

    ```mlir
    func.func @add(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index, %bias: f32) -> tensor<16x256xf32> {
      %0 = fp8attn.tile.modify %s, %item[%k] {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %new = arith.addf %score, %bias : f32
        fp8attn.yield %new : f32
      } : tensor<16x256xf32>
      return %0 : tensor<16x256xf32>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_F32Tile:$scores, Fp8Attn_WorkItemType:$item,
                       Index:$firstKey, Optional<F32>:$factor,
                       Optional<Index>:$from);
  let results = (outs Fp8Attn_F32Tile:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $scores `,` $item `[` $firstKey `]` (`factor` $factor^)? (`from` $from^)?
    $body attr-dict `:` type($scores)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_MaskOp : Fp8Attn_TileOp<"mask",
    [Pure, AllTypesMatch<["scores", "result"]>]> {
  let summary = "hides keys that a row does not see";
  let description = [{
    `result[r, j] = scores[r, j]` if row r of the item sees key firstKey + j,
    else -inf.

    ```mlir
    func.func @mask(%scores: tensor<16x256xf32>, %item: !fp8attn.work_item, %key: index) -> tensor<16x256xf32> {
      %0 = fp8attn.tile.mask %scores, %item[%key] : tensor<16x256xf32>
      return %0 : tensor<16x256xf32>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_F32Tile:$scores, Fp8Attn_WorkItemType:$item,
                       Index:$firstKey);
  let results = (outs Fp8Attn_F32Tile:$result);
  let assemblyFormat = [{
    $scores `,` $item `[` $firstKey `]` attr-dict `:` type($scores)
  }];
}

def Fp8Attn_InitOp : Fp8Attn_TileOp<"init", [Pure]> {
  let summary = "empty state of an online softmax";
  let description = [{
    `max = -inf`, `sum = 0`, `acc = 0`.

    ```mlir
    func.func @empty() -> tensor<16x64xf32> {
      %max, %sum, %acc = fp8attn.tile.init : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>
      return %acc : tensor<16x64xf32>
    }
    ```
  }];
  let results = (outs Fp8Attn_RowTile:$max, Fp8Attn_RowTile:$sum,
                      Fp8Attn_F32Tile:$acc);
  let assemblyFormat = [{
    attr-dict `:` type($max) `,` type($sum) `,` type($acc)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_SoftmaxOp : Fp8Attn_TileOp<"softmax", [
    Pure, AllTypesMatch<["max", "newMax"]>, AllTypesMatch<["sum", "newSum"]>,
    AllTypesMatch<["acc", "newAcc"]>]> {
  let summary = "step of an online softmax in base 2";
  let description = [{
    For each row: `newMax` is an integer that bounds the scores seen so far up
    to a fixed margin, `probs = exp2(scores - newMax)` rounded to its type, and
    `newSum`, `newAcc` are `sum`, `acc` times `exp2(max - newMax)`, with the
    probabilities added to the sum. A row without a visible key so far has max
    -inf and sum 0.

    With `probFactor`, `probs[r, j] = probFactor[j] * exp2(scores[r, j] -
    newMax[r])`, rounded once; the sum is that of the probabilities without the
    factor.

    ```mlir
    func.func @step(%scores: tensor<16x256xf32>, %max: tensor<16xf32>, %sum: tensor<16xf32>,
        %acc: tensor<16x64xf32>) -> tensor<16x256xbf16> {
      %probs, %newMax, %newSum, %newAcc = fp8attn.tile.softmax %scores, %max, %sum, %acc
          : tensor<16x256xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32> -> tensor<16x256xbf16>
      return %probs : tensor<16x256xbf16>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_F32Tile:$scores, Fp8Attn_RowTile:$max,
                       Fp8Attn_RowTile:$sum, Fp8Attn_F32Tile:$acc,
                       Optional<Fp8Attn_RowTile>:$probFactor);
  let results = (outs Fp8Attn_ProductTile:$probs, Fp8Attn_RowTile:$newMax,
                      Fp8Attn_RowTile:$newSum, Fp8Attn_F32Tile:$newAcc);
  let assemblyFormat = [{
    $scores `,` $max `,` $sum `,` $acc
    (`prob_factor` `(` $probFactor^ `:` type($probFactor) `)`)? attr-dict `:`
    type($scores) `,` type($max) `,` type($sum) `,` type($acc) `->`
    type($probs)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_PvOp : Fp8Attn_TileOp<"pv",
    [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "adds weighted values to the accumulators";
  let description = [{
    `result[r, c] = acc[r, c] + sum over j of probs[r, j] * value[j, c]`, the
    sum in f32.

    ```mlir
    func.func @weigh(%probs: tensor<16x256xbf16>, %value: tensor<256x64xbf16>, %acc: tensor<16x64xf32>) -> tensor<16x64xf32> {
      %0 = fp8attn.tile.pv %probs, %value, %acc : tensor<16x256xbf16>, tensor<256x64xbf16>, tensor<16x64xf32>
      return %0 : tensor<16x64xf32>
    }
    ```
  }];
  let arguments = (ins Fp8Attn_ProductTile:$probs, Fp8Attn_BF16Tile:$value,
                       Fp8Attn_F32Tile:$acc);
  let results = (outs Fp8Attn_F32Tile:$result);
  let assemblyFormat = [{
    $probs `,` $value `,` $acc attr-dict `:` type($probs) `,` type($value) `,`
    type($acc)
  }];
  let hasVerifier = 1;
}

def Fp8Attn_FinishOp : Fp8Attn_TileOp<"finish", [
    AttrSizedOperandSegments, MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "normalises and stores the rows of a work item";
  let description = [{
    `out[token(r), head(r), c] = factor * channelFactor[c] * acc[r, c] /
    sum[r]`, rounded to the type of out, 0 where the sum is 0, or, of FP8,
    `quantise(... / outScale[r])` of that in f32; `lse[token(r),
    head(r)] = ln(2) * (max[r] + log2(sum[r]))`, -inf where the sum is 0. Absent
    factors are 1. With a sink,
    `exp2(log2(e) * sink[head(r)] - max[r])` is added to the sum.

    ```mlir
    func.func @finish(%item: !fp8attn.work_item, %max: tensor<16xf32>, %sum: tensor<16xf32>,
        %acc: tensor<16x64xf32>, %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>) {
      fp8attn.tile.finish %item, %max, %sum, %acc into %out lse %lse : memref<?x8xf32>
          : tensor<16xf32>, tensor<16xf32>, tensor<16x64xf32>, memref<?x8x64xbf16>
      return
    }
    ```
  }];
  let arguments = (ins Fp8Attn_WorkItemType:$item, Fp8Attn_RowTile:$max,
                       Fp8Attn_RowTile:$sum, Fp8Attn_F32Tile:$acc,
                       Optional<MemRefRankOf<[F32, BF16, F16], [1]>>:$sink,
                       MemRefRankOf<[BF16, F16, F32, F8E4M3FN, F8E5M2], [3]>:$out,
                       Optional<MemRefRankOf<[F32], [2]>>:$lse,
                       Optional<F32>:$factor,
                       Optional<Fp8Attn_RowTile>:$channelFactor,
                       Optional<Fp8Attn_RowTile>:$outScale);
  let assemblyFormat = [{
    $item `,` $max `,` $sum `,` $acc (`factor` $factor^)?
    (`channel_factor` `(` $channelFactor^ `:` type($channelFactor) `)`)?
    (`out_scale` `(` $outScale^ `:` type($outScale) `)`)?
    (`sink` $sink^ `:` type($sink))? `into` $out
    (`lse` $lse^ `:` type($lse))? attr-dict `:` type($max) `,` type($sum) `,`
    type($acc) `,` type($out)
  }];
  let hasVerifier = 1;
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNTILEOPS_TD
