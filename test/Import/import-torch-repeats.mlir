// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch --split-input-file | FileCheck %s

// Heads that are repeated for the heads of a group are taken as they were: tokens
// stand before heads here, and are exchanged with them then.
// CHECK-LABEL: func @tokens_first(
// CHECK-SAME:    %{{.+}}: !torch.vtensor<[1,8,1,32],f16>, %[[K:.+]]: !torch.vtensor<[1,?,4,32],f16>, %[[V:.+]]: !torch.vtensor<[1,?,4,32],f16>)
// CHECK-NOT:   torch.aten.expand
// CHECK-DAG:   %[[TK:.+]] = "torch.aten.transpose.int"(%[[K]], %{{.+}}, %{{.+}}) : (!torch.vtensor<[1,?,4,32],f16>, !torch.int, !torch.int) -> !torch.vtensor<[1,4,?,32],f16>
// CHECK-DAG:   %[[TV:.+]] = "torch.aten.transpose.int"(%[[V]],
// CHECK-DAG:   %[[KEY:.+]] = "torch_c.to_builtin_tensor"(%[[TK]])
// CHECK-DAG:   %[[VALUE:.+]] = "torch_c.to_builtin_tensor"(%[[TV]])
// CHECK:       fp8attn.attention query({{.+}} : tensor<1x8x1x32xf16>) key(%[[KEY]] : tensor<1x4x?x32xf16>) value(%[[VALUE]] : tensor<1x4x?x32xf16>)
// CHECK-NOT:   torch.aten.expand
func.func @tokens_first(%q: !torch.vtensor<[1,8,1,32],f16>, %k: !torch.vtensor<[1,?,4,32],f16>, %v: !torch.vtensor<[1,?,4,32],f16>) -> !torch.vtensor<[1,8,1,32],f16> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %int-2 = "torch.constant.int"() <{value = -2 : i64}> : () -> !torch.int
  %int-1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !torch.int
  %int0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !torch.int
  %int1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %int2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
  %int4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !torch.int
  %int5 = "torch.constant.int"() <{value = 5 : i64}> : () -> !torch.int
  %int8 = "torch.constant.int"() <{value = 8 : i64}> : () -> !torch.int
  %int32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !torch.int
  %sizes = "torch.prim.ListConstruct"(%int1, %int-1, %int4, %int2, %int32) : (!torch.int, !torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %merged = "torch.prim.ListConstruct"(%int1, %int-1, %int8, %int32) : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %k0 = "torch.aten.unsqueeze"(%k, %int-2) : (!torch.vtensor<[1,?,4,32],f16>, !torch.int) -> !torch.vtensor<[1,?,4,1,32],f16>
  %k1 = "torch.aten.expand"(%k0, %sizes, %false) : (!torch.vtensor<[1,?,4,1,32],f16>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[1,?,4,2,32],f16>
  %k2 = "torch.aten.clone"(%k1, %int0) : (!torch.vtensor<[1,?,4,2,32],f16>, !torch.int) -> !torch.vtensor<[1,?,4,2,32],f16>
  %k3 = "torch.aten._unsafe_view"(%k2, %merged) : (!torch.vtensor<[1,?,4,2,32],f16>, !torch.list<int>) -> !torch.vtensor<[1,?,8,32],f16>
  %v0 = "torch.aten.unsqueeze"(%v, %int-2) : (!torch.vtensor<[1,?,4,32],f16>, !torch.int) -> !torch.vtensor<[1,?,4,1,32],f16>
  %v1 = "torch.aten.expand"(%v0, %sizes, %false) : (!torch.vtensor<[1,?,4,1,32],f16>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[1,?,4,2,32],f16>
  %v2 = "torch.aten.clone"(%v1, %int0) : (!torch.vtensor<[1,?,4,2,32],f16>, !torch.int) -> !torch.vtensor<[1,?,4,2,32],f16>
  %v3 = "torch.aten._unsafe_view"(%v2, %merged) : (!torch.vtensor<[1,?,4,2,32],f16>, !torch.list<int>) -> !torch.vtensor<[1,?,8,32],f16>
  %k4 = "torch.aten.transpose.int"(%k3, %int1, %int2) : (!torch.vtensor<[1,?,8,32],f16>, !torch.int, !torch.int) -> !torch.vtensor<[1,8,?,32],f16>
  %v4 = "torch.aten.transpose.int"(%v3, %int1, %int2) : (!torch.vtensor<[1,?,8,32],f16>, !torch.int, !torch.int) -> !torch.vtensor<[1,8,?,32],f16>
  %k5 = "torch.prims.convert_element_type"(%k4, %int5) : (!torch.vtensor<[1,8,?,32],f16>, !torch.int) -> !torch.vtensor<[1,8,?,32],f16>
  %v5 = "torch.prims.convert_element_type"(%v4, %int5) : (!torch.vtensor<[1,8,?,32],f16>, !torch.int) -> !torch.vtensor<[1,8,?,32],f16>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k5, %v5, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,8,1,32],f16>, !torch.vtensor<[1,8,?,32],f16>, !torch.vtensor<[1,8,?,32],f16>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,8,1,32],f16>
  return %0 : !torch.vtensor<[1,8,1,32],f16>
}

