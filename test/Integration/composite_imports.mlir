// Attention that StableHLO keeps as one operation; CompositeImportTest.cpp says what it
// means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-stablehlo -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=stablehlo. --implicit-check-not=ttir.
// CHECK-COUNT-3: fp8attn.attention

// Tokens stand before heads; a mask of each batch entry is added.
!q = tensor<2x?x4x64xf32>
!kv = tensor<2x?x2x64xf32>
!mask = tensor<2x1x?x?xf32>
func.func @odml(%q: !q, %k: !kv, %v: !kv, %mask: !mask) -> !q {
  %0 = "stablehlo.composite"(%q, %k, %v, %mask)
      <{name = "odml.scaled_dot_product_attention", composite_attributes = {scale = 0.25 : f32}, decomposition = @none}>
      : (!q, !kv, !kv, !mask) -> !q
  return %0 : !q
}

func.func @call_causal(%q: tensor<2x4x300x64xf32>, %k: tensor<2x2x300x64xf32>, %v: tensor<2x2x300x64xf32>) -> tensor<2x4x300x64xf32> {
  %0 = "stablehlo.custom_call"(%q, %k, %v) <{call_target_name = "tt.scaled_dot_product_attention"}>
      {mhlo.frontend_attributes = {is_causal = "True"}}
      : (tensor<2x4x300x64xf32>, tensor<2x2x300x64xf32>, tensor<2x2x300x64xf32>) -> tensor<2x4x300x64xf32>
  return %0 : tensor<2x4x300x64xf32>
}

// One token of each user, which sees the keys up to its position.
func.func @decode(%q: tensor<1x2x4x64xf32>, %k: tensor<2x2x?x64xf32>, %v: tensor<2x2x?x64xf32>, %p: tensor<?xi32>) -> tensor<1x2x4x64xf32> {
  %0 = "ttir.scaled_dot_product_attention_decode"(%q, %k, %v, %p) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>, scale = 0.25 : f32}>
      : (tensor<1x2x4x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<?xi32>) -> tensor<1x2x4x64xf32>
  return %0 : tensor<1x2x4x64xf32>
}
