// Attention over pages as TTIR and StableHLO write it; PagedImportTest.cpp says what it
// means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-ttir -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=ttir. --implicit-check-not=stablehlo.
// CHECK-COUNT-2: fp8attn.kv_write
// CHECK:         fp8attn.paged_attention
// CHECK:         fp8attn.kv_write
// CHECK:         fp8attn.paged_attention

// Pages of 32 tokens, two KV heads; eight heads of queries of three users.
!pages = tensor<?x2x32x64xf32>
!table = tensor<3x4xi32>
!token = tensor<1x3x8x64xf32>
!chunk = tensor<3x8x?x64xf32>

// The first tokens of two of the users, then one token of each, which is read then; the
// new heads are filled up to four, and the last three keys are seen.
func.func @decode(%q: !token, %k: !pages, %v: !pages, %prompt_k: tensor<2x2x?x64xf32>, %prompt_v: tensor<2x2x?x64xf32>,
                  %users: tensor<2xi64>, %new_k: tensor<1x3x4x64xf32>, %new_v: tensor<1x3x4x64xf32>,
                  %pos: tensor<3xi32>, %table: !table) -> !token {
  "ttir.paged_fill_cache"(%k, %prompt_k, %table, %users) : (!pages, tensor<2x2x?x64xf32>, !table, tensor<2xi64>) -> ()
  "ttir.paged_fill_cache"(%v, %prompt_v, %table, %users) : (!pages, tensor<2x2x?x64xf32>, !table, tensor<2xi64>) -> ()
  "ttir.paged_update_cache"(%k, %new_k, %pos, %table) <{share_cache = false}> : (!pages, tensor<1x3x4x64xf32>, tensor<3xi32>, !table) -> ()
  "ttir.paged_update_cache"(%v, %new_v, %pos, %table) <{share_cache = false}> : (!pages, tensor<1x3x4x64xf32>, tensor<3xi32>, !table) -> ()
  %o = "ttir.empty"() : () -> !token
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %table, %o, %pos)
      <{is_causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>, sliding_window_size = 3 : ui32, scale = 0.25 : f32}>
      : (!token, !pages, !pages, !table, !token, tensor<3xi32>) -> !token
  return %0 : !token
}

// A chunk of each user behind a prefix, written first; what is written is a result.
func.func @chunk(%q: !chunk, %k: !pages, %v: !pages, %new_k: tensor<3x2x?x64xf32>, %new_v: tensor<3x2x?x64xf32>,
                 %users: tensor<3xi32>, %start: tensor<1xi32>, %table: tensor<3x4xi64>) -> (!chunk, !pages, !pages) {
  %wk = "stablehlo.custom_call"(%k, %new_k, %table, %users) <{call_target_name = "tt.paged_fill_cache"}>
      : (!pages, tensor<3x2x?x64xf32>, tensor<3x4xi64>, tensor<3xi32>) -> !pages
  %wv = "stablehlo.custom_call"(%v, %new_v, %table, %users) <{call_target_name = "tt.paged_fill_cache"}>
      : (!pages, tensor<3x2x?x64xf32>, tensor<3x4xi64>, tensor<3xi32>) -> !pages
  %0 = "stablehlo.custom_call"(%q, %wk, %wv, %table, %start) <{call_target_name = "tt.chunked_scaled_dot_product_attention"}>
      {mhlo.frontend_attributes = {scale = "0.5"}} : (!chunk, !pages, !pages, tensor<3x4xi64>, tensor<1xi32>) -> !chunk
  return %0, %wk, %wv : !chunk, !pages, !pages
}
