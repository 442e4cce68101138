// Flex attention and repeated heads as torch writes them; FlexImportTest.cpp says what
// it means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-flex --fp8attn-import-torch -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=torch.
// CHECK-COUNT-3: fp8attn.attention

!q = tensor<2x4x?x64xf32>
!kv = tensor<2x2x?x64xf32>
!lse = tensor<2x4x?xf32>
!tq = !torch.vtensor<[2,4,?,64],f32>
!tkv = !torch.vtensor<[2,2,?,64],f32>
!tlse = !torch.vtensor<[2,4,?],f32>
!int = !torch.vtensor<[],si32>
!float = !torch.vtensor<[],f32>
!bool = !torch.vtensor<[],i1>

// 2 tanh(score / 2) + b + h / 4 + (q - k) // 8 % 5 / 16
func.func private @score(%s: !float, %b: !int, %h: !int, %q: !int, %k: !int) -> !float {
  %one = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %five = "torch.constant.int"() <{value = 5 : i64}> : () -> !torch.int
  %eight = "torch.constant.int"() <{value = 8 : i64}> : () -> !torch.int
  %two = "torch.constant.float"() <{value = 2.0 : f64}> : () -> !torch.float
  %quarter = "torch.constant.float"() <{value = 0.25 : f64}> : () -> !torch.float
  %sixteenth = "torch.constant.float"() <{value = 0.0625 : f64}> : () -> !torch.float
  %floor = "torch.constant.str"() <{value = "floor"}> : () -> !torch.str
  %0 = "torch.aten.div.Scalar"(%s, %two) : (!float, !torch.float) -> !float
  %1 = "torch.aten.tanh"(%0) : (!float) -> !float
  %2 = "torch.aten.mul.Scalar"(%1, %two) : (!float, !torch.float) -> !float
  %3 = "torch.aten.add.Tensor"(%2, %b, %one) : (!float, !int, !torch.int) -> !float
  %4 = "torch.aten.mul.Scalar"(%h, %quarter) : (!int, !torch.float) -> !float
  %5 = "torch.aten.add.Tensor"(%3, %4, %one) : (!float, !float, !torch.int) -> !float
  %6 = "torch.aten.sub.Tensor"(%q, %k, %one) : (!int, !int, !torch.int) -> !int
  %7 = "torch.aten.div.Scalar_mode"(%6, %eight, %floor) : (!int, !torch.int, !torch.str) -> !int
  %8 = "torch.aten.remainder.Scalar"(%7, %five) : (!int, !torch.int) -> !int
  %9 = "torch.aten.mul.Scalar"(%8, %sixteenth) : (!int, !torch.float) -> !float
  %10 = "torch.aten.add.Tensor"(%5, %9, %one) : (!float, !float, !torch.int) -> !float
  return %10 : !float
}

// k % 3 != 1, unless q is 3, which sees nothing.
func.func private @mask(%b: !int, %h: !int, %q: !int, %k: !int) -> !bool {
  %one = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %three = "torch.constant.int"() <{value = 3 : i64}> : () -> !torch.int
  %0 = "torch.aten.remainder.Scalar"(%k, %three) : (!int, !torch.int) -> !int
  %1 = "torch.aten.ne.Scalar"(%0, %one) : (!int, !torch.int) -> !bool
  %2 = "torch.aten.eq.Scalar"(%q, %three) : (!int, !torch.int) -> !bool
  %3 = "torch.aten.logical_not"(%2) : (!bool) -> !bool
  %4 = "torch.aten.bitwise_and.Tensor"(%1, %3) : (!bool, !bool) -> !bool
  return %4 : !bool
}

func.func private @causal(%b: !int, %h: !int, %q: !int, %k: !int) -> !bool {
  %0 = "torch.aten.ge.Tensor"(%q, %k) : (!int, !int) -> !bool
  return %0 : !bool
}

func.func @flex(%q: !q, %k: !kv, %v: !kv) -> (!q, !lse) {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!kv) -> !tkv
  %tv = "torch_c.from_builtin_tensor"(%v) : (!kv) -> !tkv
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %scale = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %0:3 = "torch.hop_flex_attention"(%tq, %tk, %tv, %scale, %true, %false) <{enable_gqa = true, score_mod_fn = @score, mask_mod_fn = @mask}>
      : (!tq, !tkv, !tkv, !torch.float, !torch.bool, !torch.bool) -> (!tq, !tlse, !torch.none)
  %ln2 = "torch.constant.float"() <{value = 0.69314718055994529 : f64}> : () -> !torch.float
  %1 = "torch.aten.mul.Scalar"(%0#1, %ln2) : (!tlse, !torch.float) -> !tlse
  %out = "torch_c.to_builtin_tensor"(%0#0) : (!tq) -> !q
  %lse = "torch_c.to_builtin_tensor"(%1) : (!tlse) -> !lse
  return %out, %lse : !q, !lse
}

func.func @flex_causal(%q: !q, %k: !kv, %v: !kv) -> !q {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!kv) -> !tkv
  %tv = "torch_c.from_builtin_tensor"(%v) : (!kv) -> !tkv
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%tq, %tk, %tv, %none, %false, %false) <{mask_mod_fn = @causal}>
      : (!tq, !tkv, !tkv, !torch.none, !torch.bool, !torch.bool) -> (!tq, !torch.none, !torch.none)
  %out = "torch_c.to_builtin_tensor"(%0#0) : (!tq) -> !q
  return %out : !q
}

// Each KV head is repeated for the heads of its group.
func.func @torch_repeats(%q: !q, %k: !kv, %v: !kv) -> !q {
  %tq = "torch_c.from_builtin_tensor"(%q) : (!q) -> !tq
  %tk = "torch_c.from_builtin_tensor"(%k) : (!kv) -> !tkv
  %tv = "torch_c.from_builtin_tensor"(%v) : (!kv) -> !tkv
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %int-1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !torch.int
  %int2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
  %int4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !torch.int
  %int64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !torch.int
  %sizes = "torch.prim.ListConstruct"(%int2, %int2, %int2, %int-1, %int64) : (!torch.int, !torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %merged = "torch.prim.ListConstruct"(%int2, %int4, %int-1, %int64) : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %k0 = "torch.aten.unsqueeze"(%tk, %int2) : (!tkv, !torch.int) -> !torch.vtensor<[2,2,1,?,64],f32>
  %k1 = "torch.aten.expand"(%k0, %sizes, %false) : (!torch.vtensor<[2,2,1,?,64],f32>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[2,2,2,?,64],f32>
  %k2 = "torch.aten.view"(%k1, %merged) : (!torch.vtensor<[2,2,2,?,64],f32>, !torch.list<int>) -> !tq
  %v0 = "torch.aten.unsqueeze"(%tv, %int2) : (!tkv, !torch.int) -> !torch.vtensor<[2,2,1,?,64],f32>
  %v1 = "torch.aten.expand"(%v0, %sizes, %false) : (!torch.vtensor<[2,2,1,?,64],f32>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[2,2,2,?,64],f32>
  %v2 = "torch.aten.view"(%v1, %merged) : (!torch.vtensor<[2,2,2,?,64],f32>, !torch.list<int>) -> !tq
  %0 = "torch.aten.scaled_dot_product_attention"(%tq, %k2, %v2, %none, %zero, %false, %none, %false)
      : (!tq, !tq, !tq, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !tq
  %out = "torch_c.to_builtin_tensor"(%0) : (!tq) -> !q
  return %out : !q
}
