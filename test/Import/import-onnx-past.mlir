// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx | FileCheck %s

// One new token behind a past: it is appended, the last query stands at the last
// key, and what is there now is a result, which knows less of its size.
// CHECK-LABEL: func @decode(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<2x8x1x64xbf16>, %[[K:[^:]+]]: tensor<2x2x1x64xbf16>, %[[V:[^:]+]]: tensor<2x2x1x32xbf16>, %[[PK:[^:]+]]: tensor<2x2x127x64xbf16>, %[[PV:[^:]+]]: tensor<2x2x127x32xbf16>)
// CHECK:         %[[EMPTY:.+]] = tensor.empty() : tensor<2x2x128x64xbf16>
// CHECK:         %[[OLD:.+]] = tensor.extract_slice %[[EMPTY]][0, 0, 0, 0] [2, 2, 127, 64] [1, 1, 1, 1]
// CHECK:         %[[PAST:.+]] = linalg.copy ins(%[[PK]] : {{.+}}) outs(%[[OLD]] : {{.+}})
// CHECK:         %[[FIRST:.+]] = tensor.insert_slice %[[PAST]] into %[[EMPTY]][0, 0, 0, 0] [2, 2, 127, 64] [1, 1, 1, 1]
// CHECK:         %[[NEW:.+]] = tensor.extract_slice %[[FIRST]][0, 0, 127, 0] [2, 2, 1, 64] [1, 1, 1, 1]
// CHECK:         %[[ADDED:.+]] = linalg.copy ins(%[[K]] : {{.+}}) outs(%[[NEW]] : {{.+}})
// CHECK:         %[[KEYS:.+]] = tensor.insert_slice %[[ADDED]] into %[[FIRST]][0, 0, 127, 0] [2, 2, 1, 64] [1, 1, 1, 1]
// CHECK:         %[[VALUES:.+]] = tensor.insert_slice %{{.+}} into %{{.+}}[0, 0, 127, 0] [2, 2, 1, 32] [1, 1, 1, 1]
// CHECK:         %[[OUT:.+]] = fp8attn.attention causal query(%[[Q]] : {{.+}}) key(%[[KEYS]] : tensor<2x2x128x64xbf16>) value(%[[VALUES]] : tensor<2x2x128x32xbf16>)
// CHECK:         %[[CAST:.+]] = tensor.cast %[[VALUES]] : tensor<2x2x128x32xbf16> to tensor<2x2x?x32xbf16>
// CHECK:         return %[[OUT]], %[[KEYS]], %[[CAST]]
func.func @decode(%q: tensor<2x8x1x64xbf16>, %k: tensor<2x2x1x64xbf16>, %v: tensor<2x2x1x32xbf16>, %pk: tensor<2x2x127x64xbf16>, %pv: tensor<2x2x127x32xbf16>)
    -> (tensor<2x8x1x32xbf16>, tensor<2x2x128x64xbf16>, tensor<2x2x?x32xbf16>) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %v, %none, %pk, %pv) {is_causal = 1 : si64}
      : (tensor<2x8x1x64xbf16>, tensor<2x2x1x64xbf16>, tensor<2x2x1x32xbf16>, none, tensor<2x2x127x64xbf16>, tensor<2x2x127x32xbf16>)
      -> (tensor<2x8x1x32xbf16>, tensor<2x2x128x64xbf16>, tensor<2x2x?x32xbf16>, none)
  return %0#0, %0#1, %0#2 : tensor<2x8x1x32xbf16>, tensor<2x2x128x64xbf16>, tensor<2x2x?x32xbf16>
}

// Sizes that are known when called, all keys for all queries, and heads within the
// last dimension, which a past never has.
// CHECK-LABEL: func @packed(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x?x128xf32>, %[[K:[^:]+]]: tensor<1x?x128xf32>, %[[P:[^:]+]]: tensor<1x2x?x64xf32>)
// CHECK:         %[[SPLIT:.+]] = linalg.transpose
// CHECK:         %[[SEEN:.+]] = tensor.dim %[[P]]
// CHECK:         %[[ALL:.+]] = arith.addi %[[SEEN]], %{{.+}} : index
// CHECK:         tensor.empty(%[[ALL]]) : tensor<1x2x?x64xf32>
// CHECK:         fp8attn.attention query({{.+}}) key(%{{.+}} : tensor<1x2x?x64xf32>) value(%{{.+}} : tensor<1x2x?x64xf32>)
func.func @packed(%q: tensor<1x?x128xf32>, %k: tensor<1x?x128xf32>, %p: tensor<1x2x?x64xf32>) -> tensor<1x?x128xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %k, %k, %none, %p, %p) {q_num_heads = 2 : si64, kv_num_heads = 2 : si64}
      : (tensor<1x?x128xf32>, tensor<1x?x128xf32>, tensor<1x?x128xf32>, none, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x?x128xf32>
  return %0 : tensor<1x?x128xf32>
}

// Without a past, what is there now is what was given.
// CHECK-LABEL: func @first(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x4x?x64xf32>, %[[K:[^:]+]]: tensor<1x4x?x64xf32>)
// CHECK:         %[[OUT:.+]] = fp8attn.attention causal alignment = top_left
// CHECK:         return %[[OUT]], %[[K]]
func.func @first(%q: tensor<1x4x?x64xf32>, %k: tensor<1x4x?x64xf32>) -> (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) {
  %0:3 = "onnx.Attention"(%q, %k, %k) {is_causal = 1 : si64}
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) -> (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>)
  return %0#0, %0#1 : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>
}

// A past of no tokens, as on the first call of a loop.
// CHECK-LABEL: func @empty(
// CHECK-SAME:    %[[Q:[^:]+]]: tensor<1x4x3x64xf32>
// CHECK-NOT:     linalg.copy
// CHECK:         fp8attn.attention causal query(%[[Q]] : {{.+}}) key(%[[Q]] : {{.+}}) value(%[[Q]] : {{.+}})
func.func @empty(%q: tensor<1x4x3x64xf32>, %p: tensor<1x4x0x64xf32>) -> tensor<1x4x3x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %q, %q, %none, %p, %p) {is_causal = 1 : si64}
      : (tensor<1x4x3x64xf32>, tensor<1x4x3x64xf32>, tensor<1x4x3x64xf32>, none, tensor<1x4x0x64xf32>, tensor<1x4x0x64xf32>) -> tensor<1x4x3x64xf32>
  return %0 : tensor<1x4x3x64xf32>
}