// -----

// Heads first; what something else uses, too, stays.
// CHECK-LABEL: func @heads_first(
// CHECK-SAME:    %{{[^:]+}}: !torch.vtensor<[1,8,?,64],f32>, %[[K:[^:]+]]: !torch.vtensor<[1,2,?,64],f32>)
// CHECK:       "torch.aten.expand"
// CHECK:       %[[WIDE:.+]] = "torch.aten.view"
// CHECK:       %[[KEY:.+]] = "torch_c.to_builtin_tensor"(%[[K]])
// CHECK:       fp8attn.attention query({{.+}}) key(%[[KEY]] : tensor<1x2x?x64xf32>)
// CHECK:       return %{{.+}}, %[[WIDE]]
func.func @heads_first(%q: !torch.vtensor<[1,8,?,64],f32>, %k: !torch.vtensor<[1,2,?,64],f32>) -> (!torch.vtensor<[1,8,?,64],f32>, !torch.vtensor<[1,8,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %int2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
  %sizes = "torch.prim.ListConstruct"() : () -> !torch.list<int>
  %k0 = "torch.aten.unsqueeze"(%k, %int2) : (!torch.vtensor<[1,2,?,64],f32>, !torch.int) -> !torch.vtensor<[1,2,1,?,64],f32>
  %k1 = "torch.aten.expand"(%k0, %sizes, %false) : (!torch.vtensor<[1,2,1,?,64],f32>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[1,2,4,?,64],f32>
  %k2 = "torch.aten.view"(%k1, %sizes) : (!torch.vtensor<[1,2,4,?,64],f32>, !torch.list<int>) -> !torch.vtensor<[1,8,?,64],f32>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %k2, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,8,?,64],f32>, !torch.vtensor<[1,8,?,64],f32>, !torch.vtensor<[1,8,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,8,?,64],f32>
  return %0, %k2 : !torch.vtensor<[1,8,?,64],f32>, !torch.vtensor<[1,8,?,64],f32>
}

// -----

// All heads behind all heads is no group: head 1 of the query would see head 1.
// CHECK-LABEL: func @tiled(
// CHECK:       fp8attn.attention query({{.+}}) key({{.+}} : tensor<1x8x?x64xf32>)
func.func @tiled(%q: !torch.vtensor<[1,8,?,64],f32>, %k: !torch.vtensor<[1,2,?,64],f32>) -> !torch.vtensor<[1,8,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %int1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %sizes = "torch.prim.ListConstruct"() : () -> !torch.list<int>
  %k0 = "torch.aten.unsqueeze"(%k, %int1) : (!torch.vtensor<[1,2,?,64],f32>, !torch.int) -> !torch.vtensor<[1,1,2,?,64],f32>
  %k1 = "torch.aten.expand"(%k0, %sizes, %false) : (!torch.vtensor<[1,1,2,?,64],f32>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[1,4,2,?,64],f32>
  %k2 = "torch.aten.view"(%k1, %sizes) : (!torch.vtensor<[1,4,2,?,64],f32>, !torch.list<int>) -> !torch.vtensor<[1,8,?,64],f32>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %k2, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,8,?,64],f32>, !torch.vtensor<[1,8,?,64],f32>, !torch.vtensor<[1,8,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,8,?,64],f32>
  return %0 : !torch.vtensor<[1,8,?,64],f32>
}

// -----

// Nor is a view of sizes that are not known, which may be others.
// CHECK-LABEL: func @unknown(
// CHECK:       fp8attn.attention query({{.+}}) key({{.+}} : tensor<?x8x?x64xf32>)
func.func @unknown(%q: !torch.vtensor<[?,8,?,64],f32>, %k: !torch.vtensor<[?,2,?,64],f32>) -> !torch.vtensor<[?,8,?,64],f32> {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %int2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
  %sizes = "torch.prim.ListConstruct"() : () -> !torch.list<int>
  %k0 = "torch.aten.unsqueeze"(%k, %int2) : (!torch.vtensor<[?,2,?,64],f32>, !torch.int) -> !torch.vtensor<[?,2,1,?,64],f32>
  %k1 = "torch.aten.expand"(%k0, %sizes, %false) : (!torch.vtensor<[?,2,1,?,64],f32>, !torch.list<int>, !torch.bool) -> !torch.vtensor<[?,2,4,?,64],f32>
  %k2 = "torch.aten.view"(%k1, %sizes) : (!torch.vtensor<[?,2,4,?,64],f32>, !torch.list<int>) -> !torch.vtensor<[?,8,?,64],f32>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %k2, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[?,8,?,64],f32>, !torch.vtensor<[?,8,?,64],f32>, !torch.vtensor<[?,8,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[?,8,?,64],f32>
  return %0 : !torch.vtensor<[?,8,?,64],f32>
}
