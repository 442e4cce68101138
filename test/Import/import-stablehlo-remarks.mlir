// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-stablehlo --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// What cannot be meant exactly stays as it was, and a remark says why.

// Causal, and a mask.
// REMARK: Reason="ttir.scaled_dot_product_attention is left alone: expects one of a mask and is_causal, got both
// CHECK-LABEL: func @both(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @both(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>, %a3: tensor<1x1x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "ttir.scaled_dot_product_attention"(%a0, %a1, %a2, %a3) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}>
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x1x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// A sink.
// REMARK: Reason="ttir.scaled_dot_product_attention is left alone: expects no attention_sink
// CHECK-LABEL: func @sink(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @sink(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>, %a3: tensor<1x8x1x1xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "ttir.scaled_dot_product_attention"(%a0, %a1, %a2, %a3) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>}>
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x8x1x1xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// A window.
// REMARK: Reason="stablehlo.custom_call is left alone: expects no sliding_window_size
// CHECK-LABEL: func @window(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @window(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.custom_call"(%a0, %a1, %a2) <{call_target_name = "tt.scaled_dot_product_attention"}> {mhlo.frontend_attributes = {is_causal = "True", sliding_window_size = "16"}}
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// A call that does not say whether it is causal.
// REMARK: Reason="stablehlo.custom_call is left alone: expects is_causal to be given
// CHECK-LABEL: func @unsaid(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @unsaid(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.custom_call"(%a0, %a1, %a2) <{call_target_name = "tt.scaled_dot_product_attention"}> {mhlo.frontend_attributes = {}}
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// A text that is none.
// REMARK: Reason="stablehlo.custom_call is left alone: expects is_causal to be true or false, got "yes"
// CHECK-LABEL: func @no_flag(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @no_flag(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.custom_call"(%a0, %a1, %a2) <{call_target_name = "tt.scaled_dot_product_attention"}> {mhlo.frontend_attributes = {is_causal = "yes"}}
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// A scale that is none.
// REMARK: Reason="stablehlo.custom_call is left alone: expects scale to be a number, got "small"
// CHECK-LABEL: func @no_number(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @no_number(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.custom_call"(%a0, %a1, %a2) <{call_target_name = "tt.scaled_dot_product_attention"}> {mhlo.frontend_attributes = {is_causal = "True", scale = "small"}}
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// Causal, where the first query may stand at the first key or the last at the last.
// REMARK: Reason="ttir.scaled_dot_product_attention is left alone: expects as many keys as queries for is_causal, got tensor<1x8x128x64xbf16> and tensor<1x8x64x64xbf16>
// CHECK-LABEL: func @lengths(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @lengths(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x8x128x64xbf16>, %a2: tensor<1x8x128x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "ttir.scaled_dot_product_attention"(%a0, %a1, %a2) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}>
      : (tensor<1x8x64x64xbf16>, tensor<1x8x128x64xbf16>, tensor<1x8x128x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// Lengths that are not known.
// REMARK: Reason="ttir.scaled_dot_product_attention is left alone: expects as many keys as queries for is_causal, got tensor<1x8x?x64xbf16> and tensor<1x8x?x64xbf16>
// CHECK-LABEL: func @unknown_lengths(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @unknown_lengths(%a0: tensor<1x8x?x64xbf16>, %a1: tensor<1x8x?x64xbf16>, %a2: tensor<1x8x?x64xbf16>) -> tensor<1x8x?x64xbf16> {
  %0 = "ttir.scaled_dot_product_attention"(%a0, %a1, %a2) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}>
      : (tensor<1x8x?x64xbf16>, tensor<1x8x?x64xbf16>, tensor<1x8x?x64xbf16>) -> tensor<1x8x?x64xbf16>
  return %0 : tensor<1x8x?x64xbf16>
}

// -----

