// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx --remarks-filter=fp8attn 2>%t.txt | FileCheck %s
// RUN: FileCheck %s --input-file=%t.txt --check-prefix=REMARK

// Keys behind `nonpad_kv_seqlen` are padding: each batch entry attends to its own,
// the last query at the last of them. A length of 64 bits stays too large, or
// negative, in 32. Columns that a mask has not are masked.
// CHECK-LABEL: func @padded(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x?x64xf32>, %[[K:[^:]+]]: tensor<2x2x?x64xf32>, %[[L:[^:]+]]: tensor<2xi64>, %[[M:[^:]+]]: tensor<?x?xf32>)
// CHECK-NOT:     scf.for
// CHECK:         %[[LENS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<2xi32>)
// CHECK:           %[[B:.+]] = linalg.index 0
// CHECK:           tensor.extract %[[L]][%[[B]]]
// CHECK:           arith.maxsi %{{.+}}, %c-2147483648_i64
// CHECK:           arith.minsi %{{.+}}, %c2147483647_i64
// CHECK:         %[[MASK:.+]] = tensor.expand_shape %[[M]]
// CHECK-NOT:     scf.for
// CHECK:         fp8attn.attention causal query(%[[Q]] : {{.+}}) key(%[[K]] : {{.+}}) {{.*}} mask(%[[MASK]] : tensor<1x1x?x?xf32>) key_lens(%[[LENS]] : tensor<2xi32>)
func.func @padded(%q: tensor<2x8x?x64xf32>, %k: tensor<2x2x?x64xf32>, %l: tensor<2xi64>, %m: tensor<?x?xf32>) -> tensor<2x8x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %k, %k, %m, %none, %none, %l) {is_causal = 1 : si64}
      : (tensor<2x8x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<?x?xf32>, none, none, tensor<2xi64>) -> tensor<2x8x?x64xf32>
  return %0 : tensor<2x8x?x64xf32>
}

// Without a mask and not causal.
// CHECK-LABEL: func @one(
// CHECK:         fp8attn.attention query({{.*}} key_lens(%{{.+}} : tensor<1xi32>)
func.func @one(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x256x64xf32>, %l: tensor<1xi64>) -> tensor<1x8x1x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %k, %k, %none, %none, %none, %l) : (tensor<1x8x1x64xf32>, tensor<1x2x256x64xf32>, tensor<1x2x256x64xf32>, none, none, none, tensor<1xi64>) -> tensor<1x8x1x64xf32>
  return %0 : tensor<1x8x1x64xf32>
}

// Windows of opset 25 count keys beside the token itself.
// CHECK-LABEL: func @window(
// CHECK:         fp8attn.attention window_left = 4 window_right = 2 alignment = top_left
func.func @window(%q: tensor<1x8x?x64xf32>) -> tensor<1x8x?x64xf32> {
  %0 = "onnx.Attention"(%q, %q, %q) {left_window_size = 4 : si64, right_window_size = 2 : si64} : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>) -> tensor<1x8x?x64xf32>
  return %0 : tensor<1x8x?x64xf32>
}

// CHECK-LABEL: func @refused(
// CHECK-NOT:     fp8attn
// REMARK: left alone: expects a past or nonpad_kv_seqlen, got both
// REMARK: left alone: expects batch of nonpad_kv_seqlen (3) to equal batch of key (1)
// REMARK: left alone: expects as many heads of value as of key, got tensor<1x4x1x64xf32> and tensor<1x8x1x64xf32>
func.func @refused(%q: tensor<1x8x1x64xf32>, %l: tensor<3xi64>, %v: tensor<1x4x1x64xf32>) -> (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %q, %q, %none, %q, %q, %l) : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, none, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<3xi64>) -> tensor<1x8x1x64xf32>
  %1 = "onnx.Attention"(%q, %q, %q, %none, %none, %none, %l) : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, none, none, none, tensor<3xi64>) -> tensor<1x8x1x64xf32>
  %2 = "onnx.Attention"(%q, %q, %v) : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x4x1x64xf32>) -> tensor<1x8x1x64xf32>
  return %0, %1, %2 : tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>
}
