// Caches of keys and of values apart, of FP8 with scales, and several queries of each
// sequence, as torch.export writes them; TorchPageFormsTest.cpp says what it means.
// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir --implicit-check-not=torch.
// CHECK: fp8attn.kv_write
// CHECK: fp8attn.paged_attention causal

!int = !torch.int
!sizes = !torch.list<int>
!indices = !torch.list<optional<vtensor>>
!each = !torch.vtensor<[3],si64>
!numbers = !torch.vtensor<[?],si64>
!places = !torch.vtensor<[3,?],si64>
!keys = !torch.vtensor<[?,32,2,64],f8E4M3FN>
!key_rows = !torch.vtensor<[?,2,64],f8E4M3FN>
!values = !torch.vtensor<[?,32,2,64],ui8>
!value_rows = !torch.vtensor<[?,2,64],ui8>
!new = !torch.vtensor<[3,?,2,64],f32>
!new_16 = !torch.vtensor<[3,?,2,64],f16>
!new_8 = !torch.vtensor<[3,?,2,64],f8E4M3FN>
!new_bytes = !torch.vtensor<[3,?,2,64],ui8>
!pages = !torch.vtensor<[3,?,32,2,64],f32>
!pages_8 = !torch.vtensor<[3,?,32,2,64],f8E4M3FN>
!pages_bytes = !torch.vtensor<[3,?,32,2,64],ui8>
!tokens = !torch.vtensor<[3,?,2,64],f32>
!heads = !torch.vtensor<[3,2,?,64],f32>
!query = !torch.vtensor<[3,4,?,64],f32>
!scale = !torch.vtensor<[],f32>
!scales = !torch.vtensor<[2,1],f32>

