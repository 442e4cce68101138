// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx --split-input-file --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// What cannot be meant exactly stays as it was, and a remark says why.

// Keys of a past without values.
// REMARK: Reason="onnx.Attention is left alone: expects past keys and past values, or neither, got one of them
// CHECK-LABEL: func @half_a_past(
// CHECK-NOT:     fp8attn
func.func @half_a_past(%q: tensor<1x4x?x64xf32>, %k: tensor<1x4x?x64xf32>, %p: tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %k, %none, %p, %none) {}
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, none, tensor<1x4x?x64xf32>, none) -> (tensor<1x4x?x64xf32>, none, none, none)
  return %0#0 : tensor<1x4x?x64xf32>
}

// -----

// A past, and queries of which nobody knows that there are as many as new keys: where
// they stand is not known.
// REMARK: Reason="onnx.Attention is left alone: expects as many new keys as queries, statically, with a past and is_causal, got tensor<1x4x?x64xf32> and tensor<1x4x?x64xf32>
// CHECK-LABEL: func @where(
// CHECK-NOT:     fp8attn
func.func @where(%q: tensor<1x4x?x64xf32>, %p: tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %q, %q, %none, %p, %p) {is_causal = 1 : si64}
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, none, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %0 : tensor<1x4x?x64xf32>
}

// -----

// A past of other heads, behind which nothing can stand.
// REMARK: Reason="onnx.Attention is left alone: expects a past that differs from what is added, which is not empty, in its tokens alone, got tensor<1x2x?x64xf32> and tensor<1x4x?x64xf32>
// CHECK-LABEL: func @other_past(
// CHECK-NOT:     fp8attn
// CHECK-NOT:     tensor.empty
func.func @other_past(%q: tensor<1x4x?x64xf32>, %p: tensor<1x4x?x64xf32>, %v: tensor<1x2x?x64xf32>) -> tensor<1x4x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %q, %q, %none, %p, %v) {}
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, none, tensor<1x4x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x4x?x64xf32>
  return %0 : tensor<1x4x?x64xf32>
}

// -----

// A past behind which nothing stands.
// REMARK: Reason="onnx.Attention is left alone: expects a past that differs from what is added, which is not empty, in its tokens alone, got tensor<0x4x?x64xf32> and tensor<0x4x?x64xf32>
// CHECK-LABEL: func @empty(
// CHECK-NOT:     fp8attn
func.func @empty(%q: tensor<0x4x?x64xf32>, %p: tensor<0x4x?x64xf32>) -> tensor<0x4x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Attention"(%q, %q, %q, %none, %p, %p) {}
      : (tensor<0x4x?x64xf32>, tensor<0x4x?x64xf32>, tensor<0x4x?x64xf32>, none, tensor<0x4x?x64xf32>, tensor<0x4x?x64xf32>) -> tensor<0x4x?x64xf32>
  return %0 : tensor<0x4x?x64xf32>
}

// -----

// A softmax in double.
// REMARK: Reason="onnx.Attention is left alone: expects softmax_precision of f32 or less, got double
// CHECK-LABEL: func @precision(
// CHECK-NOT:     fp8attn
func.func @precision(%q: tensor<1x4x?x64xf32>, %k: tensor<1x4x?x64xf32>) -> tensor<1x4x?x64xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %k, %none, %none, %none) {softmax_precision = 11 : si64}
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, none, none, none) -> (tensor<1x4x?x64xf32>, none, none, none)
  return %0#0 : tensor<1x4x?x64xf32>
}

// -----

// Scores as a result.
// REMARK: Reason="onnx.Attention is left alone: expects no use of scores
// CHECK-LABEL: func @scores(
// CHECK-NOT:     fp8attn
func.func @scores(%q: tensor<1x4x?x64xf32>, %k: tensor<1x4x?x64xf32>) -> tensor<1x4x?x?xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %k, %none, %none, %none) {}
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, none, none, none) -> (tensor<1x4x?x64xf32>, none, none, tensor<1x4x?x?xf32>)
  return %0#3 : tensor<1x4x?x?xf32>
}

// -----

// Heads that are packed, and do not fill the last dimension.
// REMARK: Reason="onnx.Attention is left alone: expects q_num_heads to divide a last dimension of three, got 3 and tensor<1x?x256xf32>
// CHECK-LABEL: func @packed(
// CHECK-NOT:     fp8attn
func.func @packed(%q: tensor<1x?x256xf32>, %k: tensor<1x?x256xf32>) -> tensor<1x?x256xf32> {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %k, %none, %none, %none) {q_num_heads = 3 : si64, kv_num_heads = 4 : si64}
      : (tensor<1x?x256xf32>, tensor<1x?x256xf32>, tensor<1x?x256xf32>, none, none, none) -> (tensor<1x?x256xf32>, none, none, none)
  return %0#0 : tensor<1x?x256xf32>
}

// -----

// Packed heads that are split, and then refused: nothing stays of the split.
// REMARK: Reason="onnx.Attention is left alone: expects channels of key that are a multiple of 8 up to 576, got 12
// CHECK-LABEL: func @split(
// CHECK-NOT:     linalg
func.func @split(%q: tensor<1x?x24xf32>, %k: tensor<1x?x24xf32>) -> tensor<1x?x24xf32> {
  %0 = "onnx.Attention"(%q, %k, %k) {q_num_heads = 2 : si64, kv_num_heads = 2 : si64}
      : (tensor<1x?x24xf32>, tensor<1x?x24xf32>, tensor<1x?x24xf32>) -> tensor<1x?x24xf32>
  return %0 : tensor<1x?x24xf32>
}
