// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages | FileCheck %s
// test/Integration/torch_pages.mlir has writes, and attention as torch.export prints it.

!pages = !torch.vtensor<[?,2,32,2,64],f16>
!table = !torch.vtensor<[3,?],si64>
!gathered = !torch.vtensor<[3,?,2,32,2,64],f16>
!half = !torch.vtensor<[3,?,32,2,64],f16>
!tokens = !torch.vtensor<[3,?,2,64],f16>
!heads = !torch.vtensor<[3,2,?,64],f16>
!query = !torch.vtensor<[3,8,1,64],f16>

// Pages are gathered by a table of two dimensions, heads are said to be groups, and a mask
// of i1 shows the keys up to a position: one more. Nothing is written.
// CHECK-LABEL: func.func @table_of_two_dimensions(
// CHECK-SAME:      %[[QUERY:.+]]: tensor<3x8x1x64xf16>,
// CHECK-SAME:      %[[CACHE:.+]]: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16>,
// CHECK-SAME:      %[[TABLE:.+]]: tensor<3x?xi64>, %[[POSITION:.+]]: tensor<3xi64>)
// CHECK:         %[[COLUMNS:.+]] = tensor.dim %[[TABLE]], %{{.+}}
// CHECK:         tensor.empty(%[[COLUMNS]]) : tensor<3x?xi32>
// CHECK:         %[[PAGES:.+]] = linalg.generic
// CHECK:           %[[FOUND:.+]] = scf.if
// CHECK:             tensor.extract %[[TABLE]]
// CHECK:         %[[LENS:.+]] = linalg.generic
// CHECK:           %[[LAST:.+]] = scf.if
// CHECK:             tensor.extract %[[POSITION]]
// CHECK:           arith.addi %[[LAST]], %{{.+}} : index
// CHECK:         %[[STARTS:.+]] = linalg.generic
// CHECK:         %[[Q:.+]] = tensor.collapse_shape %[[QUERY]] {{\[\[}}0], [1, 2], [3]]
// CHECK:         %[[OUT:.+]] = fp8attn.paged_attention query(%[[Q]] : tensor<3x8x64xf16>)
// CHECK-SAME:        cache(%[[CACHE]] :
// CHECK-SAME:        batch(%[[STARTS]], %[[LENS]], %[[PAGES]] : tensor<4xi32>, tensor<3xi32>, tensor<3x?xi32>)
// CHECK-SAME:        {softmax_scale = 5.000000e-01 : f32}
// CHECK:         tensor.expand_shape %[[OUT]]
// CHECK-NOT:     torch
func.func @table_of_two_dimensions(%query: tensor<3x8x1x64xf16>, %kv: !pages, %table: tensor<3x?xi64>,
                                   %position: tensor<3xi64>) -> tensor<3x8x1x64xf16> {
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !torch.int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !torch.int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !torch.int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !torch.int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !torch.int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !torch.int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !torch.int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %scale = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !torch.float
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %none = "torch.constant.none"() : () -> !torch.none
  %q = "torch_c.from_builtin_tensor"(%query) : (tensor<3x8x1x64xf16>) -> !query
  %t = "torch_c.from_builtin_tensor"(%table) : (tensor<3x?xi64>) -> !table
  %p = "torch_c.from_builtin_tensor"(%position) : (tensor<3xi64>) -> !torch.vtensor<[3],si64>
  %indices = "torch.prim.ListConstruct"(%t) : (!table) -> !torch.list<optional<vtensor>>
  %all = "torch.aten.index.Tensor"(%kv, %indices) : (!pages, !torch.list<optional<vtensor>>) -> !gathered
  %shape = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %k0 = "torch.aten.select.int"(%all, %i2, %i0) : (!gathered, !torch.int, !torch.int) -> !half
  %k1 = "torch.aten.reshape"(%k0, %shape) : (!half, !torch.list<int>) -> !tokens
  %k2 = "torch.aten.transpose.int"(%k1, %i1, %i2) : (!tokens, !torch.int, !torch.int) -> !heads
  %v0 = "torch.aten.select.int"(%all, %i2, %i1) : (!gathered, !torch.int, !torch.int) -> !half
  %v1 = "torch.aten.reshape"(%v0, %shape) : (!half, !torch.list<int>) -> !tokens
  %v2 = "torch.aten.transpose.int"(%v1, %i1, %i2) : (!tokens, !torch.int, !torch.int) -> !heads
  %keys = "torch.aten.arange"(%size, %none, %none, %none, %false)
      : (!torch.int, !torch.none, !torch.none, !torch.none, !torch.bool) -> !torch.vtensor<[?],si64>
  %last = "torch.aten.unsqueeze"(%p, %i1) : (!torch.vtensor<[3],si64>, !torch.int) -> !torch.vtensor<[3,1],si64>
  %seen = "torch.aten.le.Tensor"(%keys, %last) : (!torch.vtensor<[?],si64>, !torch.vtensor<[3,1],si64>) -> !torch.vtensor<[3,?],i1>
  %mask_3 = "torch.aten.unsqueeze"(%seen, %i1) : (!torch.vtensor<[3,?],i1>, !torch.int) -> !torch.vtensor<[3,1,?],i1>
  %mask = "torch.aten.unsqueeze"(%mask_3, %i1) : (!torch.vtensor<[3,1,?],i1>, !torch.int) -> !torch.vtensor<[3,1,1,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %k2, %v2, %mask, %zero, %false, %scale, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,1,?],i1>, !torch.float, !torch.bool, !torch.float, !torch.bool) -> !query
  %result = "torch_c.to_builtin_tensor"(%0) : (!query) -> tensor<3x8x1x64xf16>
  return %result : tensor<3x8x1x64xf16>
}