// The next tokens of three sequences, as many of each, are written behind `start` others
// and attend to all up to their own. Values are held as bytes.
func.func @step(%query: tensor<3x4x?x64xf32>, %key: tensor<3x?x2x64xf32>, %value: tensor<3x?x2x64xf16>,
                %kc: !keys, %vc: !values, %key_scale: tensor<f32>, %value_scale: tensor<2x1xf32>,
                %table: tensor<3x?xi64>, %start: tensor<3xi64>) -> (tensor<3x4x?x64xf32>, !keys, !values) {
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i24 = "torch.constant.int"() <{value = 24 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %least = "torch.constant.float"() <{value = -448.0 : f64}> : () -> !torch.float
  %most = "torch.constant.float"() <{value = 448.0 : f64}> : () -> !torch.float
  %true = "torch.constant.bool"() <{value = true}> : () -> !torch.bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %none = "torch.constant.none"() : () -> !torch.none
  %q = "torch_c.from_builtin_tensor"(%query) : (tensor<3x4x?x64xf32>) -> !query
  %k = "torch_c.from_builtin_tensor"(%key) : (tensor<3x?x2x64xf32>) -> !new
  %v = "torch_c.from_builtin_tensor"(%value) : (tensor<3x?x2x64xf16>) -> !new_16
  %ks = "torch_c.from_builtin_tensor"(%key_scale) : (tensor<f32>) -> !scale
  %vs = "torch_c.from_builtin_tensor"(%value_scale) : (tensor<2x1xf32>) -> !scales
  %t = "torch_c.from_builtin_tensor"(%table) : (tensor<3x?xi64>) -> !places
  %s = "torch_c.from_builtin_tensor"(%start) : (tensor<3xi64>) -> !each
  %count = "torch.aten.size.int"(%k, %i1) : (!new, !int) -> !int
  %columns = "torch.aten.size.int"(%t, %i1) : (!places, !int) -> !int
  %all = "torch.aten.mul.int"(%columns, %i32) : (!int, !int) -> !int

  %next = "torch.aten.arange"(%count, %none, %none, %none, %false)
      : (!int, !torch.none, !torch.none, !torch.none, !torch.bool) -> !numbers
  %first = "torch.aten.unsqueeze"(%s, %i1) : (!each, !int) -> !torch.vtensor<[3,1],si64>
  %place = "torch.aten.add.Tensor"(%first, %next, %i1) : (!torch.vtensor<[3,1],si64>, !numbers, !int) -> !places
  %column = "torch.aten.floor_divide.Scalar"(%place, %i32) : (!places, !int) -> !places
  %page = "torch.aten.gather"(%t, %i1, %column, %false) : (!places, !int, !places, !torch.bool) -> !places
  %begin = "torch.aten.mul.Scalar"(%page, %i32) : (!places, !int) -> !places
  %token = "torch.aten.remainder.Scalar"(%place, %i32) : (!places, !int) -> !places
  %slot = "torch.aten.add.Tensor"(%begin, %token, %i1) : (!places, !places, !int) -> !places
  %at = "torch.prim.ListConstruct"(%slot) : (!places) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes

  %k1 = "torch.aten.div.Tensor"(%k, %ks) : (!new, !scale) -> !new
  %k2 = "torch.aten.clamp"(%k1, %least, %most) : (!new, !torch.float, !torch.float) -> !new
  %k3 = "torch.prims.convert_element_type"(%k2, %i24) : (!new, !int) -> !new_8
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!keys, !sizes) -> !key_rows
  %kc2 = "torch.aten.index_put"(%kc1, %at, %k3, %false) : (!key_rows, !indices, !new_8, !torch.bool) -> !key_rows
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!key_rows, !sizes) -> !keys
  %v0 = "torch.prims.convert_element_type"(%v, %i6) : (!new_16, !int) -> !new
  %v1 = "torch.aten.div.Tensor"(%v0, %vs) : (!new, !scales) -> !new
  %v2 = "torch.aten.clamp"(%v1, %least, %most) : (!new, !torch.float, !torch.float) -> !new
  %v3 = "torch.prims.convert_element_type"(%v2, %i24) : (!new, !int) -> !new_8
  %v4 = "torch.aten.view.dtype"(%v3, %i0) : (!new_8, !int) -> !new_bytes
  %vc1 = "torch.aten.view"(%vc, %of_rows) : (!values, !sizes) -> !value_rows
  %vc2 = "torch.aten.index_put"(%vc1, %at, %v4, %false) : (!value_rows, !indices, !new_bytes, !torch.bool) -> !value_rows
  %vc3 = "torch.aten.view"(%vc2, %of_pages) : (!value_rows, !sizes) -> !values

  %of_table = "torch.prim.ListConstruct"(%t) : (!places) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %kp1 = "torch.aten.index.Tensor"(%kc3, %of_table) : (!keys, !indices) -> !pages_8
  %kp2 = "torch.prims.convert_element_type"(%kp1, %i6) : (!pages_8, !int) -> !pages
  %kp3 = "torch.aten.mul.Tensor"(%kp2, %ks) : (!pages, !scale) -> !pages
  %kp4 = "torch.aten.view"(%kp3, %of_tokens) : (!pages, !sizes) -> !tokens
  %kp5 = "torch.aten.transpose.int"(%kp4, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %vp1 = "torch.aten.index.Tensor"(%vc3, %of_table) : (!values, !indices) -> !pages_bytes
  %vp2 = "torch.aten.view.dtype"(%vp1, %i24) : (!pages_bytes, !int) -> !pages_8
  %vp3 = "torch.prims.convert_element_type"(%vp2, %i6) : (!pages_8, !int) -> !pages
  %vp4 = "torch.aten.mul.Tensor"(%vp3, %vs) : (!pages, !scales) -> !pages
  %vp5 = "torch.aten.view"(%vp4, %of_tokens) : (!pages, !sizes) -> !tokens
  %vp6 = "torch.aten.transpose.int"(%vp5, %i1, %i2) : (!tokens, !int, !int) -> !heads

  %numbers = "torch.aten.arange"(%all, %none, %none, %none, %false)
      : (!int, !torch.none, !torch.none, !torch.none, !torch.bool) -> !numbers
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!places, !int) -> !torch.vtensor<[3,1,?],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,?],si64>, !int) -> !torch.vtensor<[3,1,?,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,?,1],si64>) -> !torch.vtensor<[3,1,?,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kp5, %vp6, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,?,?],i1>, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !query
  %result = "torch_c.to_builtin_tensor"(%0) : (!query) -> tensor<3x4x?x64xf32>
  return %result, %kc3, %vc3 : tensor<3x4x?x64xf32>, !keys, !values
}
