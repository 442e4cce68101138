// Attention as front ends write it; ImportTest.cpp says what each means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch --fp8attn-import-onnx -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=torch. --implicit-check-not=onnx.
// CHECK-COUNT-3: fp8attn.attention

!q = tensor<2x4x?x64xf32>
!kv = tensor<2x2x?x64xf32>
!tq = !torch.vtensor<[2,4,?,64],f32>
!tkv = !torch.vtensor<[2,2,?,64],f32>

func.func @torch_causal(%q: !q, %k: !kv, %v: !kv) -> !q {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!kv) -> !tkv
  %tv = "torch_c.from_builtin_tensor"(%v) : (!kv) -> !tkv
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%tq, %tk, %tv, %none, %zero, %true, %none, %true)
      : (!tq, !tkv, !tkv, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !tq
  %r = "torch_c.to_builtin_tensor"(%0) : (!tq) -> !q
  return %r : !q
}

func.func @torch_for_cpu(%q: !q, %k: !q, %v: !q, %mask: tensor<?x?xi1>) -> (!q, tensor<2x4x?xf32>) {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!q) -> !tq
  %tv = "torch_c.from_builtin_tensor"(%v) : (!q) -> !tq
  %tm = "torch_c.from_builtin_tensor"(%mask) : (tensor<?x?xi1>) -> !torch.vtensor<[?,?],i1>
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %scale = "torch.constant.float"() <{value = 0.25 : f64}> : () -> !torch.float
  %0:2 = "torch.operator"(%tq, %tk, %tv, %zero, %false, %tm, %scale) <{name = "torch.aten._scaled_dot_product_flash_attention_for_cpu"}>
      : (!tq, !tq, !tq, !torch.float, !torch.bool, !torch.vtensor<[?,?],i1>, !torch.float) -> (!tq, !torch.vtensor<[2,4,?],f32>)
  %r = "torch_c.to_builtin_tensor"(%0#0) : (!tq) -> !q
  %lse = "torch_c.to_builtin_tensor"(%0#1) : (!torch.vtensor<[2,4,?],f32>) -> tensor<2x4x?xf32>
  return %r, %lse : !q, tensor<2x4x?xf32>
}

func.func @onnx(%q: !q, %k: !kv, %v: !kv, %mask: tensor<?x?xf32>) -> !q {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %k, %v, %mask, %none, %none) {is_causal = 1 : si64, softcap = 2.0 : f32}
      : (!q, !kv, !kv, tensor<?x?xf32>, none, none) -> (!q, none, none, none)
  return %0#0 : !q
}
