// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-flex --split-input-file | FileCheck %s

// The score is modified first, and masked then; positions count from the first key
// and the first query. The functions go, as nothing else uses them.
// CHECK-NOT:   func private
// CHECK-LABEL: func @both(
// CHECK-SAME:    %[[Q:[^:]+]]: !torch.vtensor<[2,4,?,64],f32>, %[[K:[^:]+]]: !torch.vtensor<[2,2,?,64],f32>
// CHECK-NOT:   torch.constant
// CHECK-DAG:   %[[QUERY:.+]] = "torch_c.to_builtin_tensor"(%[[Q]])
// CHECK-DAG:   %[[KEY:.+]] = "torch_c.to_builtin_tensor"(%[[K]])
// CHECK:       %[[OUT:.+]] = fp8attn.attention alignment = top_left query(%[[QUERY]] : {{.+}}) key(%[[KEY]] : {{.+}}) value({{.+}}) out({{.+}}) score {
// CHECK-NEXT:  ^bb0(%[[SCORE:.+]]: f32, %[[B:.+]]: index, %[[H:.+]]: index, %[[I:.+]]: index, %[[J:.+]]: index):
// CHECK:         %[[NEW:.+]] = math.tanh %[[SCORE]] : f32
// CHECK-DAG:     %[[QI:.+]] = arith.index_cast %[[I]] : index to i32
// CHECK-DAG:     %[[KI:.+]] = arith.index_cast %[[J]] : index to i32
// CHECK:         %[[DIFF:.+]] = arith.subi %[[QI]], %[[KI]] : i32
// CHECK:         %[[NEAR:.+]] = arith.cmpi sle, %[[DIFF]], %{{.+}} : i32
// CHECK:         %[[HIDDEN:.+]] = arith.constant 0xFF800000 : f32
// CHECK:         %[[MASKED:.+]] = arith.select %[[NEAR]], %[[NEW]], %[[HIDDEN]] : f32
// CHECK-NEXT:    fp8attn.yield %[[MASKED]] : f32
// CHECK:       } {softmax_scale = 2.500000e-01 : f32} -> tensor<2x4x?x64xf32>
// CHECK:       %[[RESULT:.+]] = "torch_c.from_builtin_tensor"(%[[OUT]])
// CHECK-NEXT:  return %[[RESULT]]
func.func private @score(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  %0 = "torch.aten.tanh"(%s) : (!torch.vtensor<[],f32>) -> !torch.vtensor<[],f32>
  return %0 : !torch.vtensor<[],f32>
}
func.func private @mask(%b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],i1> {
  %one = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %width = "torch.constant.int"() <{value = 9 : i64}> : () -> !torch.int
  %0 = "torch.aten.sub.Tensor"(%q, %k, %one) : (!torch.vtensor<[],si32>, !torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],si32>
  %1 = "torch.aten.le.Scalar"(%0, %width) : (!torch.vtensor<[],si32>, !torch.int) -> !torch.vtensor<[],i1>
  return %1 : !torch.vtensor<[],i1>
}
func.func @both(%q: !torch.vtensor<[2,4,?,64],f32>, %k: !torch.vtensor<[2,2,?,64],f32>, %v: !torch.vtensor<[2,2,?,64],f32>) -> !torch.vtensor<[2,4,?,64],f32> {
  %scale = "torch.constant.float"() <{value = 0.25 : f64}> : () -> !torch.float
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %scale, %false, %false) <{enable_gqa = true, score_mod_fn = @score, mask_mod_fn = @mask}>
      : (!torch.vtensor<[2,4,?,64],f32>, !torch.vtensor<[2,2,?,64],f32>, !torch.vtensor<[2,2,?,64],f32>, !torch.float, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[2,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[2,4,?,64],f32>
}

// -----

// A mask that says no more than that is `causal`, which skips keys; a function that
// something else uses stays.
// CHECK-LABEL: func private @causal_mask(
// CHECK-LABEL: func @causal(
// CHECK:       fp8attn.attention causal alignment = top_left query
// CHECK-NOT:   score {
// CHECK:       call @causal_mask
func.func private @causal_mask(%b: !torch.vtensor<[],si64>, %h: !torch.vtensor<[],si64>, %q: !torch.vtensor<[],si64>, %k: !torch.vtensor<[],si64>) -> !torch.vtensor<[],i1> {
  %0 = "torch.aten.ge.Tensor"(%q, %k) : (!torch.vtensor<[],si64>, !torch.vtensor<[],si64>) -> !torch.vtensor<[],i1>
  return %0 : !torch.vtensor<[],i1>
}
func.func @causal(%q: !torch.vtensor<[2,4,?,64],bf16>, %k: !torch.vtensor<[2,4,?,64],bf16>, %x: !torch.vtensor<[],si64>) -> (!torch.vtensor<[2,4,?,64],bf16>, !torch.vtensor<[],i1>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%q, %k, %k, %none, %false, %false) {mask_mod_fn = @causal_mask}
      : (!torch.vtensor<[2,4,?,64],bf16>, !torch.vtensor<[2,4,?,64],bf16>, !torch.vtensor<[2,4,?,64],bf16>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[2,4,?,64],bf16>
  %1 = call @causal_mask(%x, %x, %x, %x) : (!torch.vtensor<[],si64>, !torch.vtensor<[],si64>, !torch.vtensor<[],si64>, !torch.vtensor<[],si64>) -> !torch.vtensor<[],i1>
  return %0, %1 : !torch.vtensor<[2,4,?,64],bf16>, !torch.vtensor<[],i1>
}

// -----

// What PyTorch gives where a user gives nothing: all keys, and the score as it is.
// CHECK-LABEL: func @nothing(
// CHECK:       fp8attn.attention alignment = top_left query
// CHECK-NOT:   score {
// CHECK:       return
func.func private @same_score(%s: !torch.vtensor<[],f32>, %b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],f32> {
  return %s : !torch.vtensor<[],f32>
}
func.func private @all(%b: !torch.vtensor<[],si32>, %h: !torch.vtensor<[],si32>, %q: !torch.vtensor<[],si32>, %k: !torch.vtensor<[],si32>) -> !torch.vtensor<[],i1> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %bool = "torch.constant.int"() <{value = 11 : i64}> : () -> !torch.int
  %sizes = "torch.prim.ListConstruct"() : () -> !torch.list<int>
  %0 = "torch.aten.new_ones"(%b, %sizes, %bool, %none, %none, %false) : (!torch.vtensor<[],si32>, !torch.list<int>, !torch.int, !torch.none, !torch.none, !torch.bool) -> !torch.vtensor<[],i1>
  return %0 : !torch.vtensor<[],i1>
}
func.func @nothing(%q: !torch.vtensor<[1,4,?,64],f32>) -> !torch.vtensor<[1,4,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %q, %q, %none, %false, %false) <{enable_gqa = false, score_mod_fn = @same_score, mask_mod_fn = @all}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>, !torch.vtensor<[1,4,?],f32>)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}

