// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-stablehlo --split-input-file | FileCheck %s

// A call, whose options are texts.
// CHECK-LABEL: func @call(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x8x64x64xbf16>, %[[K:[^:]+]]: tensor<1x2x64x64xbf16>)
// CHECK:       %[[OUT:.+]] = fp8attn.attention causal alignment = top_left query(%[[Q]] : tensor<1x8x64x64xbf16>) key(%[[K]] : tensor<1x2x64x64xbf16>) value(%[[K]] : tensor<1x2x64x64xbf16>) out({{.+}}) {softmax_scale = 1.250000e-01 : f32}
// CHECK-NEXT:  return %[[OUT]]
func.func @call(%q: tensor<1x8x64x64xbf16>, %k: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.custom_call"(%q, %k, %k) <{call_target_name = "tt.scaled_dot_product_attention", api_version = 0 : i32}>
      {mhlo.frontend_attributes = {is_causal = "True", scale = "0.125"}} : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// TTIR's own operation is causal by default.
// CHECK-LABEL: func @ttir(
// CHECK:       fp8attn.attention causal alignment = top_left query
// CHECK-NOT:   softmax_scale
// CHECK:       fp8attn.attention query({{.+}}) mask(%{{.+}} : tensor<1x1x64x64xbf16>)
func.func @ttir(%q: tensor<1x8x64x64xbf16>, %k: tensor<1x2x64x64xbf16>, %m: tensor<1x1x64x64xbf16>) -> (tensor<1x8x64x64xbf16>, tensor<1x8x64x64xbf16>) {
  %0 = "ttir.scaled_dot_product_attention"(%q, %k, %k) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  %1 = "ttir.scaled_dot_product_attention"(%q, %k, %k, %m) <{is_causal = false, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x1x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0, %1 : tensor<1x8x64x64xbf16>, tensor<1x8x64x64xbf16>
}

// -----

// A composite, with a mask without heads.
// CHECK-LABEL: func @composite(
// CHECK:       %[[MASK:.+]] = tensor.expand_shape {{.+}} : tensor<1x64x64xbf16> into tensor<1x1x64x64xbf16>
// CHECK:       fp8attn.attention query({{.+}}) mask(%[[MASK]] : tensor<1x1x64x64xbf16>)
func.func @composite(%q: tensor<1x8x64x64xbf16>, %m: tensor<1x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.composite"(%q, %q, %q, %m) <{name = "tenstorrent.scaled_dot_product_attention", composite_attributes = {is_causal = false}, decomposition = @none}>
      : (tensor<1x8x64x64xbf16>, tensor<1x8x64x64xbf16>, tensor<1x8x64x64xbf16>, tensor<1x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// Tokens before heads.
// CHECK-LABEL: func @odml(
// CHECK-COUNT-3: linalg.transpose {{.*}} permutation = [0, 2, 1, 3]
// CHECK:       %[[OUT:.+]] = fp8attn.attention query({{.+}} : tensor<1x8x?x64xf32>) {{.*}} mask(%{{.+}} : tensor<1x1x?x?xf32>) {softmax_scale = 2.500000e-01 : f32}
// CHECK:       linalg.transpose ins(%[[OUT]] : tensor<1x8x?x64xf32>)
func.func @odml(%q: tensor<1x?x8x64xf32>, %k: tensor<1x?x2x64xf32>, %m: tensor<1x1x?x?xf32>) -> tensor<1x?x8x64xf32> {
  %0 = "stablehlo.composite"(%q, %k, %k, %m) <{name = "odml.scaled_dot_product_attention", composite_attributes = {scale = 0.25 : f32}, decomposition = @none}>
      : (tensor<1x?x8x64xf32>, tensor<1x?x2x64xf32>, tensor<1x?x2x64xf32>, tensor<1x1x?x?xf32>) -> tensor<1x?x8x64xf32>
  return %0 : tensor<1x?x8x64xf32>
}

// -----

// One token of each user, which sees the keys up to its position. Nothing is copied.
// CHECK-LABEL: func @decode(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x3x8x64xbf16>, %[[K:[^:]+]]: tensor<3x2x?x64xbf16>, %[[P:[^:]+]]: tensor<3xi32>)
// CHECK:       %[[LENS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<3xi32>)
// CHECK:         tensor.extract %[[P]]
// CHECK:         arith.addi %{{.+}}, %c1
// CHECK:       %[[LESS:.+]] = tensor.collapse_shape %[[Q]] {{\[\[}}0, 1], [2], [3]]
// CHECK:       %[[TOKEN:.+]] = tensor.expand_shape %[[LESS]] {{\[\[}}0], [1, 2], [3]] {{.*}} into tensor<3x8x1x64xbf16>
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[TOKEN]] : {{.+}}) key(%[[K]] : {{.+}}) {{.*}} key_lens(%[[LENS]] : tensor<3xi32>) {softmax_scale = 1.250000e-01 : f32}
// CHECK:       tensor.collapse_shape %[[OUT]] {{\[\[}}0], [1, 2], [3]]
// CHECK:       tensor.expand_shape {{.*}} into tensor<1x3x8x64xbf16>
func.func @decode(%q: tensor<1x3x8x64xbf16>, %k: tensor<3x2x?x64xbf16>, %p: tensor<3xi32>) -> tensor<1x3x8x64xbf16> {
  %0 = "ttir.scaled_dot_product_attention_decode"(%q, %k, %k, %p) <{is_causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>, scale = 0.125 : f32}>
      : (tensor<1x3x8x64xbf16>, tensor<3x2x?x64xbf16>, tensor<3x2x?x64xbf16>, tensor<3xi32>) -> tensor<1x3x8x64xbf16>
  return %0 : tensor<1x3x8x64xbf16>
}

// -----

// Others stay.
// CHECK-LABEL: func @other(
// CHECK:         "stablehlo.composite"
func.func @other(%q: tensor<1x8x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.composite"(%q) <{name = "odml.rms_norm", composite_attributes = {}, decomposition = @none}> : (tensor<1x8x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}
