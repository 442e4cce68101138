// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-ttir --split-input-file | FileCheck %s

// A cache that is an argument becomes memory. A query of each user stands at its last
// key, of which there are one more than the position says; a window of n is the last n.
// CHECK-LABEL: func @decode(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x2x8x64xbf16>, %[[K:[^:]+]]: !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>, %[[V:[^:]+]]: !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16>, %[[T:[^:]+]]: tensor<2x16xi32>, %[[POS:[^:]+]]: tensor<2xi32>) -> tensor<1x2x8x64xbf16>
// CHECK-NOT:   ttir
// CHECK:       %[[QUERY:.+]] = tensor.collapse_shape %[[Q]] {{\[\[}}0, 1], [2], [3]] : tensor<1x2x8x64xbf16> into tensor<2x8x64xbf16>
// CHECK:       %[[STARTS:.+]] = linalg.generic {{.*}} outs({{.*}} : tensor<3xi32>)
// CHECK:         linalg.index 0
// CHECK:       %[[LENS:.+]] = linalg.generic {{.*}} outs({{.*}} : tensor<2xi32>)
// CHECK:         %[[AT:.+]] = tensor.extract %[[POS]]
// CHECK:         %[[WIDE:.+]] = arith.extsi %[[AT]] : i32 to i64
// CHECK:         arith.addi %[[WIDE]], %{{.+}} : i64
// CHECK:       %[[OUT:.+]] = fp8attn.paged_attention causal window_left = 511 query(%[[QUERY]] : {{.+}}) cache(%[[K]], %[[V]] : {{.+}}) batch(%[[STARTS]], %[[LENS]], %[[T]] : {{.+}}) out({{.+}}) {softmax_scale = 1.250000e-01 : f32} -> tensor<2x8x64xbf16>
// CHECK:       %[[RESULT:.+]] = tensor.expand_shape %[[OUT]] {{\[\[}}0, 1], [2], [3]] output_shape [1, 2, 8, 64] : tensor<2x8x64xbf16> into tensor<1x2x8x64xbf16>
// CHECK:       return %[[RESULT]] : tensor<1x2x8x64xbf16>
func.func @decode(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x64xbf16> {
  %o = "ttir.empty"() : () -> tensor<1x2x8x64xbf16>
  %0 = "ttir.paged_scaled_dot_product_attention_decode"(%q, %k, %v, %t, %o, %pos)
      <{is_causal = true, scale = 0.125 : f32, sliding_window_size = 512 : ui32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1x2x8x64xbf16>, tensor<2xi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// The same of StableHLO, with options as texts, and integers with a sign of their own.
// CHECK-LABEL: func @call(
// CHECK-SAME:    !fp8attn.cache<key, {{.+}}>, %{{.+}}: !fp8attn.cache<value, {{.+}}>, %{{.+}}: tensor<2x16xi32>, %{{.+}}: tensor<2xi32>)
// CHECK:       fp8attn.paged_attention causal window_left = 511 query({{.+}}) {softmax_scale = 1.250000e-01 : f32}
func.func @call(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %t: tensor<2x16xsi32>, %pos: tensor<2xsi32>) -> tensor<1x2x8x64xbf16> {
  %0 = "stablehlo.custom_call"(%q, %k, %v, %t, %pos) <{call_target_name = "tt.paged_scaled_dot_product_attention_decode", api_version = 0 : i32}>
      {mhlo.frontend_attributes = {has_cur_pos_tensor = "True", has_attention_mask = "False", has_attention_sink = "False", is_causal = "True", scale = "0.125", sliding_window_size = "512"}}
      : (tensor<1x2x8x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xsi32>, tensor<2xsi32>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}

// -----

// Latent attention with values of their own, whose channels are other than those of keys.
// CHECK-LABEL: func @latent(
// CHECK:       fp8attn.paged_attention causal query({{.+}} : tensor<2x8x64xbf16>) {{.*}} out({{.+}} : tensor<2x8x32xbf16>) {softmax_scale = 1.250000e-01 : f32} -> tensor<2x8x32xbf16>
func.func @latent(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x1x32x64xbf16>, %v: tensor<128x1x32x32xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x32xbf16> {
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %k, %v, %t, %pos)
      <{head_dim_v = 32 : ui32, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x1x32x64xbf16>, tensor<128x1x32x32xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x32xbf16>
  return %0 : tensor<1x2x8x32xbf16>
}

// -----

// The first channels of the keys are the values: a latent cache, written once.
// CHECK-LABEL: func @latent_keys(
// CHECK-SAME:    %[[CACHE:[a-z0-9]+]]: !fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, bf16>
// CHECK:       fp8attn.kv_write key({{.+}} : tensor<2x1x64xbf16>) slots({{.+}} : tensor<2xi64>) cache(%[[CACHE]] :
// CHECK:       fp8attn.paged_attention causal query({{.+}} : tensor<2x8x64xbf16>) cache(%[[CACHE]] : !fp8attn.cache<latent, {{.+}} out({{.+}} : tensor<2x8x32xbf16>) {softmax_scale = 1.250000e-01 : f32} -> tensor<2x8x32xbf16>
func.func @latent_keys(%q: tensor<1x2x8x64xbf16>, %k: tensor<128x1x32x64xbf16>, %new: tensor<1x2x1x64xbf16>, %t: tensor<2x16xi32>, %pos: tensor<2xi32>) -> tensor<1x2x8x32xbf16> {
  %written = "ttir.paged_update_cache"(%k, %new, %pos, %t) <{share_cache = false}>
      : (tensor<128x1x32x64xbf16>, tensor<1x2x1x64xbf16>, tensor<2xi32>, tensor<2x16xi32>) -> tensor<128x1x32x64xbf16>
  %0 = "ttir.paged_flash_multi_latent_attention_decode"(%q, %written, %t, %pos)
      <{head_dim_v = 32 : ui32, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1, 0>}>
      : (tensor<1x2x8x64xbf16>, tensor<128x1x32x64xbf16>, tensor<2x16xi32>, tensor<2xi32>) -> tensor<1x2x8x32xbf16>
  return %0 : tensor<1x2x8x32xbf16>
}

// -----

// Queries behind a prefix: each sequence ends with the chunk. What is written is a result
// no more, and the first tokens are written where the page table says.
// CHECK-LABEL: func @chunk(
// CHECK-SAME:    -> tensor<2x8x?x64xbf16> {
// CHECK:       fp8attn.kv_write key({{.+}} : tensor<?x2x64xbf16>) value({{.+}} : tensor<?x2x64xbf16>) slots({{.+}} : tensor<?xi64>)
// CHECK:       linalg.transpose ins(%{{.+}} : tensor<2x8x?x64xbf16>) {{.*}} permutation = [0, 2, 1, 3]
// CHECK:       %[[OUT:.+]] = fp8attn.paged_attention causal query(
// CHECK-NOT:   softmax_scale
// CHECK:       tensor.expand_shape %[[OUT]] {{\[\[}}0, 1], [2], [3]]
// CHECK:       %[[RESULT:.+]] = linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
// CHECK:       return %{{.+}} : tensor<2x8x?x64xbf16>
func.func @chunk(%q: tensor<2x8x?x64xbf16>, %k: tensor<128x2x32x64xbf16>, %v: tensor<128x2x32x64xbf16>, %nk: tensor<2x2x?x64xbf16>, %t: tensor<2x16xi32>, %start: tensor<1xi32>, %users: tensor<2xi64>) -> (tensor<128x2x32x64xbf16>, tensor<2x8x?x64xbf16>, tensor<128x2x32x64xbf16>) {
  %wk = "stablehlo.custom_call"(%k, %nk, %t, %users) <{call_target_name = "tt.paged_fill_cache"}> : (tensor<128x2x32x64xbf16>, tensor<2x2x?x64xbf16>, tensor<2x16xi32>, tensor<2xi64>) -> tensor<128x2x32x64xbf16>
  %wv = "stablehlo.custom_call"(%v, %nk, %t, %users) <{call_target_name = "tt.paged_fill_cache"}> : (tensor<128x2x32x64xbf16>, tensor<2x2x?x64xbf16>, tensor<2x16xi32>, tensor<2xi64>) -> tensor<128x2x32x64xbf16>
  %0 = "stablehlo.custom_call"(%q, %wk, %wv, %t, %start) <{call_target_name = "tt.chunked_scaled_dot_product_attention"}> : (tensor<2x8x?x64xbf16>, tensor<128x2x32x64xbf16>, tensor<128x2x32x64xbf16>, tensor<2x16xi32>, tensor<1xi32>) -> tensor<2x8x?x64xbf16>
  return %wk, %0, %wv : tensor<128x2x32x64xbf16>, tensor<2x8x?x64xbf16>, tensor<128x2x32x64xbf16>
}

// -----

// A function without caches, and one whose caches nothing here reads, stay.
// CHECK-LABEL: func @other(
// CHECK:         "ttir.relu"
func.func @other(%q: tensor<1x2x8x64xbf16>) -> tensor<1x2x8x64xbf16> {
  %0 = "ttir.relu"(%q) : (tensor<1x2x8x64xbf16>) -> tensor<1x2x8x64xbf16>
  return %0 : tensor<1x2x8x64xbf16>
}
