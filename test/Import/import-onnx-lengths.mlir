// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx --remarks-filter=fp8attn 2>%t.txt | FileCheck %s
// RUN: FileCheck %s --input-file=%t.txt --check-prefix=REMARK

// Keys behind `nonpad_kv_seqlen` are padding: each batch entry attends to its own,
// the last query at the last of them, and the columns of a mask are as many.
// CHECK-LABEL: func @padded(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x?x64xf32>, %[[K:[^:]+]]: tensor<2x2x?x64xf32>, %[[L:[^:]+]]: tensor<2xi64>, %[[M:[^:]+]]: tensor<?x?xf32>)
// CHECK:         %[[TOKENS:.+]] = tensor.dim %[[K]]
// CHECK:         fp8attn.check.size "queries of mask"
// CHECK:         scf.for %[[B:.+]] = %{{.+}} iter_args(%[[O:.+]] = %{{.+}})
// CHECK:           %[[N:.+]] = tensor.extract %[[L]][%[[B]]]
// CHECK:           %[[COUNT:.+]] = arith.index_cast %[[N]] : i64 to index
// CHECK:           fp8attn.check.size "nonpad_kv_seqlen of a batch entry", %[[COUNT]], "0 to the tokens of key"
// CHECK:           %[[KEY:.+]] = tensor.extract_slice %[[K]][%[[B]], 0, 0, 0] [1, 2, %[[COUNT]], 64]
// CHECK:           fp8attn.check.size "keys of a batch entry", %[[COUNT]], "0 to the columns of the mask"
// CHECK:           %[[MASK:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0, 0] [1, 1, %{{.+}}, %[[COUNT]]]
// CHECK:           fp8attn.attention causal query(%{{.+}} : tensor<1x8x?x64xf32>) key(%[[KEY]] : {{.+}}) {{.*}} mask(%[[MASK]] : {{.+}})
func.func @padded(%q: tensor<2x8x?x64xf32>, %k: tensor<2x2x?x64xf32>, %l: tensor<2xi64>, %m: tensor<?x?xf32>) -> tensor<2x8x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %k, %k, %m, %none, %none, %l) {is_causal = 1 : si64}
      : (tensor<2x8x?x64xf32>, tensor<2x2x?x64xf32>, tensor<2x2x?x64xf32>, tensor<?x?xf32>, none, none, tensor<2xi64>) -> tensor<2x8x?x64xf32>
  return %0 : tensor<2x8x?x64xf32>
}

// One batch entry needs no loop.
// CHECK-LABEL: func @one(
// CHECK-NOT:     scf.for
// CHECK:         fp8attn.attention query(
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
func.func @refused(%q: tensor<1x8x1x64xf32>, %l: tensor<3xi64>) -> (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %q, %q, %none, %q, %q, %l) : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, none, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<3xi64>) -> tensor<1x8x1x64xf32>
  %1 = "onnx.Attention"(%q, %q, %q, %none, %none, %none, %l) : (tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>, none, none, none, tensor<3xi64>) -> tensor<1x8x1x64xf32>
  return %0, %1 : tensor<1x8x1x64xf32>, tensor<1x8x1x64xf32>
}
