//===- PagedPasses.td - importers of caches in pages -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// They make memory of arguments, and so import functions as a whole.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_IMPORT_PAGEDPASSES_TD
#define FP8ATTN_IMPORT_PAGEDPASSES_TD

include "mlir/Pass/PassBase.td"

def ImportTorchPages : Pass<"fp8attn-import-torch-pages", "::mlir::ModuleOp"> {
  let summary = "Import attention over a paged cache of the torch dialect";
  let description = [{
    Replaces, in functions whose cache is an argument, what torch.export makes of a
    paged cache: a tensor whose rows hold, of one page, the keys and then the values
    of each layer, `[pages, layers * 2 * tokens * heads * channels]`; or one of keys
    and one of values, `[pages, layers * tokens * heads * channels]`.

    - `torch.aten.index_put` of keys, and of values in the same tokens of the same
      pages, becomes `kv_write`;
    - attention of one or more queries of each sequence whose keys and values were
      gathered from the cache (`torch.aten.index_select`, `torch.aten.index.Tensor`),
      by a mask that shows the keys before a length, becomes `paged_attention`; if
      each query sees one key more than that before it, it is `causal`.

    Pages may hold f8E4M3FN or f8E5M2, or bytes that are viewed as such
    (`torch.aten.view.dtype`). What is written must be clamped to the largest finite
    codes, as PyTorch makes NaN or infinity of what is beyond, and converted. If it
    was divided in f32 by a number or by a tensor of f32 with one element, or one for
    each head, that is the scale; else the scale is 1, so that what is rounded before
    stays so. Codes that are read are multiplied by such a scale, or by none.

    Views, slices, repeats and conversions in between do not matter, nor how indices
    are computed: each element is followed to the row of the cache that it is in.
    Other attention, as that of a prompt with its own keys, is left to
    `fp8attn-import-torch`.

    **The argument becomes a `!fp8attn.cache`** of bf16 or of these codes, with a page
    for each layer of each row, in the order of the rows: page `row * layers + layer`. It is memory
    that functions which are imported alike write and read, no longer a row-major
    tensor. What was written overwrites the argument
    (`torch.overwrite.tensor.contents`) or is a result, which goes. Functions are
    imported as a whole or not at all.

    Indices and lengths are numbers of the call. Those that are not there are
    refused then, and so are negative ones, which PyTorch counts from the end.

    A function is left alone, with a missed remark that says why, if keys and values
    are not both written, to the same tokens, before they are read; if an index does
    not say whether it is of keys or of values; if pages are read in another order,
    or heads repeated in another; if a mask hides keys by a finite number, or others
    than those behind a length; if codes are not clamped, or scaled otherwise; if the
    cache is used otherwise, or read when it has been written since; or if something
    else names the function. Of two tensors, attention must say which is of keys: over
    their pages, or over what is written.

    Before, a cache that is not written, and a mask that shows keys up to `%last`:
    ```mlir
    !query = !torch.vtensor<[1,2,1,64],f16>
    !pages = !torch.vtensor<[?,2,32,2,64],f16>
    !part = !torch.vtensor<[1,?,32,2,64],f16>
    !tokens = !torch.vtensor<[1,?,2,64],f16>
    !heads = !torch.vtensor<[1,2,?,64],f16>
    !numbers = !torch.vtensor<[?],si64>
    !mask = !torch.vtensor<[1,?],i1>
    func.func @decode(%q: !query, %kv: !pages, %table: !torch.vtensor<[1,?],si64>,
                      %last: !torch.vtensor<[1,1],si64>) -> !query {
      %0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !torch.int
      %1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
      %2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
      %64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !torch.int
      %neg = "torch.constant.int"() <{value = -1 : i64}> : () -> !torch.int
      %all = "torch.constant.int"() <{value = 4096 : i64}> : () -> !torch.int
      %no = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
      %none = "torch.constant.none"() : () -> !torch.none
      %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
      %rows = "torch.prim.ListConstruct"(%table) : (!torch.vtensor<[1,?],si64>) -> !torch.list<optional<vtensor>>
      %read = "torch.aten.index.Tensor"(%kv, %rows)
          : (!pages, !torch.list<optional<vtensor>>) -> !torch.vtensor<[1,?,2,32,2,64],f16>
      %shape = "torch.prim.ListConstruct"(%1, %neg, %2, %64)
          : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
      %k0 = "torch.aten.select.int"(%read, %2, %0)
          : (!torch.vtensor<[1,?,2,32,2,64],f16>, !torch.int, !torch.int) -> !part
      %k1 = "torch.aten.reshape"(%k0, %shape) : (!part, !torch.list<int>) -> !tokens
      %k = "torch.aten.transpose.int"(%k1, %1, %2) : (!tokens, !torch.int, !torch.int) -> !heads
      %v0 = "torch.aten.select.int"(%read, %2, %1)
          : (!torch.vtensor<[1,?,2,32,2,64],f16>, !torch.int, !torch.int) -> !part
      %v1 = "torch.aten.reshape"(%v0, %shape) : (!part, !torch.list<int>) -> !tokens
      %v = "torch.aten.transpose.int"(%v1, %1, %2) : (!tokens, !torch.int, !torch.int) -> !heads
      %t = "torch.aten.arange"(%all, %none, %none, %none, %no)
          : (!torch.int, !torch.none, !torch.none, !torch.none, !torch.bool) -> !numbers
      %mask = "torch.aten.le.Tensor"(%t, %last) : (!numbers, !torch.vtensor<[1,1],si64>) -> !mask
      %out = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %mask, %zero, %no, %none, %no)
          : (!query, !heads, !heads, !mask, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !query
      return %out : !query
    }
    ```
    After, with `%pages` of `%table`, `%lens` of `%last` and 1, and the query without its
    third dimension:
    ```
    func.func @decode(%q: !torch.vtensor<[1,2,1,64],f16>,
                      %kv: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>,
                      %table: !torch.vtensor<[1,?],si64>, %last: !torch.vtensor<[1,1],si64>) -> ... {
      ...
      %0 = fp8attn.paged_attention query(%query : tensor<1x2x64xf16>)
          cache(%kv : !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>)
          batch(%starts, %lens, %pages : tensor<2xi32>, tensor<1xi32>, tensor<1x?xi32>)
          out(%empty : tensor<1x2x64xf16>) -> tensor<1x2x64xf16>
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect", "::mlir::fp8attn::Fp8AttnDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def ImportTtir : Pass<"fp8attn-import-ttir", "::mlir::ModuleOp"> {
  let summary = "Import attention over paged caches of TTIR and StableHLO";
  let description = [{
    Replaces, in functions whose caches are arguments, [pages, heads, tokens of a
    page, channels],

    - `ttir.paged_scaled_dot_product_attention_decode`,
      `ttir.chunked_scaled_dot_product_attention` and
      `ttir.paged_flash_multi_latent_attention_decode`, by `paged_attention`;
    - `ttir.paged_update_cache` and `ttir.paged_fill_cache`, in pairs that write
      keys and values at the same positions, by `kv_write`;
    - the calls `stablehlo.custom_call` of the same, `@tt.paged_update_cache` and
      so on, whose options are texts in `mhlo.frontend_attributes`.

    **The argument becomes a `!fp8attn.cache`** of bf16, with the same heads, page
    and channels: it is memory that functions which are imported alike write and
    read, no longer pages in row-major order (`repack` makes the one of the other).
    A function that returned it, written, does not any more. Functions are
    imported as a whole or not at all. Latent attention without values of its own
    makes its cache of keys a `latent` one, with `head_dim_v` channels of values,
    and what updates it is a `kv_write` of its own.

    What the operations say is kept: a query of each user sees the keys up to
    `cur_pos`, itself among them, so that there are `cur_pos + 1`; the first query
    of a chunk stands at `chunk_start_idx`; `sliding_window_size` n is the last n
    keys, `window_left = n - 1`; heads of `paged_update_cache` beyond those of the
    cache fill it up to tiles, and are left out; a position of -1 is of no token.
    Positions and pages are numbers of the call: those beyond the page table or
    the cache are refused then.

    A function is left alone, with a missed remark that says why, if attention
    in it has a mask, which kernels of TTIR multiply by the scale, or a sink, of
    which that is not defined, or is not causal; if keys and values are
    not both written, at the same positions, before they are read; if a cache is
    used otherwise, or read when it has been written since; if something else
    names the function; or for anything that `paged_attention` and `kv_write` do
    not take.

    Before:
    ```mlir
    func.func @decode(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>,
                      %pages: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
      %o = "ttir.empty"() : () -> tensor<1x2x8x64xbf16>
      %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %pages, %o, %pos)
          <{is_causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
          : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>,
             tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
      return %0 : tensor<1x2x8x64xbf16>
    }
    ```
    After, with `%starts` [0, 1, 2] and `%lens` of `%pos` and 1, the query and the
    result without their first dimension:
    ```
    func.func @decode(%q: tensor<1x2x8x64xbf16>,
                      %k: !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>,
                      %v: !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16>,
                      %pages: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
      ...
      %0 = fp8attn.paged_attention causal query(%query : tensor<2x8x64xbf16>)
          cache(%k, %v : !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>,
                !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16>)
          batch(%starts, %lens, %pages : tensor<3xi32>, tensor<2xi32>, tensor<2x16xi32>)
          out(%empty : tensor<2x8x64xbf16>) -> tensor<2x8x64xbf16>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
    "::mlir::fp8attn::Fp8AttnDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // FP8ATTN_IMPORT_PAGEDPASSES_TD
