//===- Passes.td - passes that import from other dialects -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention as front ends write it becomes that of the dialect on tensors. One
// pass for a front end, or for a kind of its operations, in lib/Import:
// ImportTorch is ImportTorch.cpp and test/Import/import-torch.mlir. Operations
// are known by their names, so that no front end need be linked: a file is parsed
// with --allow-unregistered-dialect, its operations in generic form. What MLIR
// has is raised: RaiseLinalg.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_IMPORT_PASSES_TD
#define FP8ATTN_IMPORT_PASSES_TD

include "mlir/Pass/PassBase.td"

def ImportTorch : Pass<"fp8attn-import-torch", "::mlir::func::FuncOp"> {
  let summary = "Import scaled dot-product attention of the torch dialect";
  let description = [{
    Replaces `torch.aten.scaled_dot_product_attention`, and what torch.export
    makes of it on CPUs, the `torch.operator`
    `torch.aten._scaled_dot_product_flash_attention_for_cpu`, which has the
    log-sum-exp as a second result.

    What PyTorch says and means is kept: `is_causal` lets the first query stand
    at the first key; without a scale it is 1 / sqrt(head size); a mask of i1
    keeps scores where it is true, another is added. Operands become tensors of
    MLIR by `torch_c.to_builtin_tensor`, which torch-mlir's own conversions know,
    unless they were made of one.

    Tensors of three dimensions have one head. Keys and values whose heads were
    repeated for the heads of a group, by `unsqueeze`, `expand` and a view, are
    taken as they were before. Keys and values may have different numbers of heads,
    which `enable_gqa` repeats.

    An operation is left alone, with a missed remark that says why, if it drops
    probabilities, has options that are not constants (but for the scale), both a
    mask and `is_causal`, heads that neither are equal nor are said to be groups,
    or anything that `fp8attn.attention` does not take. A mask that is broadcast
    along keys is copied for all of them. A row that sees no key gives 0. A row
    that a mask adds -FLT_MAX to throughout is one here, and the mean of the
    values in PyTorch: a front end should mask with -inf.

    Before:
    ```mlir
    func.func @f(%q: !torch.vtensor<[1,8,?,64],bf16>, %k: !torch.vtensor<[1,2,?,64],bf16>)
        -> !torch.vtensor<[1,8,?,64],bf16> {
      %none = "torch.constant.none"() : () -> !torch.none
      %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
      %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
      %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %k, %none, %zero, %true, %none, %true)
          : (!torch.vtensor<[1,8,?,64],bf16>, !torch.vtensor<[1,2,?,64],bf16>, !torch.vtensor<[1,2,?,64],bf16>,
             !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,8,?,64],bf16>
      return %0 : !torch.vtensor<[1,8,?,64],bf16>
    }
    ```
    After, with `%query`, `%key` and `%value` from `torch_c.to_builtin_tensor`:
    ```mlir
    %0 = fp8attn.attention causal alignment = top_left
        query(%query : tensor<1x8x?x64xbf16>) key(%key : tensor<1x2x?x64xbf16>)
        value(%value : tensor<1x2x?x64xbf16>) out(%empty : tensor<1x8x?x64xbf16>)
        -> tensor<1x8x?x64xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def ImportTorchFlex : Pass<"fp8attn-import-torch-flex", "::mlir::ModuleOp"> {
  let summary = "Import flex attention of the torch dialect";
  let description = [{
    Replaces `torch.hop_flex_attention`, whose attributes name functions of the
    module, on tensors without dimensions: `score_mod_fn` makes a new score of
    (score, batch entry, head, query, key), `mask_mod_fn` says of the last four
    whether the query sees the key. Both become the score region, and the
    functions go, if they are private and nothing else uses them.

    What PyTorch says and means is kept: the score is modified before it is
    masked, and a key that is not seen gets -inf; the first query and the first
    key have the position 0; a row that sees no key gives 0; without a scale it is
    1 / sqrt(head size). Numbers have the types that PyTorch gives them: integers
    wrap, and what the functions say in f16 or bf16 is rounded there. A mask
    `query >= key` and nothing else is `causal`, with which keys that no query
    sees are not read. Keys and values may have different numbers of heads, unless
    `enable_gqa` is false.

    The log-sum-exp of this operation is to base 2, and PyTorch's interface for
    users multiplies it by ln 2 (`torch.aten.mul.Scalar`) behind it. That product
    is the `lse` here.

    An operation is left alone, with a missed remark that says why, if something
    else uses its logarithms, or anything its greatest scores; if a function
    holds an operation that has no counterpart in a score region, divides integers
    by what is not a constant greater than 0, or has types that a score region does
    not; if heads differ that are said not to be groups (`enable_gqa = false`); or
    for anything that `fp8attn.attention` does not take.

    Before:
    ```mlir
    func.func private @score(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>,
                             %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
      %0 = "torch.aten.tanh"(%s) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
      return %0 : !torch.vtensor<[],f32>
    }
    func.func @f(%q: !torch.vtensor<[1,8,?,64],bf16>) -> !torch.vtensor<[1,8,?,64],bf16> {
      %none = "torch.constant.none"() : () -> !torch.none
      %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
      %0:3 = "torch.hop_flex_attention"(%q, %q, %q, %none, %false, %false) <{score_mod_fn = @score}>
          : (!torch.vtensor<[1,8,?,64],bf16>, !torch.vtensor<[1,8,?,64],bf16>, !torch.vtensor<[1,8,?,64],bf16>,
             !torch.none, !torch.bool, !torch.bool) -> (!torch.vtensor<[1,8,?,64],bf16>, !torch.none, !torch.none)
      return %0#0 : !torch.vtensor<[1,8,?,64],bf16>
    }
    ```
    After, with `%query` from `torch_c.to_builtin_tensor`:
    ```mlir
    %0 = fp8attn.attention alignment = top_left
        query(%query : tensor<1x8x?x64xbf16>) key(%query : tensor<1x8x?x64xbf16>)
        value(%query : tensor<1x8x?x64xbf16>) out(%empty : tensor<1x8x?x64xbf16>)
        score {
        ^bb0(%score: f32, %entry: index, %head: index, %q: index, %k: index):
          %new = math.tanh %score : f32
          fp8attn.yield %new : f32
        } -> tensor<1x8x?x64xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def ImportOnnx : Pass<"fp8attn-import-onnx", "::mlir::func::FuncOp"> {
  let summary = "Import Attention and GroupQueryAttention of the onnx dialect";
  let description = [{
    Replaces `onnx.Attention` of opsets 23 to 25, and `onnx.Custom` with
    `GroupQueryAttention` of `com.microsoft`. Operands of three dimensions,
    whose heads are within the last, are split and transposed, which copies them;
    a front end that has four dimensions should give those.

    What ONNX says and means is kept: `is_causal` lets the first query stand at
    the first key; without a scale it is 1 / sqrt(head size); `softcap` 0 is
    none; a mask of i1 keeps scores where it is true, another is added, and both
    come behind the softcap, as the standard says since its correction of 2026. A
    mask that is broadcast along keys is copied for all of them.

    Keys and values of a past stand before those that are added, in a new tensor
    that is the present, the second and third result; both are copied. Then
    `is_causal` lets the last query stand at the last key, which is what ONNX says
    where there are as many new keys as queries.

    Lengths, `nonpad_kv_seqlen` and `seqlens_k`, become `key_lens`: the last query of
    a batch entry stands at the last of its keys. A call in which lengths are more
    than there is room for is refused.

    `GroupQueryAttention` has its queries, keys and values apart or in one tensor.
    `seqlens_k` is the last index of each entry: what is added stands up to there.
    Less than the queries that there are means no past. A past as long as the
    present is written in place; else the present is new, and 0 where no entry
    writes. `local_window_size` counts the token itself; `head_sink`, or 0 with
    `smooth_softmax`, joins the denominator.

    An operation is left alone, with a missed remark that says why, if it is
    causal with a past and its types do not say that there are as many new keys as
    queries, if it rotates or has quantized keys, uses of the scores, or anything
    that `fp8attn.attention` does not take.

    Before:
    ```mlir
    func.func @f(%q: tensor<1x8x?x64xbf16>, %k: tensor<1x2x?x64xbf16>) -> tensor<1x8x?x64xbf16> {
      %none = "onnx.NoValue"() {value} : () -> none
      %0:4 = "onnx.Attention"(%q, %k, %k, %none, %none, %none) {is_causal = 1 : si64}
          : (tensor<1x8x?x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x64xbf16>, none, none, none)
          -> (tensor<1x8x?x64xbf16>, none, none, none)
      return %0#0 : tensor<1x8x?x64xbf16>
    }
    ```
    After:
    ```mlir
    %0 = fp8attn.attention causal alignment = top_left
        query(%q : tensor<1x8x?x64xbf16>) key(%k : tensor<1x2x?x64xbf16>)
        value(%k : tensor<1x2x?x64xbf16>) out(%empty : tensor<1x8x?x64xbf16>)
        -> tensor<1x8x?x64xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def ImportIree : Pass<"fp8attn-import-iree", "::mlir::func::FuncOp"> {
  let summary = "Import attention of IREE's linalg_ext dialect";
  let description = [{
    Replaces `iree_linalg_ext.attention`, and `iree_linalg_ext.online_attention`
    together with what divides its first result by its third, on tensors.

    - `indexing_maps` say which loops are the dimensions of each operand, in any
      order. Loops that queries and keys share are the batch and, last, the KV
      heads; of those that keys do not have, the last are the queries, others the
      heads of a group. Tensors are transposed, which copies them, where their
      order is not [batch, heads, tokens, channels], or read where they were before
      `linalg` transposed or broadcast them.
    - The scale multiplies, as a constant or as a number of the call.
    - A mask of i1 keeps scores where it is true, one of numbers is added. One of
      i8, of which IREE looks at the lowest bit, is not taken, nor one whose type
      says that its bits are packed.
    - A region becomes a score region, `iree_linalg_ext.index` in it its places.
      IREE computes in base 2: the region sees scores times log2(e), and returns
      exponents of base 2. `online_attention` does so if its
      `decomposition_config` says `use_exp2 = true`, and not if it says `false`;
      where it says neither, only what does not depend on it is taken.
    - The log-sum-exp of `online_attention` is what adds the second result, the
      maximum, to the natural logarithm of the third; if the maximum is of base 2,
      it is multiplied by ln(2) first.

    An operation is left alone, with a missed remark that says why, if there is
    more than one loop over keys or over channels, if something else of its results
    is used, or if `fp8attn.attention` does not take what it says. Rows that see
    nothing give 0; IREE gives NaN.

    Before:
    ```mlir
    func.func @f(%q: tensor<12x?x64xf32>, %k: tensor<12x?x64xf32>, %v: tensor<12x?x64xf32>,
                 %o: tensor<12x?x64xf32>) -> tensor<12x?x64xf32> {
      %scale = arith.constant 0.125 : f32
      %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) <{indexing_maps = [
          affine_map<(b, m, c, k, n) -> (b, m, c)>, affine_map<(b, m, c, k, n) -> (b, k, c)>,
          affine_map<(b, m, c, k, n) -> (b, k, n)>, affine_map<(b, m, c, k, n) -> ()>,
          affine_map<(b, m, c, k, n) -> (b, m, n)>]}> ({
      ^bb0(%score: f32):
        "iree_linalg_ext.yield"(%score) : (f32) -> ()
      }) : (tensor<12x?x64xf32>, tensor<12x?x64xf32>, tensor<12x?x64xf32>, f32, tensor<12x?x64xf32>)
          -> tensor<12x?x64xf32>
      return %0 : tensor<12x?x64xf32>
    }
    ```
    After, with the tensors of one batch entry:
    ```mlir
    %0 = fp8attn.attention query(%query : tensor<1x12x?x64xf32>)
        key(%key : tensor<1x12x?x64xf32>) value(%value : tensor<1x12x?x64xf32>)
        out(%out : tensor<1x12x?x64xf32>) {softmax_scale = 1.250000e-01 : f32} -> tensor<1x12x?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def ImportTmTensor : Pass<"fp8attn-import-tm-tensor", "::mlir::func::FuncOp"> {
  let summary = "Import attention of torch-mlir's tm_tensor dialect";
  let description = [{
    Replaces `tm_tensor.attention` on tensors, of three dimensions or more: before
    tokens and channels stand the batch and the heads, often collapsed to one
    dimension. One that is known and at most 1,024 is the heads of one batch entry,
    another is batch entries of one head. Keys and values that were broadcast for the
    heads of a group, and collapsed, are read as they were.

    `scale` is 1 / sqrt(channels of the key) if it is not given. A mask of i1 keeps
    scores where it is true, another is added.

    An operation is left alone, with a missed remark that says why, if
    `fp8attn.attention` does not take what it says. torch-mlir lowers causal
    attention to a mask, which it stays here: `fp8attn-import-torch` before that
    lowering keeps `is_causal` and groups.

    Before:
    ```mlir
    func.func @f(%q: tensor<12x?x64xf32>, %k: tensor<12x?x64xf32>, %o: tensor<12x?x64xf32>) -> tensor<12x?x64xf32> {
      %0 = "tm_tensor.attention"(%q, %k, %k, %o) <{operandSegmentSizes = array<i32: 3, 1>, scale = 0.5 : f64}>
          : (tensor<12x?x64xf32>, tensor<12x?x64xf32>, tensor<12x?x64xf32>, tensor<12x?x64xf32>) -> tensor<12x?x64xf32>
      return %0 : tensor<12x?x64xf32>
    }
    ```
    After, with the tensors of one batch entry:
    ```mlir
    %0 = fp8attn.attention query(%query : tensor<1x12x?x64xf32>)
        key(%key : tensor<1x12x?x64xf32>) value(%key : tensor<1x12x?x64xf32>)
        out(%out : tensor<1x12x?x64xf32>) {softmax_scale = 5.000000e-01 : f32} -> tensor<1x12x?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def ImportStablehlo : Pass<"fp8attn-import-stablehlo", "::mlir::func::FuncOp"> {
  let summary = "Import attention of composites and calls of StableHLO";
  let description = [{
    Replaces attention on whole tensors:

    - `ttir.scaled_dot_product_attention`, `stablehlo.custom_call
      @tt.scaled_dot_product_attention` and `stablehlo.composite
      "tenstorrent.scaled_dot_product_attention"`, on [batch, heads, tokens,
      channels];
    - `ttir.scaled_dot_product_attention_decode`, one token of each user, [1, users,
      heads, channels], which sees the keys up to its position: `cur_pos + 1` is
      its number in `key_lens`, so that one at -1 sees nothing;
    - `stablehlo.composite "odml.scaled_dot_product_attention"`, whose tokens
      stand before heads; they are exchanged, which copies tensors.

    What they say is kept: `is_causal`, for as many queries as keys; a mask that
    is added; without `scale` it is 1 / sqrt(head size), but a composite of `odml`
    must say it.

    An operation is left alone, with a missed remark that says why, if it is
    causal and its types do not say that there are as many queries as keys, if it
    does not say whether it is, or if it has a mask, too; if it has a sink, a
    window, a cap of scores (`logit_cap`) or operands that nothing counts; a token of
    each user also if it has a mask, or no positions; or for anything that
    `fp8attn.attention` does not take.

    Before:
    ```mlir
    func.func @f(%q: tensor<1x8x64x64xbf16>, %k: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
      %0 = "stablehlo.custom_call"(%q, %k, %k) <{call_target_name = "tt.scaled_dot_product_attention"}>
          {mhlo.frontend_attributes = {is_causal = "True", scale = "0.125"}}
          : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
      return %0 : tensor<1x8x64x64xbf16>
    }
    ```
    After:
    ```mlir
    %0 = fp8attn.attention causal alignment = top_left
        query(%q : tensor<1x8x64x64xbf16>) key(%k : tensor<1x2x64x64xbf16>)
        value(%k : tensor<1x2x64x64xbf16>) out(%empty : tensor<1x8x64x64xbf16>)
        {softmax_scale = 0.125 : f32} -> tensor<1x8x64x64xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def RaiseLinalg : Pass<"fp8attn-raise-linalg", "::mlir::func::FuncOp"> {
  let summary = "Raise attention that is written in linalg";
  let description = [{
    Finds attention on tensors by what its elements are: a sum over keys of
    probabilities times values, where probabilities are a softmax over keys of
    scores, and scores are sums over channels of queries times keys. It does not
    matter which operations say so: named or generic ones, `linalg.softmax` or its
    steps, a division by the sum of exponentials before the product or behind it,
    transposes, broadcasts and reshapes in between, conversions from bf16 or f16
    to f32 and back. The result is that of the last of these operations.

    - Factors on queries, keys or scores, constants or numbers of the call, are the
      scale; without any it is 1, not 1 / sqrt(head size).
    - A tensor that is added to scores is the mask, and so is an i1 tensor by
      which they are selected, or else -inf; a tanh between two constant factors is
      the softcap. A mask without the loop over queries or keys is copied for all of
      them. One for each KV head becomes a score region that reads it.
    - A mask that compares places of `linalg.index` of queries and keys is `causal`,
      or a window; the first query stands at the first key.
    - Dimensions are what the loops say: those that queries and keys share are
      the batch and the KV heads, those that they do not are the heads of a group
      and, last, the queries. A dimension that was collapsed of batch and heads is
      taken apart again, and keys and values that were broadcast for the heads of
      a group are taken as they were before. Tensors are transposed, which copies
      them, where their order is not [batch, heads, tokens, channels].

    A product is left alone, with a missed remark that says why, if there is a
    softmax in it and something else is not as said: a softmax over another
    dimension, sums that do not begin at 0, a mask of a part of the loops over heads
    that is not the KV heads, scores or probabilities that something else uses, too, or anything
    that `fp8attn.attention` does not take. Rows that see nothing give 0; here
    they gave NaN.

    Before:
    ```mlir
    func.func @f(%q: tensor<12x?x64xf32>, %k: tensor<12x64x?xf32>, %v: tensor<12x?x64xf32>,
                 %s: tensor<12x?x?xf32>, %o: tensor<12x?x64xf32>) -> tensor<12x?x64xf32> {
      %zero = arith.constant 0.0 : f32
      %s0 = linalg.fill ins(%zero : f32) outs(%s : tensor<12x?x?xf32>) -> tensor<12x?x?xf32>
      %s1 = linalg.batch_matmul ins(%q, %k : tensor<12x?x64xf32>, tensor<12x64x?xf32>)
          outs(%s0 : tensor<12x?x?xf32>) -> tensor<12x?x?xf32>
      %p = linalg.softmax dimension(2) ins(%s1 : tensor<12x?x?xf32>) outs(%s : tensor<12x?x?xf32>) -> tensor<12x?x?xf32>
      %o0 = linalg.fill ins(%zero : f32) outs(%o : tensor<12x?x64xf32>) -> tensor<12x?x64xf32>
      %o1 = linalg.batch_matmul ins(%p, %v : tensor<12x?x?xf32>, tensor<12x?x64xf32>)
          outs(%o0 : tensor<12x?x64xf32>) -> tensor<12x?x64xf32>
      return %o1 : tensor<12x?x64xf32>
    }
    ```
    After, with `%query`, `%key` and `%value` of one batch entry, and the key
    transposed:
    ```mlir
    %0 = fp8attn.attention query(%query : tensor<1x12x?x64xf32>)
        key(%key : tensor<1x12x?x64xf32>) value(%value : tensor<1x12x?x64xf32>)
        out(%empty : tensor<1x12x?x64xf32>) {softmax_scale = 1.0 : f32} -> tensor<1x12x?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

include "fp8attn/Import/PagedPasses.td"

#endif // FP8ATTN_IMPORT_PASSES_TD
