//===- Fp8AttnDenseOps.td - attention over dense tensors -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Model level, as Fp8AttnOps.td: attention whose keys and values are tensors.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNDENSEOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNDENSEOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.td"

/// Keys or values [batch, KV heads, tokens, channels].
class Fp8Attn_DenseTensor<string name>
    : Fp8Attn_Shaped<name, [BF16, F16, F32, F8E4M3FN, F8E5M2], [4]>;

def Fp8Attn_AttentionOp : Fp8Attn_DestinationOp<"attention", [
    AttrSizedOperandSegments, Fp8Attn_AttentionInterface]> {
  let summary = "attention over dense keys and values";
  let description = [{
    Scaled dot-product attention as frameworks have it. For each batch entry
    `b`, query `i` and query head `h`:

    ```
    q          = query[b, h, i] (* query_scale)
    k_t        = value of key[b, h / (Hq / Hk), t] * its scale
    v_t        = value of value[b, h / (Hq / Hv), t] * its scale
    score_t    = modified(softmax_scale * <q, k_t>)
    position_i = i + (bottom_right ? Sk - Sq : 0)            (or query_offsets[b])
    visible_t  = position_i - window_left <= t <= position_i + window_right
    total      = sum over visible t of exp(score_t)  (+ exp(sink[h]))
    out[b, h, i] = sum over visible t of exp(score_t) * v_t / total    (/ out_scale)
    lse[b, h, i] = ln(total)
    ```

    It is written as clauses, in any order, each once: those of
    `paged_attention` but for `draft_mask`, with `key` and `value` in place of `cache`
    and `batch`, and `key_lens` and `query_offsets`.

    `causal`, windows, `sink`, `softmax_scale`, `softcap`, `alibi` and rows
    without a visible key are those of `paged_attention`; batch entries are what
    sequences are there. `alignment` is `bottom_right` unless given, as there:
    the last query stands at the last key. PyTorch's `is_causal` and ONNX's
    attention without a past let the first query stand at the first key, which
    is `alignment = top_left`, and the same where Sq equals Sk.

    Operands, of any strides but for the last dimension, which is contiguous
    (a [B, S, H, D] tensor is one whose middle strides are exchanged):
    - `query`: bf16, f16, f32, f8E4M3FN or f8E5M2 [B, Hq, Sq, Dk];
    - `key`, `value`: [B, Hk, Sk, Dk] and [B, Hv, Sk, Dv], of bf16, f16, f32,
      f8E4M3FN or f8E5M2 each, Hk and Hv divisors of Hq, mostly the same;
    - `keyScale`, `valueScale`: f32, required for FP8 and absent for others;
      the maps take (batch, head, token, channel) to the scale's indices:
      `-> ()` a scale for the tensor, `-> (head)` one for each KV head;
    - `queryScale`, `outScale`: f32, required for a `query`, or an `out`, of FP8 and absent
      for others, as in `paged_attention`; the maps take (batch, head, token, channel) to
      the scale's indices, which are any of the first three;
    - `sink`: f32, bf16 or f16 [Hq], contiguous, optional;
    - `out`: bf16, f16, f32, f8E4M3FN or f8E5M2 [B, Hq, Sq, Dv]; `lse`: f32 [B, Hq, Sq], optional;
    - `alibi`: f32, bf16 or f16 [Hq], optional;
    - `mask`: i1, i8, f32, bf16 or f16 [B or 1, Hq or 1, Sq or 1, columns], optional. A
      dimension that is statically 1, but for the last, is used for all. An i1 or i8
      mask keeps a score where it is not 0 and makes it -inf elsewhere; another is
      added. There are at most Sk columns; keys that have none are masked, and not
      read.

    - `key_lens`: i32 [B], optional: entry `b` has the first `key_lens[b]` of the Sk keys,
      0 to Sk, and others are not read. The last query stands at the last of them;
    - `query_offsets`: i32 [B], optional: the position of the first query of entry `b`
      among its keys, 0 or more, whatever the number of keys is.

    Scores are modified in the order and by the rules of `paged_attention`; the
    region takes (score, batch entry, query head, `position_i`, `t`).

    Numerics: as `paged_attention` on a cache that holds the elements of `key`
    and `value`, bit for bit. FP8 codes are used as they are; f16 and f32 are
    rounded to bf16 once, to nearest even (docs/Numerics.md).

    The numbered constraints are in docs/Spec.md (attention_c1 and on).

    ```mlir
    func.func @prefill(%query: memref<?x32x?x128xbf16>, %key: memref<?x8x?x128xbf16>,
                       %value: memref<?x8x?x128xbf16>, %out: memref<?x32x?x128xbf16>) {
      fp8attn.attention causal
          query(%query : memref<?x32x?x128xbf16>)
          key(%key : memref<?x8x?x128xbf16>) value(%value : memref<?x8x?x128xbf16>)
          out(%out : memref<?x32x?x128xbf16>)
      return
    }
    ```

    On tensors, `out` and `lse` are also results, and the region may extract
    elements of tensors:

    ```mlir
    func.func @biased(%query: tensor<?x32x?x128xbf16>, %key: tensor<?x8x?x128xbf16>,
                      %value: tensor<?x8x?x128xbf16>, %bias: tensor<32xf32>,
                      %out: tensor<?x32x?x128xbf16>, %lse: tensor<?x32x?xf32>)
        -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>) {
      %result:2 = fp8attn.attention causal
          query(%query : tensor<?x32x?x128xbf16>)
          key(%key : tensor<?x8x?x128xbf16>) value(%value : tensor<?x8x?x128xbf16>)
          out(%out : tensor<?x32x?x128xbf16>) lse(%lse : tensor<?x32x?xf32>)
          score {
          ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
            %b = tensor.extract %bias[%head] : tensor<32xf32>
            %new = arith.addf %score, %b : f32
            fp8attn.yield %new : f32
          } -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>)
      return %result#0, %result#1 : tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>
    }
    ```

    FP8 with scales and a mask for all heads, in [B, S, H, D] order:

    ```mlir
    !query = memref<?x32x?x128xbf16, strided<[?, 128, 4096, 1]>>
    !kv = memref<?x8x?x128xf8E4M3FN, strided<[?, 128, 1024, 1]>>
    func.func @cross(%query: !query, %key: !kv, %value: !kv, %key_scale: memref<8xf32>,
                     %value_scale: memref<f32>, %mask: memref<?x1x?x?xi8>, %out: !query) {
      fp8attn.attention
          query(%query : !query) key(%key : !kv) value(%value : !kv)
          key_scale(%key_scale : memref<8xf32>, affine_map<(batch, head, token, channel) -> (head)>)
          value_scale(%value_scale : memref<f32>, affine_map<(batch, head, token, channel) -> ()>)
          out(%out : !query) mask(%mask : memref<?x1x?x?xi8>)
      return
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Shaped<"query", [BF16, F16, F32, F8E4M3FN, F8E5M2], [4]>:$query,
    Fp8Attn_DenseTensor<"key">:$key,
    Fp8Attn_DenseTensor<"value">:$value,
    Optional<Fp8Attn_Scale<"key_scale">>:$keyScale,
    Optional<Fp8Attn_Scale<"value_scale">>:$valueScale,
    Optional<Fp8Attn_Shaped<"sink", [F32, BF16, F16], [1]>>:$sink,
    Fp8Attn_Shaped<"out", [BF16, F16, F32, F8E4M3FN, F8E5M2], [4]>:$out,
    Optional<Fp8Attn_Shaped<"lse", [F32], [3]>>:$lse,
    Optional<Fp8Attn_Shaped<"alibi", [F32, BF16, F16], [1]>>:$alibi,
    Optional<Fp8Attn_Shaped<"mask", [I1, I8, F32, BF16, F16], [4]>>:$mask,
    Optional<Fp8Attn_Named<"softmax_scale", F32>>:$softmaxScaleValue,
    Optional<Fp8Attn_Shaped<"key_lens", [I32], [1]>>:$keyLens,
    Optional<Fp8Attn_Shaped<"query_offsets", [I32], [1]>>:$queryOffsets,
    Optional<Fp8Attn_RowScale<"query_scale">>:$queryScale,
    Optional<Fp8Attn_RowScale<"out_scale">>:$outScale,
    OptionalAttr<AffineMapAttr>:$keyScaleMap,
    OptionalAttr<AffineMapAttr>:$valueScaleMap,
    OptionalAttr<AffineMapAttr>:$queryScaleMap,
    OptionalAttr<AffineMapAttr>:$outScaleMap,
    OptionalAttr<Fp8Attn_Number>:$softmax_scale,
    OptionalAttr<Fp8Attn_Number>:$softcap,
    UnitAttr:$causal,
    OptionalAttr<I64Attr>:$window_left,
    OptionalAttr<I64Attr>:$window_right,
    DefaultValuedAttr<Fp8Attn_AlignmentAttr, "Alignment::BottomRight">:$alignment,
    DefaultValuedAttr<Fp8Attn_PrecisionAttr, "Precision::Bf16">:$precision
  );
  let regions = (region MaxSizedRegion<1>:$score);
  /// Version 2 of bytecode knows less (BytecodeInterface.cpp).
  let useCustomPropertiesEncoding = 1;
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns the fewest groups of query heads that share a head of the keys
    /// and one of the values: those of either, where they have as many.
    int64_t getNumKvHeads() {
      return ::std::lcm(getKey().getType().getDimSize(1),
                        getValue().getType().getDimSize(1));
    }
    int64_t getKeyDim() { return getKey().getType().getDimSize(3); }
    int64_t getValueDim() { return getValue().getType().getDimSize(3); }
    bool valuesAreKeys() { return false; }
    ::mlir::TypedValue<::mlir::ShapedType> getDraftMask() { return {}; }
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNDENSEOPS_TD
