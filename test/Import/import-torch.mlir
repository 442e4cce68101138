// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch --split-input-file | FileCheck %s

// Types and options are those of PyTorch: a first query at the first key, heads in
// groups, the scale of the head size.
// CHECK-LABEL: func @causal(
// CHECK-SAME:    %[[Q:[^:]+]]: !torch.vtensor<[1,8,?,64],bf16>, %[[K:[^:]+]]: !torch.vtensor<[1,2,?,64],bf16>
// CHECK-NOT:   torch.constant
// CHECK-DAG:   %[[QUERY:.+]] = "torch_c.to_builtin_tensor"(%[[Q]]) : (!torch.vtensor<[1,8,?,64],bf16>) -> tensor<1x8x?x64xbf16>
// CHECK-DAG:   %[[KEY:.+]] = "torch_c.to_builtin_tensor"(%[[K]]) : (!torch.vtensor<[1,2,?,64],bf16>) -> tensor<1x2x?x64xbf16>
// CHECK:       %[[DIM:.+]] = tensor.dim %[[QUERY]], %{{.+}} : tensor<1x8x?x64xbf16>
// CHECK:       %[[EMPTY:.+]] = tensor.empty(%[[DIM]]) : tensor<1x8x?x64xbf16>
// CHECK:       %[[OUT:.+]] = fp8attn.attention causal alignment = top_left query(%[[QUERY]] : {{.+}}) key(%[[KEY]] : {{.+}}) value(%{{.+}} : tensor<1x2x?x64xbf16>) out(%[[EMPTY]] : {{.+}}) -> tensor<1x8x?x64xbf16>
// CHECK-NEXT:  %[[RESULT:.+]] = "torch_c.from_builtin_tensor"(%[[OUT]]) : (tensor<1x8x?x64xbf16>) -> !torch.vtensor<[1,8,?,64],bf16>
// CHECK-NEXT:  return %[[RESULT]]
func.func @causal(%q: !torch.vtensor<[1,8,?,64],bf16>, %k: !torch.vtensor<[1,2,?,64],bf16>, %v: !torch.vtensor<[1,2,?,64],bf16>)
    -> !torch.vtensor<[1,8,?,64],bf16> {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %true, %none, %true)
      : (!torch.vtensor<[1,8,?,64],bf16>, !torch.vtensor<[1,2,?,64],bf16>, !torch.vtensor<[1,2,?,64],bf16>,
         !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,8,?,64],bf16>
  return %0 : !torch.vtensor<[1,8,?,64],bf16>
}

// -----

// A scale that is given, a mask of queries and keys, constants as attributes, and
// no conversion of what is made of tensors of MLIR.
// CHECK-LABEL: func @masked(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x4x?x64xf32>, %[[K:[^:]+]]: tensor<2x4x?x64xf32>, %[[M:[^:]+]]: tensor<?x?xi1>)
// CHECK-NOT:   torch
// CHECK:       %[[MASK:.+]] = tensor.expand_shape %[[M]] {{\[\[}}0, 1, 2], [3]] {{.*}} : tensor<?x?xi1> into tensor<1x1x?x?xi1>
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[Q]] : {{.+}}) key(%[[K]] : {{.+}}) value(%[[K]] : {{.+}}) out({{.+}}) mask(%[[MASK]] : tensor<1x1x?x?xi1>) {softmax_scale = 2.500000e-01 : f32} -> tensor<2x4x?x64xf32>
// CHECK-NEXT:  return %[[OUT]] : tensor<2x4x?x64xf32>
func.func @masked(%q: tensor<2x4x?x64xf32>, %k: tensor<2x4x?x64xf32>, %m: tensor<?x?xi1>) -> tensor<2x4x?x64xf32> {
  %tq = "torch_c.from_builtin_tensor"(%q) : (tensor<2x4x?x64xf32>) -> !torch.vtensor<[2,4,?,64],f32>
  %tk = "torch_c.from_builtin_tensor"(%k) : (tensor<2x4x?x64xf32>) -> !torch.vtensor<[2,4,?,64],f32>
  %tm = "torch_c.from_builtin_tensor"(%m) : (tensor<?x?xi1>) -> !torch.vtensor<[?,?],i1>
  %false = "torch.constant.bool"() {value = false} : () -> !torch.bool
  %zero = "torch.constant.float"() {value = 0.0 : f64} : () -> !torch.float
  %scale = "torch.constant.float"() {value = 0.25 : f64} : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%tq, %tk, %tk, %tm, %zero, %false, %scale, %false)
      : (!torch.vtensor<[2,4,?,64],f32>, !torch.vtensor<[2,4,?,64],f32>, !torch.vtensor<[2,4,?,64],f32>,
         !torch.vtensor<[?,?],i1>, !torch.float, !torch.bool, !torch.float, !torch.bool) -> !torch.vtensor<[2,4,?,64],f32>
  %r = "torch_c.to_builtin_tensor"(%0) : (!torch.vtensor<[2,4,?,64],f32>) -> tensor<2x4x?x64xf32>
  return %r : tensor<2x4x?x64xf32>
}

