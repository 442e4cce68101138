//===- Fp8AttnOps.td - the model level -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a user or an importer writes: attention over a paged cache. Writing and
// converting caches and tensors, attention over dense tensors, and combining
// partial results have files of their own (Fp8AttnCacheOps.td,
// Fp8AttnDenseOps.td, Fp8AttnMergeOp.td). Operands are caches and memrefs, which
// share no memory with those that are written unless it says so, or caches and
// tensors; then what is written is also a result.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnModelOp.td"

/// The body of a score region ends with it.
def Fp8Attn_YieldOp : Fp8Attn_Op<"yield", [
    Pure, Terminator,
    ParentOneOf<["PagedAttentionOp", "AttentionOp", "ModifyOp"]>]> {
  let summary = "result of a score region";
  let description = [{
    The new score, f32. See `paged_attention` for the region.
  }];
  let arguments = (ins F32:$score);
  let assemblyFormat = "$score attr-dict `:` type($score)";
}

def Fp8Attn_PagedAttentionOp : Fp8Attn_DestinationOp<"paged_attention", [
    AttrSizedOperandSegments, Fp8Attn_AttentionInterface]> {
  let summary = "attention of a ragged batch over a paged cache";
  let description = [{
    For each sequence `b` of the batch, each of its query tokens `i` and each
    query head `h` with KV head `g = h / (Hq / Hkv)`, which each cache counts on its own:

    ```
    q          = query[i, h] (* query_scale)
    k_t, v_t   = value of the cache element * its scale      (token t < seq_lens[b])
    score_t    = modified(softmax_scale * <q, k_t>)
    position_i = (i - query_start[b]) + (bottom_right ? seq_lens[b] - seqQ : 0)
    visible_t  = position_i - window_left <= t <= position_i + window_right
    total      = sum over visible t of exp(score_t)  (+ exp(sink[h]))
    out[i, h]  = sum over visible t of exp(score_t) * v_t / total    (/ out_scale)
    lse[i, h]  = ln(total)
    ```

    where `seqQ = query_start[b+1] - query_start[b]`.

    It is written as clauses, in any order, each once: `causal`, `window_left =
    N`, `window_right = N`, `alignment = bottom_right` or `top_left`,
    `precision = bf16` or `f32`, `query`,
    `cache`, `key_scale`, `value_scale`, `batch`, `sink`, `out`, `lse`, `alibi`,
    `mask`, `softmax_scale`, `draft_mask`, `prefix`, `selected_pages`, `selected_tokens`,
    `query_scale`, `out_scale`, `key_outer_scale`, `value_outer_scale` and `score`, of which `query`, `cache`, `batch` and `out` must be there, and as
    attributes `{softmax_scale = 0.125 : f32, softcap = 30.0 : f32}`.

    Which keys a query sees:
    - a side of the window that is not given has no end: without `causal` and
      windows, every key is seen;
    - `causal` is `window_right = 0`. The query itself is within its window: a
      sliding window of 4,096 tokens, as Mistral's, is `causal window_left =
      4095`;
    - `alignment = bottom_right`, the default, lets the last query stand at the
      last key, so that prefill, a prompt's later chunks, decode and multi-token
      verification are all the same call. With `alignment = top_left` the first
      query stands at the first key;
    - keys before the granule of 32 that holds the first visible one of a sequence,
      and keys after its last visible one, are not read, nor are their entries of
      the block table.

    A row without a visible key gives 0 and `lse = -inf`, or the sink if there is
    one.

    A `sink` is a learned logit of each head, in the natural domain and not
    multiplied by `softmax_scale`: it joins the denominator and has no value.
    -inf is no sink. As `lse` includes it, parts of a sequence that are merged
    by their `lse` must be given the sink once, in one of the parts.

    Operands:
    - `query`: bf16, f16, f32, f8E4M3FN or f8E5M2 [tokens, Hq, Dk], the tokens of all
      sequences one after the other; any strides for tokens and heads, channels
      contiguous;
    - `queryScale`: f32, required for a query of FP8 and absent for others; the map takes
      (token, head, channel) to the scale's indices, which are dimensions of the query:
      `-> ()` is a scale for the tensor, `-> (head)` one for each query head,
      `-> (token, head)` one for each token and head;
    - `caches`: one `key_value` or `latent` cache, or a `key` and a `value` cache, with Hkv
      heads, Hkv a divisor of Hq. The two have heads of size Dk and Dv, which a `key_value`
      cache has in common; two caches may also differ in their element types, and in Hkv;
    - `keyScale`, `valueScale`: f32, f8E8M0FNU (powers of two) or f8E4M3FN, required for
      a cache of codes and absent for bf16 (of a `latent` cache, `keyScale` is the
      scale of both, and there is no other one); `keyScaleMap` and `valueScaleMap` are
      any affine map from (page, head, token, channel) to the scale's indices,
      where `token` counts the tokens of the page: `-> ()` is a scale for the
      tensor, `-> (head)` one for each KV head, `-> (page, token)` one for each
      token, `-> (page, head, token)` one for each token and head, `-> (head,
      channel)` one for each channel, `-> (page, head, token, channel floordiv
      32)` one for each block of 32 channels of a token, `-> (page)` one for a
      page. Keys and values may have different maps. Elements whose scale
      differs by page or token and by channel at once are multiplied one by one
      and rounded to bf16, but for powers of two, and f8E4M3FN of NVFP4, of blocks
      of channels, where kernels multiply by them (docs/Numerics.md);
    - `keyOuterScale`, `valueOuterScale`: f32 [] or [Hkv], optional, beside a scale of
      f8E4M3FN: a number, or one for each KV head, that every scale is multiplied with.
      NVFP4 is f4E2M1FN with scales of f8E4M3FN for 16 channels of a token and such a number;
    - `keyZeroPoint`, `valueZeroPoint`: i8, optional, of a cache of i8, each with a
      map as that of a scale, which need not be the one of the scale: what a code
      stands for is `(code - zero point) * scale`. The difference is exact in bf16;
      it is made before each step of the keys, element by element;
    - `queryStart`: i32 [B + 1], `seqLens`: i32 [B], `blockTable`: i32
      [B, pages]: entry j of a row is the page of tokens `j * page` and on;
      entries of keys that no window shows may be anything, those of keys that
      only a mask hides may not;
    - `groupStart`: i32 [G + 1], `prefixLens`: i32 [G], `prefixTable`: i32
      [G, pages]: optional, all or none; as `queryStart`, `seqLens` and
      `blockTable`;
    - `selectedPages` or `selectedTokens`: i32 [tokens, entries] or [tokens, L, entries], optional;
    - `sink`: f32, bf16 or f16 [Hq], contiguous, optional;
    - `out`: bf16, f16, f32, f8E4M3FN or f8E5M2 [tokens, Hq, Dv]; `outScale`: f32, with a
      map as that of `queryScale`, required for FP8 and absent for others: `out` is then
      quantised as `kv_write` does it; `lse`: f32 [tokens, Hq], optional. `out` may be `query`, element for element; they overlap with nothing else.

    `softmax_scale` is 1 / sqrt(Dk) if absent. It is an attribute, or, as the clause
    `softmax_scale(%scale : f32)`, a number that is known when the operation runs:
    results are the same, bit for bit. A call whose number is not finite or not
    greater than 0 is refused.

    Scores can be modified. In this order, each step if it is there:

    1. `softcap` c: `s := c * tanh(s / c)`;
    2. `alibi` slopes, f32, bf16 or f16 [Hq]: `s := s + slopes[h] * (key - q)`;
    3. the region `score`: its block takes (score, sequence, query head, `q`,
       `key`) and yields the new score;
    4. `mask` [tokens, columns]: an i1 or i8 mask keeps a score where it is not 0
       and makes it -inf elsewhere (an i1 is a byte in memory, and any byte but 0
       is true); an f32, bf16 or f16 mask is added. Row `i` of the mask is for
       query token `i` of the call, column `t` for key position `t`: there is a
       row for each query token, or statically one for all. Keys that have no column
       are masked, and not read;
    5. `draft_mask` [tokens, columns], of the types of `mask`, for trees of tokens that
       are verified at once: row `i` is for query token `i` of the call, column `j` for
       the key at the position of query token `j` of the same sequence. It keeps that
       score or is added to it, as `mask` is; scores with keys before the first query's
       position stay as they are. There is a column for each query token of the
       sequence that has most.

    where `q = position_i` and `key` are positions among the sequence's keys,
    counted from 0 (with `alignment = bottom_right`, `q` is negative for the
    first queries of a sequence that has fewer keys than queries). A score of
    -inf masks the key, a NaN makes the row NaN, and no modification brings back
    a key that is not visible; the sink is not modified. The region may use
    values from outside: it may load from memrefs, extract elements of tensors if
    the operands are tensors, and compute with `arith` and `math`. Operations on bf16 and f16 are done in f32 and rounded to nearest
    even. The region is evaluated for visible keys of query tokens only; loads must be
    in bounds for those, and are made for no others.

    Sequences may share the keys that they begin with, as chats do a system
    prompt. `prefix(%group_start, %prefix_lens, %prefix_table)` has these keys
    read once for a group of sequences, and not once for each:

    - group `g` is the sequences from `group_start[g]` to before
      `group_start[g+1]`, which rises from 0 to B: each sequence is in one group;
    - its prefix is the first `prefix_lens[g]` tokens, 0 or more, of the pages in
      row `g` of `prefix_table`, which are pages of the same caches. The last one
      need not be full;
    - `seq_lens` and `block_table` are those of the keys behind the prefix, a
      sequence's own. All that is said above of keys and their positions is said
      of these; in addition, each query sees every key of the prefix. So there is
      no `window_left`, no `alibi` and no region, which would want a distance, and
      a mask has no columns for the prefix.

    The result is, bit for bit, the `merge` of two results in f32: first that of
    the prefixes, for which a group is one sequence, without `causal`,
    `window_right`, mask and sink; second that of the own keys. `lse` is that of
    all keys. Besides its operands, such a call takes memory for these results.

    A query may see only keys that are selected for it, as by the indexer of
    sparse attention. Row `i` of the list `selected_tokens(%list : memref<?x?xi32>)`
    has positions of keys for query token `i` of the call; that of
    `selected_pages(%list : memref<?x?xi32>)` has entries of the block table's
    row of its sequence, each of which stands for all keys of that page:

    - the query sees the keys that it would see without the list and that its row
      has: visible_t, and t or t / page in the row. Entries stand in any order. One
      that is there twice counts once, -1 is none, and keys that are not visible,
      such as those from `seq_lens` on, are skipped;
    - a key is at most the last one that the row of the block table has room for;
    - nothing else is read, neither other keys of the cache (but of a page or granule of 32 tokens
      that holds a key that is) nor other entries of the block table, which may be anything;
    - the order of the list changes no bit of the result: keys are summed in that of positions;
    - there is no `window_left`, `alibi`, mask, region or prefix beside it;
    - with [tokens, L, entries], head `h` sees list `h / (Hq / L)` of the token: of L = Hkv,
      each KV head has one. Heads of each cache are a multiple of L or divide it.

    A list of pages costs as much as a block table, as does one of tokens where a page is one.
    Others are first copied to pages, in memory that the call takes, and so are their scales.

    Numerics: the query enters the first GEMM in bf16 (f16 and f32 are rounded
    to nearest even), probabilities the second in bf16; sums are f32; codes
    are decoded exactly; `out` is rounded once, from f32, of FP8 the quotient by
    its scale (docs/Numerics.md). With `precision = f32`, queries and probabilities
    are not rounded to bf16: for results in f32 whose relative error is about
    1e-6. Products are those of `avx512`, `avx2` or plain code then, whatever more
    the CPU has.

    The numbered constraints are in docs/Spec.md (paged_attention_c1 and on).

    ```mlir
    func.func @decode(%query: memref<?x32x128xbf16>,
                      %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>,
                      %key_scale: memref<8xf32>, %value_scale: memref<8xf32>,
                      %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                      %block_table: memref<?x?xi32>,
                      %out: memref<?x32x128xbf16>) {
      fp8attn.paged_attention causal
          query(%query : memref<?x32x128xbf16>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)
          key_scale(%key_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
          value_scale(%value_scale : memref<8xf32>, affine_map<(page, head, token, channel) -> (head)>)
          batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          out(%out : memref<?x32x128xbf16>)
      return
    }
    ```

    On tensors, which a cache is not: it is a reference to memory, as in a function
    on memrefs. What is written, `out` and `lse`, is written into the tensors that
    are given for it, and a result:

    ```mlir
    func.func @decode_tensors(%query: tensor<?x32x128xbf16>,
                              %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>,
                              %query_start: tensor<?xi32>, %seq_lens: tensor<?xi32>,
                              %block_table: tensor<?x?xi32>,
                              %out: tensor<?x32x128xbf16>) -> tensor<?x32x128xbf16> {
      %result = fp8attn.paged_attention causal
          query(%query : tensor<?x32x128xbf16>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>)
          batch(%query_start, %seq_lens, %block_table : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
          out(%out : tensor<?x32x128xbf16>) -> tensor<?x32x128xbf16>
      return %result : tensor<?x32x128xbf16>
    }
    ```

    A region that lets queries see keys of their own document only:

    ```mlir
    func.func @documents(%query: memref<?x8x64xbf16>,
                         %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>,
                         %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                         %block_table: memref<?x?xi32>, %documents: memref<?x?xi32>,
                         %out: memref<?x8x64xbf16>) {
      fp8attn.paged_attention causal
          query(%query : memref<?x8x64xbf16>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>)
          batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          out(%out : memref<?x8x64xbf16>)
          score {
          ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
            %own = memref.load %documents[%sequence, %q] : memref<?x?xi32>
            %other = memref.load %documents[%sequence, %key] : memref<?x?xi32>
            %same = arith.cmpi eq, %own, %other : i32
            %masked = arith.constant 0xFF800000 : f32
            %new = arith.select %same, %score, %masked : f32
            fp8attn.yield %new : f32
          }
      return
    }
    ```

    Sequences that share prefixes:

    ```mlir
    func.func @grouped(%query: memref<?x32x128xbf16>,
                       %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>,
                       %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                       %block_table: memref<?x?xi32>, %group_start: memref<?xi32>,
                       %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>,
                       %out: memref<?x32x128xbf16>) {
      fp8attn.paged_attention causal
          query(%query : memref<?x32x128xbf16>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>)
          batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          prefix(%group_start, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          out(%out : memref<?x32x128xbf16>)
      return
    }
    ```

    Queries and results of FP8, as the operations around attention have them:

    ```mlir
    func.func @fp8(%query: memref<?x32x128xf8E4M3FN>, %query_scale: memref<?x32xf32>,
                   %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>,
                   %query_start: memref<?xi32>, %seq_lens: memref<?xi32>, %block_table: memref<?x?xi32>,
                   %out: memref<?x32x128xf8E4M3FN>, %out_scale: memref<f32>) {
      fp8attn.paged_attention causal
          query(%query : memref<?x32x128xf8E4M3FN>)
          cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, bf16, #fp8attn.layout<pairs>>)
          batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          out(%out : memref<?x32x128xf8E4M3FN>)
          query_scale(%query_scale : memref<?x32xf32>, affine_map<(token, head, channel) -> (token, head)>)
          out_scale(%out_scale : memref<f32>, affine_map<(token, head, channel) -> ()>)
      return
    }
    ```

    Latent attention to the 2,048 tokens, or so, that an indexer has chosen:

    ```mlir
    !latent = !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
    func.func @sparse(%query: memref<?x128x576xbf16>, %cache: !latent, %scale: memref<f32>,
                      %query_start: memref<?xi32>, %seq_lens: memref<?xi32>,
                      %block_table: memref<?x?xi32>, %chosen: memref<?x2048xi32>,
                      %out: memref<?x128x512xbf16>) {
      fp8attn.paged_attention causal
          query(%query : memref<?x128x576xbf16>) cache(%cache : !latent)
          key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
          batch(%query_start, %seq_lens, %block_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
          out(%out : memref<?x128x512xbf16>)
          selected_tokens(%chosen : memref<?x2048xi32>)
      return
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Shaped<"query", [BF16, F16, F32, F8E4M3FN, F8E5M2], [3]>:$query,
    Variadic<Fp8Attn_Cache<"cache">>:$caches,
    Optional<Fp8Attn_CacheScale<"key_scale">>:$keyScale,
    Optional<Fp8Attn_CacheScale<"value_scale">>:$valueScale,
    Fp8Attn_Shaped<"query_start", [I32], [1]>:$queryStart,
    Fp8Attn_Shaped<"seq_lens", [I32], [1]>:$seqLens,
    Fp8Attn_Shaped<"block_table", [I32], [2]>:$blockTable,
    Optional<Fp8Attn_Shaped<"sink", [F32, BF16, F16], [1]>>:$sink,
    Fp8Attn_Shaped<"out", [BF16, F16, F32, F8E4M3FN, F8E5M2], [3]>:$out,
    Optional<Fp8Attn_Shaped<"lse", [F32], [2]>>:$lse,
    Optional<Fp8Attn_Shaped<"alibi", [F32, BF16, F16], [1]>>:$alibi,
    Optional<Fp8Attn_Shaped<"mask", [I1, I8, F32, BF16, F16], [2]>>:$mask,
    Optional<Fp8Attn_Named<"softmax_scale", F32>>:$softmaxScaleValue,
    Optional<Fp8Attn_Shaped<"group_start", [I32], [1]>>:$groupStart,
    Optional<Fp8Attn_Shaped<"prefix_lens", [I32], [1]>>:$prefixLens,
    Optional<Fp8Attn_Shaped<"prefix_table", [I32], [2]>>:$prefixTable,
    Optional<Fp8Attn_Shaped<"draft_mask", [I1, I8, F32, BF16, F16], [2]>>:$draftMask,
    Optional<Fp8Attn_Shaped<"selected_pages", [I32], [2, 3]>>:$selectedPages,
    Optional<Fp8Attn_Shaped<"selected_tokens", [I32], [2, 3]>>:$selectedTokens,
    Optional<Fp8Attn_RowScale<"query_scale">>:$queryScale,
    Optional<Fp8Attn_RowScale<"out_scale">>:$outScale,
    Optional<Fp8Attn_Scale<"key_outer_scale">>:$keyOuterScale,
    Optional<Fp8Attn_Scale<"value_outer_scale">>:$valueOuterScale,
    Optional<Fp8Attn_ZeroPoint<"key_zero_point">>:$keyZeroPoint,
    Optional<Fp8Attn_ZeroPoint<"value_zero_point">>:$valueZeroPoint,
    OptionalAttr<AffineMapAttr>:$keyScaleMap,
    OptionalAttr<AffineMapAttr>:$valueScaleMap,
    OptionalAttr<AffineMapAttr>:$queryScaleMap,
    OptionalAttr<AffineMapAttr>:$outScaleMap,
    OptionalAttr<AffineMapAttr>:$keyZeroPointMap,
    OptionalAttr<AffineMapAttr>:$valueZeroPointMap,
    OptionalAttr<Fp8Attn_Number>:$softmax_scale,
    OptionalAttr<Fp8Attn_Number>:$softcap,
    UnitAttr:$causal,
    OptionalAttr<I64Attr>:$window_left,
    OptionalAttr<I64Attr>:$window_right,
    DefaultValuedAttr<Fp8Attn_AlignmentAttr, "Alignment::BottomRight">:$alignment,
    DefaultValuedAttr<Fp8Attn_PrecisionAttr, "Precision::Bf16">:$precision
  );
  let regions = (region MaxSizedRegion<1>:$score);
  let builders = [
    // What must be there; setters do the rest. A tensor `out` is also a result.
    OpBuilder<(ins "::mlir::Value":$query, "::mlir::ValueRange":$caches,
                   "::mlir::Value":$queryStart, "::mlir::Value":$seqLens,
                   "::mlir::Value":$blockTable, "::mlir::Value":$out)>
  ];
  /// Version 4 of bytecode knows less (BytecodeInterface.cpp).
  let useCustomPropertiesEncoding = 1;
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns the type of the cache that holds the keys.
    CacheType getKeyCacheType() {
      return ::llvm::cast<CacheType>(getKeyCache().getType());
    }
    /// Returns the type of the cache that holds the values.
    CacheType getValueCacheType() {
      return ::llvm::cast<CacheType>(getValueCache().getType());
    }
    ::mlir::Value getKeyCache() { return getCaches().front(); }
    ::mlir::Value getValueCache() { return getCaches().back(); }
    /// Returns the fewest groups of query heads that share a head of the keys
    /// and one of the values.
    int64_t getNumKvHeads() {
      return ::std::lcm(getKeyCacheType().getNumHeads(),
                        getValueCacheType().getNumHeads());
    }
    int64_t getKeyDim() { return getKeyCacheType().getHeadDim(); }
    int64_t getValueDim() { return getValueCacheType().getValueHeadDim(); }
    bool valuesAreKeys() { return getKeyCacheType().isLatent(); }
    /// Returns what scales of the values are multiplied with, or null.
    ::mlir::Value getEffectiveValueOuterScale() {
      return valuesAreKeys() ? getKeyOuterScale() : getValueOuterScale();
    }
    /// Returns the zero points of the values, or null, and their map.
    ::mlir::Value getEffectiveValueZeroPoint() {
      return valuesAreKeys() ? getKeyZeroPoint() : getValueZeroPoint();
    }
    ::std::optional<::mlir::AffineMap> getEffectiveValueZeroPointMap() {
      return valuesAreKeys() ? getKeyZeroPointMap() : getValueZeroPointMap();
    }
    /// Returns whether groups of sequences share prefixes.
    bool hasPrefix() { return static_cast<bool>(getGroupStart()); }
    /// Returns the list of the pages or tokens that a query sees, or null.
    ::mlir::TypedValue<::mlir::ShapedType> getSelected() {
      return getSelectedPages() ? getSelectedPages() : getSelectedTokens();
    }
    /// Returns the groups of query heads that have a list each, 0 if there is no
    /// dimension of them.
    int64_t getNumSelectedLists() {
      ::mlir::ShapedType type = getSelected().getType();
      return type.getRank() == 3 ? type.getDimSize(1) : 0;
    }
    /// Returns the name of that list.
    ::llvm::StringRef getSelectedName() {
      return getSelectedPages() ? "selected_pages" : "selected_tokens";
    }
    /// Returns how many tokens an entry of that list stands for.
    int64_t getSelectedUnit() {
      return getSelectedPages() ? getKeyCacheType().getPageTokens() : 1;
    }
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNOPS_TD