// Operands that nothing counts.
// REMARK: Reason="stablehlo.composite is left alone: expects a query, a key, a value and, at most, a mask as operands, got 5
// CHECK-LABEL: func @more(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @more(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>, %a3: tensor<1x1x64x64xbf16>, %a4: tensor<bf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.composite"(%a0, %a1, %a2, %a3, %a4) <{name = "odml.scaled_dot_product_attention", composite_attributes = {scale = 0.25 : f32}, decomposition = @none}>
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x1x64x64xbf16>, tensor<bf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// No scale.
// REMARK: Reason="stablehlo.composite is left alone: expects scale to be given
// CHECK-LABEL: func @odml_scale(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @odml_scale(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.composite"(%a0, %a1, %a2) <{name = "odml.scaled_dot_product_attention", composite_attributes = {}, decomposition = @none}>
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// A cap.
// REMARK: Reason="stablehlo.composite is left alone: expects no logit_cap
// CHECK-LABEL: func @cap(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @cap(%a0: tensor<1x8x64x64xbf16>, %a1: tensor<1x2x64x64xbf16>, %a2: tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16> {
  %0 = "stablehlo.composite"(%a0, %a1, %a2) <{name = "odml.scaled_dot_product_attention", composite_attributes = {logit_cap = 50.0 : f32, scale = 0.25 : f32}, decomposition = @none}>
      : (tensor<1x8x64x64xbf16>, tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>) -> tensor<1x8x64x64xbf16>
  return %0 : tensor<1x8x64x64xbf16>
}

// -----

// Tensors without a batch.
// REMARK: Reason="stablehlo.composite is left alone: expects [batch, tokens, heads, channels], got tensor<64x8x64xbf16>
// CHECK-LABEL: func @three(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @three(%a0: tensor<64x8x64xbf16>, %a1: tensor<64x8x64xbf16>, %a2: tensor<64x8x64xbf16>) -> tensor<64x8x64xbf16> {
  %0 = "stablehlo.composite"(%a0, %a1, %a2) <{name = "odml.scaled_dot_product_attention", composite_attributes = {scale = 0.25 : f32}, decomposition = @none}>
      : (tensor<64x8x64xbf16>, tensor<64x8x64xbf16>, tensor<64x8x64xbf16>) -> tensor<64x8x64xbf16>
  return %0 : tensor<64x8x64xbf16>
}

// -----

// Numbers that kernels do not have: what attention itself says.
// REMARK: Reason="ttir.scaled_dot_product_attention is left alone: expects query to be a memref or tensor of 4 dimensions and bf16, f16, f32, f8E4M3FN or f8E5M2, got
// CHECK-LABEL: func @doubles(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
func.func @doubles(%a0: tensor<1x8x64x64xf64>, %a1: tensor<1x8x64x64xf64>, %a2: tensor<1x8x64x64xf64>) -> tensor<1x8x64x64xf64> {
  %0 = "ttir.scaled_dot_product_attention"(%a0, %a1, %a2) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}>
      : (tensor<1x8x64x64xf64>, tensor<1x8x64x64xf64>, tensor<1x8x64x64xf64>) -> tensor<1x8x64x64xf64>
  return %0 : tensor<1x8x64x64xf64>
}

// -----

// A token of each user with a mask, which kernels multiply by the scale; without being
// causal; with positions of other users; with two tokens.
// REMARK: Reason="ttir.scaled_dot_product_attention_decode is left alone: expects a query, a key, a value and cur_pos_tensor, without a mask and a sink, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>, got array<i32: 1, 1, 1, 1, 0, 0>
// REMARK: Reason="ttir.scaled_dot_product_attention_decode is left alone: expects is_causal to be true, got false
// REMARK: Reason="ttir.scaled_dot_product_attention_decode is left alone: expects users of cur_pos_tensor (2) to equal users of key (3)
// REMARK: Reason="ttir.scaled_dot_product_attention_decode is left alone: expects a query [1, users, heads, channels] and positions [users] of integers, got tensor<2x3x8x64xbf16> and tensor<3xi32>
// CHECK-LABEL: func @decode(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     linalg
!q = tensor<1x3x8x64xbf16>
!two = tensor<2x3x8x64xbf16>
!k = tensor<3x2x32x64xbf16>
func.func @decode(%q: !q, %k: !k, %p: tensor<3xi32>, %m: tensor<3x1x1x32xbf16>, %others: tensor<2xi32>, %two: !two) -> (!q, !q, !q, !two) {
  %0 = "ttir.scaled_dot_product_attention_decode"(%q, %k, %k, %m) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>}>
      : (!q, !k, !k, tensor<3x1x1x32xbf16>) -> !q
  %1 = "ttir.scaled_dot_product_attention_decode"(%q, %k, %k, %p) <{is_causal = false, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>}>
      : (!q, !k, !k, tensor<3xi32>) -> !q
  %2 = "ttir.scaled_dot_product_attention_decode"(%q, %k, %k, %others) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>}>
      : (!q, !k, !k, tensor<2xi32>) -> !q
  %3 = "ttir.scaled_dot_product_attention_decode"(%two, %k, %k, %p) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>}>
      : (!two, !k, !k, tensor<3xi32>) -> !two
  return %0, %1, %2, %3 : !q, !q, !q, !two
}