// -----

// What torch.export gives on CPUs: other places of the operands, and a second
// result, whose type knows a size that the first does not.
// CHECK-LABEL: func @for_cpu(
// CHECK:       %[[OUT:.+]]:2 = fp8attn.attention causal alignment = top_left query({{.+}}) key({{.+}}) value({{.+}}) out(%{{.+}} : tensor<4x8x?x32xf16>) lse(%{{.+}} : tensor<4x8x?xf32>) -> (tensor<4x8x?x32xf16>, tensor<4x8x?xf32>)
// CHECK:       %[[LSE:.+]] = tensor.cast %[[OUT]]#1 : tensor<4x8x?xf32> to tensor<4x8x7xf32>
// CHECK:       "torch_c.from_builtin_tensor"(%[[OUT]]#0) : (tensor<4x8x?x32xf16>) -> !torch.vtensor<[4,8,?,32],f16>
// CHECK:       "torch_c.from_builtin_tensor"(%[[LSE]]) : (tensor<4x8x7xf32>) -> !torch.vtensor<[4,8,7],f32>
func.func @for_cpu(%q: !torch.vtensor<[4,8,?,32],f16>) -> (!torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,7],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0:2 = "torch.operator"(%q, %q, %q, %zero, %true, %none, %none) <{name = "torch.aten._scaled_dot_product_flash_attention_for_cpu"}>
      : (!torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,?,32],f16>,
         !torch.float, !torch.bool, !torch.none, !torch.none) -> (!torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,7],f32>)
  return %0#0, %0#1 : !torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,7],f32>
}

// -----

// Another operation of torch.
// CHECK-LABEL: func @other(
// CHECK:         "torch.operator"
func.func @other(%q: !torch.vtensor<[4,8,?,32],f16>) -> !torch.vtensor<[4,8,?,32],f16> {
  %0 = "torch.operator"(%q, %q, %q) <{name = "torch.aten.other"}>
      : (!torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,?,32],f16>, !torch.vtensor<[4,8,?,32],f16>) -> !torch.vtensor<[4,8,?,32],f16>
  return %0 : !torch.vtensor<[4,8,?,32],f16>
}

// -----

// Tensors without heads, and a mask for each batch entry.
// CHECK-LABEL: func @no_heads(
// CHECK-DAG:   %[[Q:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0, 1], [2], [3]] {{.*}} : tensor<16x?x128xf16> into tensor<16x1x?x128xf16>
// CHECK-DAG:   %[[M:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0, 1], [2], [3]] {{.*}} : tensor<16x?x9xi1> into tensor<16x1x?x9xi1>
// CHECK:       %[[OUT:.+]] = fp8attn.attention query(%[[Q]] : {{.+}}) {{.*}} mask(%[[M]] : tensor<16x1x?x9xi1>) -> tensor<16x1x?x128xf16>
// CHECK:       tensor.collapse_shape %[[OUT]] {{\[\[}}0, 1], [2], [3]] : tensor<16x1x?x128xf16> into tensor<16x?x128xf16>
func.func @no_heads(%q: !torch.vtensor<[16,?,128],f16>, %k: !torch.vtensor<[16,9,128],f16>, %m: !torch.vtensor<[16,?,9],i1>) -> !torch.vtensor<[16,?,128],f16> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %k, %m, %zero, %false, %none, %false)
      : (!torch.vtensor<[16,?,128],f16>, !torch.vtensor<[16,9,128],f16>, !torch.vtensor<[16,9,128],f16>,
         !torch.vtensor<[16,?,9],i1>, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[16,?,128],f16>
  return %0 : !torch.vtensor<[16,?,128],f16>
}

// -----

// A scale that is computed is a number of the call, in f32 as a constant is.
// CHECK-LABEL: func @dynamic_scale(
// CHECK-SAME:    %[[SCALE:[a-z0-9_]+]]: !torch.float)
// CHECK:         %[[WIDE:.+]] = "torch_c.to_f64"(%[[SCALE]]) : (!torch.float) -> f64
// CHECK:         %[[NUMBER:.+]] = arith.truncf %[[WIDE]] : f64 to f32
// CHECK:         fp8attn.attention {{.*}} softmax_scale(%[[NUMBER]] : f32)
// CHECK-NOT:     softmax_scale =
func.func @dynamic_scale(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>, %s: !torch.float) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %s, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.float, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// One of MLIR's is used as it is.
// CHECK-LABEL: func @scale_of_f64(
// CHECK-SAME:    %[[SCALE:[a-z0-9_]+]]: f64)
// CHECK-NOT:     torch_c.{{to|from}}_f64
// CHECK:         arith.truncf %[[SCALE]] : f64 to f32
func.func @scale_of_f64(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,4,?,64],f32>, %x: f64) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %s = "torch_c.from_f64"(%x) : (f64) -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %false, %s, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.float, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
  return %0 : !torch.vtensor<[1,4,?,64],f32>
}
