// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-pages | FileCheck %s
// test/Integration/torch_page_forms.mlir has all of it in one function, as torch.export prints it.

!int = !torch.int
!float = !torch.float
!bool = !torch.bool
!none = !torch.none
!sizes = !torch.list<int>
!indices = !torch.list<optional<vtensor>>
!table = !torch.vtensor<[3,?],si64>
!each = !torch.vtensor<[3],si64>
!column = !torch.vtensor<[3,1],si64>
!numbers = !torch.vtensor<[?],si64>
!query = !torch.vtensor<[3,8,4,64],bf16>
!heads = !torch.vtensor<[3,2,?,64],bf16>
!tokens = !torch.vtensor<[3,?,2,64],bf16>
!part = !torch.vtensor<[3,?,32,2,64],bf16>
!pair = !torch.vtensor<[?,2,32,2,64],bf16>
!pairs = !torch.vtensor<[3,?,2,32,2,64],bf16>
!keys = !torch.vtensor<[?,32,2,64],bf16>
!codes = !torch.vtensor<[?,32,2,64],f8E4M3FN>
!rows = !torch.vtensor<[?,2,64],f8E4M3FN>
!gathered = !torch.vtensor<[3,?,32,2,64],f8E4M3FN>
!wide = !torch.vtensor<[?,2,32,2,64],f8E5M2>
!wide_pages = !torch.vtensor<[3,?,2,32,2,64],f8E5M2>
!wide_part = !torch.vtensor<[3,?,32,2,64],f8E5M2>
!new = !torch.vtensor<[3,2,64],bf16>
!many = !torch.vtensor<[?],si64>
!prompt = !torch.vtensor<[1,?,2,64],bf16>
!prompt_rows = !torch.vtensor<[?,2,64],bf16>
!prompt_heads = !torch.vtensor<[1,2,?,64],bf16>
!prompt_query = !torch.vtensor<[1,8,?,64],bf16>
!new_codes = !torch.vtensor<[3,2,64],f8E4M3FN>