// -----

// PyTorch's interface makes logarithms natural, which ours are.
// CHECK-LABEL: func @log_sum(
// CHECK:       %[[OUT:.+]]:2 = fp8attn.attention {{.*}} lse(%{{.+}} : tensor<1x4x?xf32>)
// CHECK:       %[[LSE:.+]] = "torch_c.from_builtin_tensor"(%[[OUT]]#1) : (tensor<1x4x?xf32>) -> !torch.vtensor<[1,4,?],f32>
// CHECK-NOT:   torch.aten.mul
// CHECK:       return %{{.+}}, %[[LSE]]
func.func @log_sum(%q: !torch.vtensor<[1,4,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %q, %q, %none, %true, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>, !torch.vtensor<[1,4,?],f32>)
  %ln2 = "torch.constant.float"() <{value = 0.69314718055994529 : f64}> : () -> !torch.float
  %1 = "torch.aten.mul.Scalar"(%0#1, %ln2) : (!torch.vtensor<[1,4,?],f32>, !torch.float) -> !torch.vtensor<[1,4,?],f32>
  return %0#0, %1 : !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?],f32>
}

// Two heads of keys meet each head of values.
// CHECK-LABEL: func @value_heads(
// CHECK-NOT:     scf.for
// CHECK:         fp8attn.attention query(%{{[^ ]+}} : tensor<1x4x?x64xf32>) key(%{{[^ ]+}} : tensor<1x4x?x64xf32>) value(%{{[^ ]+}} : tensor<1x2x?x64xf32>)
func.func @value_heads(%q: !torch.vtensor<[1,4,?,64],f32>, %k: !torch.vtensor<[1,4,?,64],f32>, %v: !torch.vtensor<[1,2,?,64],f32>) -> (!torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0:3 = "torch.hop_flex_attention"(%q, %k, %v, %none, %true, %false) <{enable_gqa = true}>
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,2,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> (!torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.none)
  return %0#0 : !torch.vtensor<[1,4,?,64],f32>
}
