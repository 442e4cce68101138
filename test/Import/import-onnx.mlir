// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx | FileCheck %s

// The first query stands at the first key; heads are in groups without saying so.
// CHECK-LABEL: func @causal(
// CHECK-NOT:     onnx
// CHECK:         fp8attn.attention causal alignment = top_left query(%{{.+}} : tensor<1x8x?x64xbf16>) key(%{{.+}} : tensor<1x2x?x64xbf16>) value(%{{.+}}) out(%{{.+}} : tensor<1x8x?x64xbf16>) -> tensor<1x8x?x64xbf16>
func.func @causal(%q: tensor<1x8x?x64xbf16>, %k: tensor<1x2x?x64xbf16>) -> tensor<1x8x?x64xbf16> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %k, %none, %none, %none) {is_causal = 1 : si64, softcap = 0.0 : f32}
      : (tensor<1x8x?x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x64xbf16>, none, none, none)
      -> (tensor<1x8x?x64xbf16>, none, none, none)
  return %0#0 : tensor<1x8x?x64xbf16>
}

// Causal and a mask, a scale, a softcap, values of another head size, a result
// that knows less, and operands left out at the end.
// CHECK-LABEL: func @all(
// CHECK:         %[[MASK:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0, 1], [2], [3]] {{.*}} : tensor<8x?x?xf32> into tensor<1x8x?x?xf32>
// CHECK:         %[[OUT:.+]] = fp8attn.attention causal alignment = top_left {{.*}} mask(%[[MASK]] : tensor<1x8x?x?xf32>) {softcap = 5.000000e+01 : f32, softmax_scale = 1.250000e-01 : f32} -> tensor<1x8x?x32xf32>
// CHECK:         tensor.cast %[[OUT]] : tensor<1x8x?x32xf32> to tensor<?x8x?x32xf32>
func.func @all(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>, %v: tensor<1x2x?x32xf32>, %mask: tensor<8x?x?xf32>) -> tensor<?x8x?x32xf32> {
  %0 = "onnx.Attention"(%q, %k, %v, %mask) {is_causal = 1 : si64, scale = 0.125 : f32, softcap = 50.0 : f32}
      : (tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x32xf32>, tensor<8x?x?xf32>) -> tensor<?x8x?x32xf32>
  return %0 : tensor<?x8x?x32xf32>
}

// Heads within the last dimension, and a result that nobody has inferred.
// CHECK-LABEL: func @packed(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x?x256xf32>, %[[K:[^:]+]]: tensor<2x20x128xf32>)
// CHECK:         %[[SPLIT:.+]] = tensor.expand_shape %[[Q]] {{\[\[}}0], [1], [2, 3]] {{.*}} : tensor<2x?x256xf32> into tensor<2x?x4x64xf32>
// CHECK:         %[[QUERY:.+]] = linalg.transpose ins(%[[SPLIT]] : tensor<2x?x4x64xf32>) outs(%{{.+}} : tensor<2x4x?x64xf32>) permutation = [0, 2, 1, 3]
// CHECK:         %[[OUT:.+]] = fp8attn.attention query(%[[QUERY]] : {{.+}}) key(%{{.+}} : tensor<2x2x20x64xf32>) value(%{{.+}} : tensor<2x2x20x64xf32>) out({{.+}}) -> tensor<2x4x?x64xf32>
// CHECK:         %[[BACK:.+]] = linalg.transpose ins(%[[OUT]] : tensor<2x4x?x64xf32>) outs(%{{.+}} : tensor<2x?x4x64xf32>) permutation = [0, 2, 1, 3]
// CHECK:         %[[JOINED:.+]] = tensor.collapse_shape %[[BACK]] {{\[\[}}0], [1], [2, 3]] : tensor<2x?x4x64xf32> into tensor<2x?x256xf32>
// CHECK:         tensor.cast %[[JOINED]] : tensor<2x?x256xf32> to tensor<*xf32>
func.func @packed(%q: tensor<2x?x256xf32>, %k: tensor<2x20x128xf32>) -> tensor<*xf32> {
  %0 = "onnx.Attention"(%q, %k, %k) {q_num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (tensor<2x?x256xf32>, tensor<2x20x128xf32>, tensor<2x20x128xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// A mask of one query for all is taken as it is; one of one key is copied for all, and
// so is one of neither, for a row: sizes that a mask has stay its own.
// CHECK-LABEL: func @broadcast(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x?x64xf32>, %[[K:[^:]+]]: tensor<2x8x?x64xf32>, %[[KEYS:[^:]+]]: tensor<2x1x1x?xi1>, %[[QUERIES:[^:]+]]: tensor<?x1xf32>, %[[ONE:[^:]+]]: tensor<1xf32>)
// CHECK:         fp8attn.attention {{.*}} mask(%[[KEYS]] : tensor<2x1x1x?xi1>)
// CHECK:         %[[COLUMNS:.+]] = tensor.dim %[[K]]
// CHECK:         %[[DROPPED:.+]] = tensor.collapse_shape %{{.+}} {{\[\[}}0], [1], [2, 3]] : tensor<1x1x?x1xf32> into tensor<1x1x?xf32>
// CHECK:         %[[EMPTY:.+]] = tensor.empty(%{{.+}}, %[[COLUMNS]]) : tensor<1x1x?x?xf32>
// CHECK:         linalg.broadcast ins(%[[DROPPED]] : tensor<1x1x?xf32>) outs(%[[EMPTY]] : tensor<1x1x?x?xf32>) dimensions = [3]
// CHECK:         fp8attn.attention {{.*}} mask(%{{.+}} : tensor<1x1x?x?xf32>)
// CHECK:         linalg.broadcast ins(%{{.+}} : tensor<1x1x1xf32>) outs(%{{.+}} : tensor<1x1x1x?xf32>) dimensions = [3]
// CHECK:         fp8attn.attention {{.*}} mask(%{{.+}} : tensor<1x1x1x?xf32>)
!t = tensor<2x8x?x64xf32>
func.func @broadcast(%q: !t, %k: !t, %keys: tensor<2x1x1x?xi1>, %queries: tensor<?x1xf32>, %one: tensor<1xf32>) -> (!t, !t, !t) {
  %0 = "onnx.Attention"(%q, %k, %k, %keys) {} : (!t, !t, !t, tensor<2x1x1x?xi1>) -> !t
  %1 = "onnx.Attention"(%q, %k, %k, %queries) {} : (!t, !t, !t, tensor<?x1xf32>) -> !t
  %2 = "onnx.Attention"(%q, %k, %k, %one) {} : (!t, !t, !t, tensor<1xf32>) -> !t
  return %0, %1, %2 : !t, !t, !t
}