// Four queries of each sequence, each of which sees one key more: the last stands at the
// last key. Tokens stand before heads here.
// CHECK-LABEL: func.func @verified(
// CHECK-SAME:      %[[QUERY:.+]]: !torch.vtensor<[3,8,4,64],bf16>,
// CHECK:         %[[Q:.+]] = "torch_c.to_builtin_tensor"(%[[QUERY]])
// CHECK:         %[[BEFORE:.+]] = arith.subi %{{.+}}, %c1
// CHECK:         %[[LENS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<3xi32>)
// CHECK:           arith.addi %{{.+}}, %[[BEFORE]] : index
// CHECK:         %[[STARTS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<4xi32>)
// CHECK:         %[[SWAPPED:.+]] = linalg.transpose ins(%[[Q]] : tensor<3x8x4x64xbf16>)
// CHECK:         %[[TOKENS:.+]] = tensor.collapse_shape %[[SWAPPED]] {{\[\[}}0, 1], [2], [3]] : tensor<3x4x8x64xbf16> into tensor<12x8x64xbf16>
// CHECK:         fp8attn.paged_attention causal query(%[[TOKENS]] : {{.+}}) {{.*}} batch(%[[STARTS]], %[[LENS]], %{{.+}} :
// CHECK:         linalg.transpose
func.func @verified(%q: !query, %kv: !pair, %table: !table, %start: !each) -> !query {
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %all = "torch.aten.index.Tensor"(%kv, %of_table) : (!pair, !indices) -> !pairs
  %kp = "torch.aten.select.int"(%all, %i2, %i0) : (!pairs, !int, !int) -> !part
  %vp = "torch.aten.select.int"(%all, %i2, %i1) : (!pairs, !int, !int) -> !part
  %kt = "torch.aten.view"(%kp, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %vt = "torch.aten.view"(%vp, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Keys and values in tensors of their own. All queries see the same keys.
// CHECK-LABEL: func.func @apart(
// CHECK-SAME:      %[[KEYS:[^:]+]]: !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>,
// CHECK-SAME:      %[[VALUES:[^:]+]]: !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16>,
// CHECK:         fp8attn.paged_attention query({{.*}} cache(%[[KEYS]], %[[VALUES]] :
func.func @apart(%q: !query, %kc: !keys, %vc: !keys, %table: !table, %start: !each) -> !query {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %k0 = "torch.aten.index.Tensor"(%kc, %of_table) : (!keys, !indices) -> !part
  %kt = "torch.aten.view"(%k0, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %v0 = "torch.aten.index.Tensor"(%vc, %of_table) : (!keys, !indices) -> !part
  %vt = "torch.aten.view"(%v0, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %seen_2 = "torch.aten.lt.Tensor"(%numbers, %first) : (!numbers, !column) -> !torch.vtensor<[3,?],i1>
  %seen_3 = "torch.aten.unsqueeze"(%seen_2, %i1) : (!torch.vtensor<[3,?],i1>, !int) -> !torch.vtensor<[3,1,?],i1>
  %seen = "torch.aten.unsqueeze"(%seen_3, %i1) : (!torch.vtensor<[3,1,?],i1>, !int) -> !torch.vtensor<[3,1,1,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,1,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// Codes of f8E5M2, keys and values in one tensor; a factor that is a number, and none.
// CHECK-LABEL: func.func @codes_of_both(
// CHECK-SAME:      %[[CACHE:[^:]+]]: !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E5M2>,
// CHECK:         %[[HALF:.+]] = arith.constant 5.000000e-01 : f32
// CHECK:         %[[KEY_SCALE:.+]] = linalg.fill ins(%[[HALF]] : f32) outs(%{{.+}} : tensor<f32>)
// CHECK:         %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK:         %[[VALUE_SCALE:.+]] = linalg.fill ins(%[[ONE]] : f32) outs(%{{.+}} : tensor<f32>)
// CHECK:         fp8attn.paged_attention causal {{.*}} key_scale(%[[KEY_SCALE]] : {{.+}}) value_scale(%[[VALUE_SCALE]] :
func.func @codes_of_both(%q: !query, %kv: !wide, %table: !table, %start: !each) -> !query {
  %i0 = "torch.constant.int"() <{value = 0 : i64}> : () -> !int
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %half = "torch.constant.float"() <{value = 0.5 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %all = "torch.aten.index.Tensor"(%kv, %of_table) : (!wide, !indices) -> !wide_pages
  %kp = "torch.aten.select.int"(%all, %i2, %i0) : (!wide_pages, !int, !int) -> !wide_part
  %kc = "torch.aten.to.dtype"(%kp, %i6, %false, %false, %none) : (!wide_part, !int, !bool, !bool, !none) -> !part
  %vp = "torch.aten.select.int"(%all, %i2, %i1) : (!wide_pages, !int, !int) -> !wide_part
  %vc = "torch.aten.to.dtype"(%vp, %i6, %false, %false, %none) : (!wide_part, !int, !bool, !bool, !none) -> !part
  %kf = "torch.aten.mul.Scalar"(%kc, %half) : (!part, !float) -> !part
  %kt = "torch.aten.view"(%kf, %of_tokens) : (!part, !sizes) -> !tokens
  %kh = "torch.aten.transpose.int"(%kt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %vt = "torch.aten.view"(%vc, %of_tokens) : (!part, !sizes) -> !tokens
  %vh = "torch.aten.transpose.int"(%vt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0 : !query
}

// A quotient in bf16 is rounded before codes are: it stays, and has a scale of 1. So does
// a product with a reciprocal.
// CHECK-LABEL: func.func @rounded_before(
// CHECK:         %[[QUOTIENT:.+]] = "torch.aten.div.Tensor"
// CHECK:         %[[PRODUCT:.+]] = "torch.aten.mul.Tensor"
// CHECK:         %[[K:.+]] = "torch_c.to_builtin_tensor"(%[[QUOTIENT]])
// CHECK:         %[[V:.+]] = "torch_c.to_builtin_tensor"(%[[PRODUCT]])
// CHECK:         arith.constant 1.000000e+00 : f32
// CHECK:         arith.constant 1.000000e+00 : f32
// CHECK:         fp8attn.kv_write key(%[[K]] : tensor<3x2x64xbf16>) value(%[[V]] : tensor<3x2x64xbf16>)
// CHECK-NOT:     torch.aten.clamp
func.func @rounded_before(%q: !query, %k: !new, %v: !new, %scale: !torch.vtensor<[],f32>, %kc: !codes, %vc: !codes, %table: !table, %start: !each, %slot: !each) -> (!query, !codes, !codes) {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i3 = "torch.constant.int"() <{value = 3 : i64}> : () -> !int
  %i6 = "torch.constant.int"() <{value = 6 : i64}> : () -> !int
  %i24 = "torch.constant.int"() <{value = 24 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %size = "torch.constant.int"() <{value = 4096 : i64}> : () -> !int
  %i4 = "torch.constant.int"() <{value = 4 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %least = "torch.constant.float"() <{value = -448.0 : f64}> : () -> !float
  %most = "torch.constant.float"() <{value = 448.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %at = "torch.prim.ListConstruct"(%slot) : (!each) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %of_pages = "torch.prim.ListConstruct"(%neg1, %i32, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %kn1 = "torch.aten.div.Tensor"(%k, %scale) : (!new, !torch.vtensor<[],f32>) -> !new
  %kn2 = "torch.aten.clamp"(%kn1, %least, %most) : (!new, !float, !float) -> !new
  %kn3 = "torch.prims.convert_element_type"(%kn2, %i24) : (!new, !int) -> !new_codes
  %kc1 = "torch.aten.view"(%kc, %of_rows) : (!codes, !sizes) -> !rows
  %kc2 = "torch.aten.index_put"(%kc1, %at, %kn3, %false) : (!rows, !indices, !new_codes, !bool) -> !rows
  %kc3 = "torch.aten.view"(%kc2, %of_pages) : (!rows, !sizes) -> !codes
  %vn1 = "torch.aten.mul.Tensor"(%v, %scale) : (!new, !torch.vtensor<[],f32>) -> !new
  %vn2 = "torch.aten.clamp"(%vn1, %least, %most) : (!new, !float, !float) -> !new
  %vn3 = "torch.prims.convert_element_type"(%vn2, %i24) : (!new, !int) -> !new_codes
  %vc1 = "torch.aten.view"(%vc, %of_rows) : (!codes, !sizes) -> !rows
  %vc2 = "torch.aten.index_put"(%vc1, %at, %vn3, %false) : (!rows, !indices, !new_codes, !bool) -> !rows
  %vc3 = "torch.aten.view"(%vc2, %of_pages) : (!rows, !sizes) -> !codes
  %of_table = "torch.prim.ListConstruct"(%table) : (!table) -> !indices
  %of_tokens = "torch.prim.ListConstruct"(%i3, %neg1, %i2, %i64) : (!int, !int, !int, !int) -> !sizes
  %kp0 = "torch.aten.index.Tensor"(%kc3, %of_table) : (!codes, !indices) -> !gathered
  %kp1 = "torch.prims.convert_element_type"(%kp0, %i6) : (!gathered, !int) -> !part
  %kp2 = "torch.aten.mul.Tensor"(%kp1, %scale) : (!part, !torch.vtensor<[],f32>) -> !part
  %kpt = "torch.aten.view"(%kp2, %of_tokens) : (!part, !sizes) -> !tokens
  %kph = "torch.aten.transpose.int"(%kpt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %vp0 = "torch.aten.index.Tensor"(%vc3, %of_table) : (!codes, !indices) -> !gathered
  %vp1 = "torch.prims.convert_element_type"(%vp0, %i6) : (!gathered, !int) -> !part
  %vpt = "torch.aten.view"(%vp1, %of_tokens) : (!part, !sizes) -> !tokens
  %vph = "torch.aten.transpose.int"(%vpt, %i1, %i2) : (!tokens, !int, !int) -> !heads
  %numbers = "torch.aten.arange"(%size, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !numbers
  %each = "torch.aten.arange"(%i4, %none, %none, %none, %false) : (!int, !none, !none, !none, !bool) -> !torch.vtensor<[4],si64>
  %first = "torch.aten.unsqueeze"(%start, %i1) : (!each, !int) -> !column
  %place = "torch.aten.add.Tensor"(%first, %each, %i1) : (!column, !torch.vtensor<[4],si64>, !int) -> !torch.vtensor<[3,4],si64>
  %last_1 = "torch.aten.unsqueeze"(%place, %i1) : (!torch.vtensor<[3,4],si64>, !int) -> !torch.vtensor<[3,1,4],si64>
  %last = "torch.aten.unsqueeze"(%last_1, %i3) : (!torch.vtensor<[3,1,4],si64>, !int) -> !torch.vtensor<[3,1,4,1],si64>
  %seen = "torch.aten.le.Tensor"(%numbers, %last) : (!numbers, !torch.vtensor<[3,1,4,1],si64>) -> !torch.vtensor<[3,1,4,?],i1>
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kph, %vph, %seen, %zero, %false, %none, %true)
      : (!query, !heads, !heads, !torch.vtensor<[3,1,4,?],i1>, !float, !bool, !none, !bool) -> !query
  return %0, %kc3, %vc3 : !query, !codes, !codes
}

// A prompt attends to its own keys and values, which says what is which: its attention
// stays. Pages and tokens within them are indices of their own.
// CHECK-LABEL: func.func @prompt(
// CHECK-SAME:      %[[VALUES:[^:]+]]: !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16>,
// CHECK-SAME:      %[[KEYS:[^:]+]]: !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16>,
// CHECK:         fp8attn.kv_write key(%{{.+}} : tensor<?x2x64xbf16>) {{.*}} cache(%[[KEYS]], %[[VALUES]] :
// CHECK:         "torch.aten.scaled_dot_product_attention"
func.func @prompt(%q: !prompt_query, %k: !prompt, %v: !prompt, %vc: !keys, %kc: !keys, %slot: !many) -> (!prompt_query, !keys, !keys) {
  %i1 = "torch.constant.int"() <{value = 1 : i64}> : () -> !int
  %i2 = "torch.constant.int"() <{value = 2 : i64}> : () -> !int
  %i32 = "torch.constant.int"() <{value = 32 : i64}> : () -> !int
  %i64 = "torch.constant.int"() <{value = 64 : i64}> : () -> !int
  %neg1 = "torch.constant.int"() <{value = -1 : i64}> : () -> !int
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !float
  %true = "torch.constant.bool"() <{value = true}> : () -> !bool
  %false = "torch.constant.bool"() <{value = false}> : () -> !bool
  %none = "torch.constant.none"() : () -> !none
  %page = "torch.aten.floor_divide.Scalar"(%slot, %i32) : (!many, !int) -> !many
  %token = "torch.aten.remainder.Scalar"(%slot, %i32) : (!many, !int) -> !many
  %at = "torch.prim.ListConstruct"(%page, %token) : (!many, !many) -> !indices
  %of_rows = "torch.prim.ListConstruct"(%neg1, %i2, %i64) : (!int, !int, !int) -> !sizes
  %kn = "torch.aten.view"(%k, %of_rows) : (!prompt, !sizes) -> !prompt_rows
  %kc2 = "torch.aten.index_put"(%kc, %at, %kn, %false) : (!keys, !indices, !prompt_rows, !bool) -> !keys
  %kh = "torch.aten.transpose.int"(%k, %i1, %i2) : (!prompt, !int, !int) -> !prompt_heads
  %vn = "torch.aten.view"(%v, %of_rows) : (!prompt, !sizes) -> !prompt_rows
  %vc2 = "torch.aten.index_put"(%vc, %at, %vn, %false) : (!keys, !indices, !prompt_rows, !bool) -> !keys
  %vh = "torch.aten.transpose.int"(%v, %i1, %i2) : (!prompt, !int, !int) -> !prompt_heads
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %kh, %vh, %none, %zero, %true, %none, %true)
      : (!prompt_query, !prompt_heads, !prompt_heads, !none, !float, !bool, !none, !bool) -> !prompt_query
  return %0, %kc2, %vc2 : !prompt_query, !keys, !keys
}
