// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx --remarks-filter=fp8attn -o %t.mlir 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file=%t.mlir --check-prefix=LEFT

// None of these is attention as fp8attn has it; each stays as it is.
// LEFT-NOT: fp8attn
// LEFT-COUNT-11: "onnx.Custom"
// LEFT-NOT: fp8attn

!q = tensor<1x8x256xf32>
!kv = tensor<1x8x128xf32>
!past = tensor<1x2x16x64xf32>
!l = tensor<1xi32>
!n = tensor<i32>

// CHECK: left alone: expects do_rotary 0, queries and keys that are rotated before, got 1
// CHECK: left alone: expects keys and values that are not quantized
// CHECK: left alone: expects local_window_size of -1, or of 1 or more, got 0
// CHECK: left alone: expects num_heads and kv_num_heads of 1 or more, got 4 and 0
func.func @attributes(%q: !q, %k: !kv, %past: !past, %l: !l, %n: !n) -> (!q, !q, !q, !q) {
  %0 = "onnx.Custom"(%q, %k, %k, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64, do_rotary = 1 : si64}
      : (!q, !kv, !kv, !past, !past, !l, !n) -> !q
  %1 = "onnx.Custom"(%q, %k, %k, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64, k_quant_type = "PER_TENSOR"}
      : (!q, !kv, !kv, !past, !past, !l, !n) -> !q
  %2 = "onnx.Custom"(%q, %k, %k, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64, local_window_size = 0 : si64}
      : (!q, !kv, !kv, !past, !past, !l, !n) -> !q
  %3 = "onnx.Custom"(%q, %k, %k, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64}
      : (!q, !kv, !kv, !past, !past, !l, !n) -> !q
  return %0, %1, %2, %3 : !q, !q, !q, !q
}

// CHECK: left alone: expects past keys and past values, or neither, got one of them
// CHECK: left alone: expects a query of three dimensions, the last of 4 heads, and keys and values, or neither, got tensor<1x8x256xf32>
// CHECK: left alone: expects a key whose last dimension of three is 2 heads of 64, got tensor<1x8x256xf32>
// CHECK: left alone: expects tokens of key (4) to equal tokens of query (8)
// CHECK: left alone: expects a head_sink for each of 4 heads, got tensor<2xf32>
func.func @operands(%q: !q, %k: !kv, %past: !past, %l: !l, %n: !n, %few: tensor<1x4x128xf32>, %sink: tensor<2xf32>) -> (!q, !q, !q, !q, !q) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0 = "onnx.Custom"(%q, %k, %k, %past, %none, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, !kv, !kv, !past, none, !l, !n) -> !q
  %1 = "onnx.Custom"(%q, %k, %none, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, !kv, none, !past, !past, !l, !n) -> !q
  %2 = "onnx.Custom"(%q, %q, %q, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, !q, !q, !past, !past, !l, !n) -> !q
  %3 = "onnx.Custom"(%q, %few, %few, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, tensor<1x4x128xf32>, tensor<1x4x128xf32>, !past, !past, !l, !n) -> !q
  %4 = "onnx.Custom"(%q, %k, %k, %past, %past, %l, %n, %none, %none, %none, %none, %sink) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, !kv, !kv, !past, !past, !l, !n, none, none, none, none, tensor<2xf32>) -> !q
  return %0, %1, %2, %3, %4 : !q, !q, !q, !q, !q
}

// A past without room, and a present that neither has the tokens of the past nor
// those of both.
// CHECK: left alone: expects a past with room for tensor<1x2x8x64xf32>, got tensor<1x2x4x64xf32>
// CHECK: left alone: expects tokens of query (8) to equal tokens of the present less those of the past (4)
func.func @present(%q: !q, %k: !kv, %small: tensor<1x2x4x64xf32>, %past: !past, %l: !l, %n: !n) -> (!q, !q, tensor<1x2x4x64xf32>, tensor<1x2x20x64xf32>) {
  %0:2 = "onnx.Custom"(%q, %k, %k, %small, %small, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, !kv, !kv, tensor<1x2x4x64xf32>, tensor<1x2x4x64xf32>, !l, !n) -> (!q, tensor<1x2x4x64xf32>)
  %1:2 = "onnx.Custom"(%q, %k, %k, %past, %past, %l, %n) {function_name = "GroupQueryAttention", domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (!q, !kv, !kv, !past, !past, !l, !n) -> (!q, tensor<1x2x20x64xf32>)
  return %0#0, %1#0, %0#1, %1#1 : !q, !q, tensor<1x2x4x64xf32>, tensor<1x2x20x64xf32>
}
