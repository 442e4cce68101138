// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch --remarks-filter=fp8attn 2>%t.txt | FileCheck %s
// RUN: FileCheck %s --input-file=%t.txt --check-prefix=REMARK

// Keys of four heads and values of two, each repeated as often as it takes.
// CHECK-LABEL: func @pairs(
// CHECK-DAG:     %[[Q:.+]] = "torch_c.to_builtin_tensor"(%arg0)
// CHECK-DAG:     %[[K:.+]] = "torch_c.to_builtin_tensor"(%arg1)
// CHECK-DAG:     %[[V:.+]] = "torch_c.to_builtin_tensor"(%arg2)
// CHECK-NOT:     scf.for
// CHECK:         fp8attn.attention causal alignment = top_left query(%[[Q]] : {{.+}}) key(%[[K]] : tensor<1x4x?x64xf32>) value(%[[V]] : tensor<1x2x?x64xf32>)
!q = !torch.vtensor<[1,8,?,64],f32>
!k = !torch.vtensor<[1,4,?,64],f32>
!v = !torch.vtensor<[1,2,?,64],f32>
func.func @pairs(%q: !q, %k: !k, %v: !v) -> !q {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %v, %none, %zero, %true, %none, %true)
      : (!q, !k, !v, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !q
  return %0 : !q
}

// Heads that do not divide those of the query; heads that nobody said are groups.
// CHECK-LABEL: func @refused(
// CHECK-NOT:     fp8attn
// REMARK: left alone: expects heads of query (8) to be a multiple of heads of value (3)
// REMARK: left alone: expects as many heads of the value as of the query without enable_gqa, got 2 and 8
!three = !torch.vtensor<[1,3,?,64],f32>
func.func @refused(%q: !q, %k: !k, %v: !v, %three: !three) -> (!q, !q) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k, %three, %none, %zero, %true, %none, %true)
      : (!q, !k, !three, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !q
  %1 = "torch.aten.scaled_dot_product_attention"(%q, %q, %v, %none, %zero, %true, %none, %false)
      : (!q, !q, !v, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !q
  return %0, %1 : !q, !q
}
